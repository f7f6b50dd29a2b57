"""Whether the worktree of a mission is set up: `setup.json` in the mission's folder, about one worktree only."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from scopecraft.atomic import replace_file

State = Literal["running", "done", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class SetupRecord:
    """`worktree` tells this worktree from one that is made anew at the same place."""

    state: State
    worktree: str
    at: str
    engine: str = ""  # where a container of it may be, while it runs


def worktree_mark(worktree: Path) -> str:
    """Raises FileNotFoundError where there is no worktree."""
    return f"{worktree.stat().st_ino}-{(worktree / '.git').lstat().st_mtime_ns}"


def is_due(record: SetupRecord | None, mark: str, *, has_worked: bool) -> bool:
    """Whether the set-up is to run before an agent starts: pure.

    Without a record a mission that had an agent before is left alone: its worktree is not new. One that was made anew
    is, and so is one whose set-up failed or was cut off.
    """
    if record is None:
        return not has_worked
    return record.worktree != mark or record.state in ("running", "failed")


def load_record(folder: Path) -> SetupRecord | None:
    """None where there is none, or none that can be read: then nobody knows that it is done."""
    try:
        row = json.loads((folder / "setup.json").read_bytes())
        return SetupRecord(str_of(row["state"]), str(row["worktree"]), str(row["at"]), str(row.get("engine", "")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def save_record(folder: Path, record: SetupRecord) -> None:
    """Raises StorageFailed."""
    replace_file(folder / "setup.json", json.dumps(asdict(record), indent=2).encode() + b"\n")


def str_of(value: object) -> State:
    """Raises ValueError for a state that does not exist."""
    states: tuple[State, ...] = get_args(State)
    for state in states:
        if value == state:
            return state
    raise ValueError(f"no state of a set-up: {value!r}")
