"""Looking at an interactive Codex: the end of its hook lines, its own record of the conversation, what it has open.

The hooks tell everything but a turn that fails, which stands in the record alone. They begin with the first prompt;
before it, and where a person has not let them run, what the process has open tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import orjson

from scopecraft.agents.claude_state import HookFold
from scopecraft.agents.codex_process import OpenConversation, open_conversation
from scopecraft.agents.file_tail import last_lines
from scopecraft.agents.hook_window import hook_lines
from scopecraft.agents.hook_window import turn_started as hooks_tell_of_turn
from scopecraft.agents.records import one_line, record, text
from scopecraft.model.window import DispatchState, WindowView

SLOW_START_SECONDS = 10.0
NOT_BEGUN = "it has not begun: its window may ask to log in, to trust the folder or to review hooks"
WORDS_CHARACTERS = 300
_OVER = frozenset({"task_complete", "turn_complete", "turn_aborted"})
_BEGUN = frozenset({"task_started", "turn_started"})
_RECORD_PARTS = 5  # sessions/2026/11/21/rollout-….jsonl


def window_state(view: WindowView) -> DispatchState:
    """How the agent in the window stands. Never raises because of a file: what cannot be read says nothing."""
    fold, last = HookFold(), None
    for line in hook_lines(view):
        fold.feed(line)
        last = line
    if last is None:
        return _without_hooks(view)
    state = fold.state
    if state.kind in ("working", "waiting") and view.pane_alive:
        turn = _last_turn(_record_file(view, last.transcript))
        if turn is not None and turn.kind == "idle" and (turn.since or "") > fold.decided_at:
            return replace(turn, conversation_id=state.conversation_id)
    return state


def turn_started(view: WindowView, since: str) -> bool:
    """Whether a prompt began a turn at that time or later."""
    if hooks_tell_of_turn(view, since):
        return True
    found = _open(view) if next(hook_lines(view), None) is None else None
    if found is None or found.record is None:
        return False
    return any(kind in _BEGUN and at >= since for kind, at, _ in _turns(found.record))


def _without_hooks(view: WindowView) -> DispatchState:
    found = _open(view)
    if found is not None:
        turn = _last_turn(found.record) if found.record is not None else None
        state = turn or DispatchState("idle", "idle", source="registry")
        return replace(state, conversation_id=found.conversation_id)
    own_id = view.conversation_id or None
    if view.age_seconds > SLOW_START_SECONDS:
        return DispatchState("waiting", "question", detail=NOT_BEGUN, source="registry", conversation_id=own_id)
    return DispatchState("starting", source="registry", conversation_id=own_id)


def _open(view: WindowView) -> OpenConversation | None:
    return open_conversation(view.pane_pid) if view.pane_alive else None


def _last_turn(file: Path) -> DispatchState | None:
    """The turn that the record told of last, if it is near its end."""
    for kind, at, words in _turns(file):
        if kind in _BEGUN:
            return DispatchState("working", None, at, source="transcript")
        return DispatchState("idle", "idle", at, words, source="transcript")
    return None


def _turns(file: Path) -> Iterator[tuple[str, str, str]]:
    """Beginnings and ends of turns, the latest first: what it is, when, and why it failed."""
    for raw in reversed(last_lines(file)):
        if b'"event_msg"' not in raw:
            continue
        try:
            fields = record(orjson.loads(raw))
        except orjson.JSONDecodeError:
            continue
        payload = record(fields.get("payload"))
        kind = text(payload.get("type"))
        if kind in _BEGUN or kind in _OVER:
            words = one_line(text(record(payload.get("error")).get("message")), WORDS_CHARACTERS)
            yield kind, text(fields.get("timestamp")), words


def _record_file(view: WindowView, transcript: str) -> Path:
    """Below the agent's own folder, wherever that stands for the agent itself; no file if it says nonsense."""
    parts = PurePosixPath(transcript).parts[-_RECORD_PARTS:]
    return own_folder(view).joinpath(*parts) if ".." not in parts else own_folder(view)


def own_folder(view: WindowView) -> Path:
    configured = view.config_folder or view.environ.get("CODEX_HOME")
    return Path(configured) if configured else Path(view.environ.get("HOME", "/")) / ".codex"
