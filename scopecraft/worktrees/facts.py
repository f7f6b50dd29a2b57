"""What taking back needs to know of a session, as a value that another process can read after a crash."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

_SLACK_NS = 1_000_000_000  # clocks are slewed, and some file systems keep coarse times


@dataclass(frozen=True, slots=True)
class Clock:
    """`made_at_ns`: ctime of a file that was written last before the start, so what the agent touched is not older."""

    made_at_ns: int
    offset_ns: int  # wall clock minus time since boot; changes when someone sets the clock
    boot_id: str


@dataclass(frozen=True, slots=True)
class PrivateFacts:
    """What taking back needs to know, in whichever process; plain data. `tip` is the branch's commit at the start."""

    mission_id: str
    branch: str
    tip: str
    worktree: str
    pointer: str  # surrogates stand for bytes that are not UTF-8
    session_folder: str
    clock: Clock
    path: str = ""  # of a submodule, in the project's worktree
    submodules: tuple[PrivateFacts, ...] = ()  # of the project, each before those inside it

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PrivateFacts:
        """Raises KeyError or TypeError for what `to_dict` did not make."""
        optional = {"path": data.get("path", ""), "submodules": data.get("submodules", ())}
        values = {field.name: data[field.name] for field in fields(cls) if field.name not in optional}
        parts = tuple(cls.from_dict(part) for part in optional["submodules"])
        return cls(**{**values, "clock": Clock(**data["clock"]), "path": optional["path"], "submodules": parts})

    @property
    def submodule_pointers(self) -> dict[str, bytes]:
        """What the host wrote into the `.git` of each submodule, by its path in the project's worktree."""
        return {f"{part.path}/.git": os.fsencode(part.pointer) for part in self.submodules}

    @property
    def harvest_folder(self) -> Path:
        return Path(self.session_folder) / "out" / "harvest"


def clock_at(made_at_ns: int) -> Clock:
    return Clock(made_at_ns, _offset_ns(), _boot_id())


def trusted_since_ns(facts: PrivateFacts) -> int | None:
    """From when on file times tell what the agent touched; None when the clock was set back meanwhile."""
    turned_back = facts.clock.offset_ns - _offset_ns()
    if facts.clock.boot_id == _boot_id() and turned_back > _SLACK_NS:
        return None
    return facts.clock.made_at_ns - _SLACK_NS


def _offset_ns() -> int:
    return time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
