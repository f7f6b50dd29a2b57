"""Looking at an interactive Claude Code: the end of its hook lines and its registry. It takes under a millisecond."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson

from scopecraft.agents.claude_hook_lines import parse
from scopecraft.agents.claude_state import DispatchState, HookFold, RegistryEntry, combine, find_entry
from scopecraft.agents.records import count, record, text
from scopecraft.model import clock

TAIL_BYTES = 64 * 1024
TAIL_LINES = 64
REGISTRY_BYTES = 64 * 1024
REGISTRY_FILES = 64  # looked at when none has the pid's name
SLOW_START_SECONDS = 10.0
NOT_BEGUN = "it has not begun: its window may ask to log in or to trust the folder"


def own_config_folder(environ: Mapping[str, str]) -> Path:
    """Where Claude keeps what belongs to the person."""
    configured = environ.get("CLAUDE_CONFIG_DIR")
    return Path(configured) if configured else Path(environ.get("HOME", "/")) / ".claude"


def read_dispatch_state(
    hooks_file: Path,
    config_folder: Path,
    conversation_id: str,
    pane_pid: int,
    pane_alive: bool,
    *,
    pane_started: int = 0,
    age_seconds: float = 0.0,
) -> DispatchState:
    """How the agent in the window stands. Never raises because of a file: what cannot be read says nothing.

    `pane_started` is in clock ticks since boot (0: unknown); `age_seconds` is how long the window has been there. The
    registry of a process that is gone is not asked.
    """
    fold = HookFold()
    for raw in last_lines(hooks_file):
        line = parse(raw)
        if line is not None:
            fold.feed(line)
    entry = None
    if pane_alive:
        entries = _registry(config_folder / "sessions", pane_pid)
        entry = find_entry(entries, pid=pane_pid, started_ticks=pane_started, conversation_id=conversation_id)
    state = combine(fold.state, fold.decided_at, entry)
    if state.kind == "starting" and entry is None and age_seconds > SLOW_START_SECONDS:
        return DispatchState("waiting", "question", detail=NOT_BEGUN, conversation_id=conversation_id)
    return state if state.conversation_id else replace(state, conversation_id=conversation_id)


def last_lines(path: Path) -> list[bytes]:
    """The last complete lines of a file that another program appends to."""
    tail, begins_whole = _tail(path, TAIL_BYTES)
    lines = tail.split(b"\n")
    lines.pop()  # nothing, or half a line
    return lines[-TAIL_LINES:] if begins_whole else lines[1:][-TAIL_LINES:]


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
        fields = record(orjson.loads(_tail(path, REGISTRY_BYTES)[0]))
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


def _tail(path: Path, limit: int) -> tuple[bytes, bool]:
    """The last bytes of a regular file, and whether that is all of it; an agent may have put a link or a pipe there."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b"", True
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return b"", True
        begin = max(0, status.st_size - limit)
        return os.pread(descriptor, limit, begin), begin == 0
    except OSError:
        return b"", True
    finally:
        os.close(descriptor)
