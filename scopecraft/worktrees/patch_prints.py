"""A fingerprint of each of many changes: the same for the same change on top of other commits.

Like `git patch-id`, without line numbers, but white space counts, and so do the contents of binary files.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass

from scopecraft.worktrees.git import Git

# Larger files are told by their ids; no setting of a person's changes the form.
_CONFIG = {"core.bigFileThreshold": "1m", "diff.suppressBlankEmpty": "false"}
_OPTIONS = ("-r", "-p", "--root", "--full-index", "--no-renames", "--no-color", "--ignore-submodules=none")
_HEAD = re.compile(rb"[0-9a-f]{40,64}(?: [0-9a-f]{40,64})?")
_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Between:
    """A change between two trees or commits."""

    before: str
    after: str


def patch_prints(git: Git, changes: Iterable[str | Between]) -> dict[str | Between, str]:
    """By one git: a commit is what it changes of its first parent. What changes nothing is left out, and merges are."""
    wanted = list(dict.fromkeys(changes))
    if not wanted:
        return {}
    with tempfile.TemporaryFile() as asked:
        for change in wanted:
            asked.write(f"{change if isinstance(change, str) else f'{change.before} {change.after}'}\n".encode())
        asked.seek(0)
        pieces = git.with_config(_CONFIG).pieces(
            "diff-tree", "--stdin", *_OPTIONS, stdin_file=asked, timeout_seconds=_SECONDS
        )
        with closing(pieces):
            return {_change(head): found for head, found in prints(_lines(pieces))}


def prints(lines: Iterable[bytes]) -> Iterator[tuple[bytes, str]]:
    """Each head line, as git repeats it, with the fingerprint of the patch below it, where there is one."""
    head, digest, index = b"", None, b""
    for line in lines:
        # a line of a patch begins with a sign, or is one of a few others: none is hex digits only
        if _HEAD.fullmatch(line):
            if digest is not None:
                yield head, digest.hexdigest()
            head, digest = line, None
            continue
        if line.startswith(b"index "):
            index = line.split(b" ")[1]  # the mode behind it stands in a line of its own where it changes
            continue
        digest = digest or hashlib.sha256()
        if line.startswith(b"@@ "):
            line = b"@@"
        elif line.startswith(b"Binary files "):
            line += b"\0" + index
        digest.update(line + b"\n")
    if digest is not None:
        yield head, digest.hexdigest()


def _change(head: bytes) -> str | Between:
    before, _, after = head.decode().partition(" ")
    return Between(before, after) if after else before


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest: list[bytes] = []
    for piece in pieces:
        *whole, last = piece.split(b"\n")
        for part in whole:
            yield b"".join((*rest, part))
            rest = []
        rest.append(last)
    if rest[-1:] not in ([], [b""]):
        yield b"".join(rest)
