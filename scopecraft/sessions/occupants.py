"""Processes that work in a folder, as far as this person may see. Reads /proc."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scopecraft.model.text import clean_line

PROC = Path("/proc")
_COMMAND_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Occupant:
    pid: int
    command: str


def occupants_of(folder: Path, proc: Path = PROC) -> tuple[Occupant, ...]:
    """Whose working directory is in it, panes of tmux and shells too; processes of others cannot be seen."""
    return tuple(_inside(folder, proc))


def _inside(folder: Path, proc: Path) -> Iterator[Occupant]:
    places = {str(folder), str(folder.resolve())}
    with suppress(OSError):
        for process in sorted((path for path in proc.iterdir() if path.name.isdecimal()), key=lambda p: int(p.name)):
            with suppress(OSError):
                cwd = str((process / "cwd").readlink())
                is_inside = any(cwd == place or cwd.startswith(f"{place}/") for place in places)
                if is_inside and int(process.name) != os.getpid():
                    yield Occupant(int(process.name), _command(process))


def _command(process: Path) -> str:
    try:
        with (process / "cmdline").open("rb") as file:
            words = os.fsdecode(file.read(_COMMAND_BYTES).rstrip(b"\0")).replace("\0", " ")
    except OSError:
        words = ""
    return clean_line(words, 60) or "?"
