"""What a running Codex has open: the lock of its conversation once it takes prompts, its record after the first one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOST_FILES = 512
_LOCKS, _RECORDS = "thread-writer-locks", "sessions"


@dataclass(frozen=True, slots=True)
class OpenConversation:
    conversation_id: str
    record: Path | None  # None before its first prompt


def open_conversation(pid: int) -> OpenConversation | None:
    """The conversation of the process, or of one that it started: npm's Codex is a script around the program.

    None while it asks for a login, the trust of the folder or of hooks, and for a process that is not ours to look at.
    """
    conversation_id, record = "", None
    for path in _open_files(pid):
        if path.parent.name == _LOCKS and path.suffix == ".lock" and not path.name.startswith("."):
            conversation_id = path.stem
        elif path.suffix == ".jsonl" and path.name.startswith("rollout-") and _RECORDS in path.parts:
            record = path
    return OpenConversation(conversation_id, record) if conversation_id else None


def _open_files(pid: int) -> Iterator[Path]:
    if pid <= 0:
        return
    for each in (pid, *_children(pid)):
        try:
            descriptors = list(Path(f"/proc/{each}/fd").iterdir())[:MOST_FILES]
        except OSError:
            continue
        for descriptor in descriptors:
            with contextlib.suppress(OSError):  # closed meanwhile
                yield descriptor.readlink()


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (OSError, ValueError):
        return []
