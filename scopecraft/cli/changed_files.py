"""Lists of changed files: one line each, or as JSON; and those that would run on the person's machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scopecraft.cli.say import warn
from scopecraft.cli.terminal import paint
from scopecraft.model.host_files import HostFile, why_it_runs
from scopecraft.model.text import clean, clean_line

if TYPE_CHECKING:
    from scopecraft.worktrees.difference import FileChange

_LETTERS = {"added": "A", "modified": "M", "deleted": "D", "renamed": "R", "copied": "C", "type changed": "T"}
_ESCAPES = {"\t": "\\t", "\n": "\\n", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_MOST_NAMED = 12


def quoted(path: str) -> str:
    """The path on a line of its own: as it is, or in quotes as git writes it where that would not be one safe line."""
    if path == clean(path) and not any(character in path for character in _ESCAPES):
        return path
    return '"' + "".join(_ESCAPES.get(character) or _octal(character) for character in path) + '"'


def _octal(character: str) -> str:
    if character == clean(character):
        return character
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogateescape"))


def totals(files: Sequence[FileChange]) -> str:
    """`3 files, +12 -4`."""
    added = sum(file.additions or 0 for file in files)
    deleted = sum(file.deletions or 0 for file in files)
    return f"{len(files):,} file{'' if len(files) == 1 else 's'}, +{added:,} -{deleted:,}"


def stat_lines(files: Sequence[FileChange], *, colour: bool) -> list[str]:
    """`M    +12   -3  src/app.py`, with what would run on the host marked."""
    wide = max((len(f"+{file.additions or 0}") for file in files), default=0)
    deep = max((len(f"-{file.deletions or 0}") for file in files), default=0)
    if any(file.is_binary for file in files):
        wide = max(wide, len("binary") - deep - 1)
    return [_stat_line(file, (wide, deep), colour=colour) for file in files]


def _stat_line(file: FileChange, sizes: tuple[int, int], *, colour: bool) -> str:
    added, deleted = (f"+{file.additions}", f"-{file.deletions}") if not file.is_binary else ("binary", "")
    if file.is_binary:
        counts = added.rjust(sum(sizes) + 1)
    elif colour:
        counts = f"{paint(added.rjust(sizes[0]), 'green')} {paint(deleted.rjust(sizes[1]), 'red')}"
    else:
        counts = f"{added.rjust(sizes[0])} {deleted.rjust(sizes[1])}"
    name = quoted(file.path) if file.old_path is None else f"{quoted(file.old_path)} => {quoted(file.path)}"
    runs = why_it_runs(file.path, file.new_mode) is not None
    mark = "  (runs on your machine)" if runs else ""
    return f"{_LETTERS[file.kind]} {counts}  {name}{paint(mark, 'yellow') if colour else mark}"


def file_json(file: FileChange, *, is_uncommitted: bool) -> dict[str, Any]:
    return {
        "path": file.path,
        "old_path": file.old_path,
        "status": file.kind,
        "additions": file.additions,
        "deletions": file.deletions,
        "binary": file.is_binary,
        "mode": file.mode,
        "uncommitted": is_uncommitted,
        "runs_on_host": why_it_runs(file.path, file.new_mode),
    }


def host_file_lines(files: Sequence[HostFile]) -> list[str]:
    """Safe to show; of many the first ones."""
    lines = [f"{clean_line(quoted(file.path), 200)}: {file.why}" for file in files[:_MOST_NAMED]]
    more = len(files) - _MOST_NAMED
    return [*lines, f"and {more} more"] if more > 0 else lines


def warn_of_host_files(files: Sequence[HostFile], hint: str = "") -> None:
    if files:
        named = "\n".join(host_file_lines(files))
        warn(f"the mission changed what runs on your machine; look at it before it does:\n{named}", hint)
