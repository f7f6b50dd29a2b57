"""Who holds a home, as its lock file says: for everybody who wants to talk to the supervisor. Light to import."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scopecraft.config.paths import Home

LOCK = "scopecraft.lock"
_READ_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Holder:
    """One supervisor. What is written there outlives it: see `is_living`."""

    pid: int
    started: int  # of the process, in clock ticks since boot: tells a reused pid
    boot_id: str
    started_at: str
    version: str
    socket: str = ""  # where it listens; empty until it does
    owner: int = -1  # uid of the file's owner; not written there


def lock_path(home: Home) -> Path:
    return home.root / LOCK


def read_holder(home: Home) -> Holder | None:
    """What the lock file says; None where nobody has held the home, or whoever did has left."""
    try:
        descriptor = os.open(lock_path(home), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return _parse(os.pread(descriptor, _READ_BYTES, 0), os.fstat(descriptor).st_uid)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _parse(data: bytes, owner: int) -> Holder | None:
    # a longer line that stood there before may still follow the first one
    line, newline, _ = data.partition(b"\n")
    if not newline:
        return None
    try:
        row = json.loads(line)
        return Holder(
            pid=int(row["pid"]),
            started=int(row["started"]),
            boot_id=str(row["boot_id"]),
            started_at=str(row["started_at"]),
            version=str(row["version"]),
            socket=str(row["socket"]),
            owner=owner,
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def is_living(holder: Holder) -> bool:
    """Whether that very process is there, stopped ones too; another one with its pid is not it."""
    from scopecraft.executors.processes import start_time
    from scopecraft.sessions.settle_facts import boot_id

    return holder.boot_id == boot_id() and start_time(holder.pid) == holder.started


def has_crashed(home: Home) -> bool:
    """Whether the last one did not leave in order: who leaves takes its name out of the file."""
    holder = read_holder(home)
    return holder is not None and not is_living(holder)
