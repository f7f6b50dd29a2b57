"""Looking at an interactive Claude Code: the end of its hook lines and its registry. It takes under a millisecond."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson

from scopecraft.agents.claude_keeping import own_config_folder
from scopecraft.agents.claude_state import FROM_TASK, HookFold, RegistryEntry, combine, find_entry
from scopecraft.agents.file_tail import read_tail
from scopecraft.agents.hook_window import hook_lines
from scopecraft.agents.records import count, record, text
from scopecraft.model import clock
from scopecraft.model.window import DispatchState, WindowView

REGISTRY_BYTES = 64 * 1024
REGISTRY_FILES = 64  # looked at when none has the pid's name
SLOW_START_SECONDS = 10.0
NOT_BEGUN = "it has not begun: its window may ask to log in or to trust the folder"


def read_dispatch_state(view: WindowView) -> DispatchState:
    """How the agent in the window stands. Never raises because of a file: what cannot be read says nothing.

    The registry of a process that is gone is not asked.
    """
    fold = HookFold()
    for line in hook_lines(view):
        fold.feed(line)
    entry = None
    if view.pane_alive:
        config = view.config_folder or own_config_folder(view.environ)
        entry = find_entry(
            _registry(config / "sessions", view.pane_pid),
            pid=view.pane_pid,
            started_ticks=view.pane_started,
            conversation_id=view.conversation_id,
        )
    state = combine(fold.state, fold.decided_at, entry)
    if state.kind == "starting" and entry is None and view.age_seconds > SLOW_START_SECONDS:
        return DispatchState("waiting", "question", detail=NOT_BEGUN, conversation_id=view.conversation_id)
    return state if state.conversation_id else replace(state, conversation_id=view.conversation_id)


def turn_started(view: WindowView, since: str) -> bool:
    """Whether a prompt of a person began a turn at that time or later."""
    return any(
        line.event == "UserPromptSubmit"
        and not line.agent_id
        and not line.detail.startswith(FROM_TASK)
        and line.at >= since
        for line in hook_lines(view)
    )


def _registry(folder: Path, pid: int) -> Iterator[RegistryEntry]:
    """The entry in the pid's own file, then, if anybody asks on, all others."""
    own = folder / f"{pid}.json"
    entry = _entry(own)
    if entry is not None:
        yield entry
    try:
        others = sorted(path for path in folder.iterdir() if path.suffix == ".json" and path != own)
    except OSError:
        return
    for path in others[:REGISTRY_FILES]:
        entry = _entry(path)
        if entry is not None:
            yield entry


def _entry(path: Path) -> RegistryEntry | None:
    try:
        fields = record(orjson.loads(read_tail(path, REGISTRY_BYTES)[0]))
    except orjson.JSONDecodeError:
        return None
    return RegistryEntry(
        pid=count(fields.get("pid")),
        started_ticks=text(fields.get("procStart")),
        conversation_id=text(fields.get("sessionId")),
        status=text(fields.get("status")),
        waiting_for=text(fields.get("waitingFor")),
        changed_at=_time_of(count(fields.get("statusUpdatedAt") or fields.get("updatedAt"))),
    )


def _time_of(milliseconds: int) -> str:
    if not 0 < milliseconds < 4_000_000_000_000:
        return ""
    return clock.to_text(datetime.fromtimestamp(milliseconds / 1000, UTC))
