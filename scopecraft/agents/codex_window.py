"""Looking at an interactive Codex: the end of its hook lines, and of its own record of the conversation.

The hooks tell everything but a turn that fails: that stands in the record alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import orjson

from scopecraft.agents.claude_hook_lines import HookLine, parse
from scopecraft.agents.claude_hooks import LINES_FILE
from scopecraft.agents.claude_state import HookFold
from scopecraft.agents.file_tail import last_lines
from scopecraft.agents.records import one_line, record, text
from scopecraft.model.window import DispatchState, WindowView

SLOW_START_SECONDS = 10.0
NOT_BEGUN = "it has not begun: it waits for a prompt, or asks to log in or to trust the folder"
WORDS_CHARACTERS = 300
_OVER = frozenset({"task_complete", "turn_complete", "turn_aborted"})
_BEGUN = frozenset({"task_started", "turn_started"})
_RECORD_PARTS = 5  # sessions/2026/11/21/rollout-….jsonl


def window_state(view: WindowView) -> DispatchState:
    """How the agent in the window stands. Never raises because of a file: what cannot be read says nothing."""
    fold, last = HookFold(), None
    for line in _hook_lines(view):
        fold.feed(line)
        last = line
    state = fold.state
    if last is None:
        # its first hook comes with its first prompt
        if view.age_seconds > SLOW_START_SECONDS:
            return DispatchState("waiting", "question", detail=NOT_BEGUN, conversation_id=view.conversation_id or None)
        return replace(state, conversation_id=view.conversation_id or None)
    if state.kind in ("working", "waiting") and view.pane_alive:
        over = _turn_over(view, last.transcript, fold.decided_at)
        if over is not None:
            return replace(over, conversation_id=state.conversation_id)
    return state


def turn_started(view: WindowView, since: str) -> bool:
    """Whether a prompt began a turn at that time or later."""
    return any(
        line.event == "UserPromptSubmit" and not line.agent_id and line.at >= since for line in _hook_lines(view)
    )


def _hook_lines(view: WindowView) -> Iterator[HookLine]:
    for raw in last_lines(view.hooks_folder / LINES_FILE):
        line = parse(raw)
        if line is not None:
            yield line


def _turn_over(view: WindowView, transcript: str, decided_at: str) -> DispatchState | None:
    """The end of a turn that the record tells of, and no hook did."""
    for raw in reversed(last_lines(_record_file(view, transcript))):
        if b'"event_msg"' not in raw:
            continue
        try:
            fields = record(orjson.loads(raw))
        except orjson.JSONDecodeError:
            continue
        payload = record(fields.get("payload"))
        kind, at = text(payload.get("type")), text(fields.get("timestamp"))
        if kind in _BEGUN:
            return None
        if kind in _OVER:
            words = one_line(text(record(payload.get("error")).get("message")), WORDS_CHARACTERS)
            return DispatchState("idle", "idle", at, words, source="transcript") if at > decided_at else None
    return None


def _record_file(view: WindowView, transcript: str) -> Path:
    """Below the agent's own folder, wherever that stands for the agent itself; no file if it says nonsense."""
    parts = PurePosixPath(transcript).parts[-_RECORD_PARTS:]
    return own_folder(view).joinpath(*parts) if ".." not in parts else own_folder(view)


def own_folder(view: WindowView) -> Path:
    configured = view.config_folder or view.environ.get("CODEX_HOME")
    return Path(configured) if configured else Path(view.environ.get("HOME", "/")) / ".codex"
