"""What `.worktreeinclude` brought into a new worktree, told to the person, and above all what it did not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scopecraft.cli.say import note, warn
from scopecraft.model.text import clean_line

if TYPE_CHECKING:
    from scopecraft.worktrees.include import Included

MOST_NAMED = 5


def tell_included(included: Included) -> None:
    if included.copied:
        names = [clean_line(path) for path in included.copied[:MOST_NAMED]]
        note(f"copied as .worktreeinclude says: {', '.join(names)}{_beyond(len(included.copied))}")
    for skipped in included.skipped[:MOST_NAMED]:
        warn(f".worktreeinclude: {clean_line(skipped.path)} was not copied: {skipped.why}")
    if len(included.skipped) > MOST_NAMED:
        warn(f".worktreeinclude:{_beyond(len(included.skipped))} were not copied")


def _beyond(count: int) -> str:
    return f" and {count - MOST_NAMED} more" if count > MOST_NAMED else ""
