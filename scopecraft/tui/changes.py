"""What a mission has changed, as lines: its files with those marked that run on the host, then each file's patch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from scopecraft.cli.changed_files import host_file_lines, stat_lines, totals
from scopecraft.cli.patch_text import MOST_LINES, patch_lines
from scopecraft.cli.terminal import paint
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.mission_diff import MissionDiff, Part, mission_diff

if TYPE_CHECKING:
    from scopecraft.model.mission import Mission

SHORT = 12


@dataclass(frozen=True, slots=True)
class Changes:
    """Safe lines; `files` are the numbers of those at which a file's patch begins."""

    lines: tuple[str, ...]
    files: tuple[int, ...]


def changes_of(context: Context, mission: Mission) -> Changes:
    """On the branch since it left the main branch, and in the worktree. Raises what `mission_diff` raises."""
    with mission_diff(context, mission) as diff:
        lines = list(islice(_lines(diff), MOST_LINES + 1))
    if len(lines) > MOST_LINES:
        lines[MOST_LINES:] = [paint(f"… the first {MOST_LINES:,} lines; all of them: sc diff {mission.slug}", "yellow")]
    return Changes(tuple(lines), tuple(number for number, line in enumerate(lines) if _begins(line)))


def patches_of(context: Context, mission: Mission) -> tuple[str, ...]:
    """The patches alone, for whoever has told of the files."""
    with mission_diff(context, mission) as diff:
        lines = list(islice(_patches(diff), MOST_LINES + 1))
    return tuple(lines[:MOST_LINES])


def _lines(diff: MissionDiff) -> Iterator[str]:
    yield paint(f"{clean_line(diff.mission.branch)} since {diff.base[:SHORT]}: {totals(diff.committed.files)}", "bold")
    yield from stat_lines(diff.committed.files, colour=True)
    if diff.uncommitted is not None and diff.uncommitted.files:
        yield from ("", paint(f"not committed: {totals(diff.uncommitted.files)}", "bold"))
        yield from stat_lines(diff.uncommitted.files, colour=True)
    yield from (paint(clean_line(note), "yellow") for note in diff.notes)
    if diff.at_work is not None:
        yield paint(f"{diff.at_work.agent} is at work: more may come", "yellow")
    if diff.host_files:
        yield from ("", paint("what runs on your machine was changed:", "bold", "red"))
        yield from (f"  {line}" for line in host_file_lines(diff.host_files))
    yield from _patches(diff)


def _patches(diff: MissionDiff) -> Iterator[str]:
    yield from _patch(diff.committed)
    if diff.uncommitted is not None and diff.uncommitted.files:
        yield from ("", paint("── not committed " + "─" * 40, "dim"))
        yield from _patch(diff.uncommitted)


def _patch(part: Part) -> Iterator[str]:
    with closing(part.patch(is_exact=False)) as pieces:
        for line in patch_lines(pieces, colour=True):
            if _begins(line):
                yield ""
            yield line


def _begins(line: str) -> bool:
    return line.startswith("\x1b[1mdiff --git ")
