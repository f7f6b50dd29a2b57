"""What changed between two trees, as a list and as a patch. Objects only: no file of a worktree is read.

No attributes of the tree count either: `* -diff` would hide a change. A filter, textconv or diff driver never runs.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Literal

from scopecraft.worktrees.git import Git

ChangeKind = Literal["added", "modified", "deleted", "renamed", "copied", "type changed"]

_KINDS: dict[str, ChangeKind] = {"A": "added", "D": "deleted", "R": "renamed", "C": "copied", "T": "type changed"}
# Of the person's configuration nothing that changes what a patch looks like; larger files are compared as binary.
_PLAIN = {"core.bigFileThreshold": "32m", "diff.suppressBlankEmpty": "false", "diff.renameLimit": "1000"}
_ALIKE = ("-r", "-M", "--no-commit-id", "--no-color", "--ignore-submodules=none")
_SECONDS = 300


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file; paths as git has them, from the top of the worktree. Lines are None for what is not text."""

    path: str
    kind: ChangeKind
    old_path: str | None = None  # of one that was renamed or copied
    additions: int | None = None
    deletions: int | None = None
    mode: str = "100644"  # as git writes it; of a deleted file the one that it had
    is_same_kind: bool = False  # it had that mode before
    contents: str = field(default="", compare=False)  # what was there and what is, by git's names of the bytes

    @property
    def new_mode(self) -> str:
        """Empty where it is no news: a submodule at another commit is no new repository."""
        return "" if self.is_same_kind else self.mode

    @property
    def is_binary(self) -> bool:
        return self.additions is None


def file_changes(git: Git, before: str, after: str, paths: Sequence[str] = ()) -> list[FileChange]:
    """In git's order. `before` and `after` are commits or trees, `paths` pathspecs from the top."""
    arguments = ("diff-tree", *_ALIKE, "-z", "--raw", "--numstat", before, after, "--", *paths)
    with closing(git.with_config(_PLAIN).records(*arguments, timeout_seconds=_SECONDS)) as records:
        return parse_changes(os.fsdecode(record) for record in records)


def parse_changes(records: Iterator[str]) -> list[FileChange]:
    """From `git diff-tree -z --raw --numstat`: first what became of each file, then how many lines of each."""
    heads: list[tuple[str, ChangeKind, str | None, str, bool, str]] = []
    lines: dict[str, tuple[int | None, int | None]] = {}
    for record in records:
        if record.startswith(":"):
            old_mode, new_mode, before, after, letter = record.removeprefix(":").split(" ")
            first = next(records)
            old, path = (first, next(records)) if letter[0] in "RC" else (None, first)
            kind = _KINDS.get(letter[0], "modified")
            mode = old_mode if kind == "deleted" else new_mode
            heads.append((path, kind, old, mode, old_mode == new_mode, f"{before[:16]}..{after[:16]}"))
        else:
            added, deleted, path = record.split("\t", 2)
            if not path:  # of a rename: the two paths follow
                _, path = next(records), next(records)
            lines[path] = (None, None) if added == "-" else (int(added), int(deleted))
    return [
        FileChange(path, kind, old, *lines.get(path, (None, None)), mode, is_same, contents)
        for path, kind, old, mode, is_same, contents in heads
    ]


def patch(
    git: Git, before: str, after: str, paths: Sequence[str] = (), *, is_exact: bool
) -> Generator[bytes, None, None]:
    """The patch, while git writes it. An exact one is for `git apply`: binary files whole, odd names quoted.

    Any other is for reading: names as they are.
    """
    form = ("--binary", "--full-index") if is_exact else ()
    plain = {**_PLAIN, "core.quotePath": "true" if is_exact else "false"}
    arguments = ("diff-tree", *_ALIKE, "-p", "--src-prefix=a/", "--dst-prefix=b/", *form, before, after, "--", *paths)
    return git.with_config(plain).pieces(*arguments, timeout_seconds=_SECONDS)


def changed_paths(git: Git, before: str, after: str) -> dict[str, str]:
    """The paths that changed and are there afterwards, with their modes where these are new; no content is read."""
    if before == after:
        return {}
    arguments = ("diff-tree", "-r", "-z", "--raw", "--no-renames", "--ignore-submodules=none", before, after)
    with closing(git.records(*arguments, timeout_seconds=_SECONDS)) as records:
        pairs = zip(records, records, strict=True)  # of one iterator: by twos
        modes = {os.fsdecode(path): head.decode().removeprefix(":").split(" ")[:2] for head, path in pairs}
    return {path: "" if old == new else new for path, (old, new) in modes.items() if new != "000000"}
