"""What `harvest.sh` wrote, read as what it is: the claim of a container that may be hostile.

The folder is opened from a descriptor, nothing in it through a link; only regular files, only so much of them. Ids are
hex digits, names are such as `git check-ref-format` accepts; whatever is not is left out and counted.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from scopecraft.errors import CommitsRefused
from scopecraft.worktrees.seeds import Ref

REPORT_BYTES = 8 << 20
PACK_BYTES = 4 << 30
MOST_STASHES = 100
MOST_LINES = 10_000
PACK = "pack"
TIP_PACK = "tip.pack"
STATES = frozenset({"merge", "rebase", "cherry-pick", "revert", "bisect"})
_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BAD_IN_NAME = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock/|\ufffd|[\ud800-\udfff]")
_COMPONENT_BYTES = 200  # git makes a file of each, with `.lock` behind it
_NAME_BYTES = 1000


@dataclass(frozen=True, slots=True)
class Harvest:
    """`refs` are new or moved since the start, but for the stash; `gone` are names that are no more.

    `unnamed` are ids whose refs have names that cannot be kept; `dropped` counts lines that say nothing usable.
    """

    folder: Path
    head: str
    symbolic_head: str | None
    refs: tuple[Ref, ...] = ()
    unnamed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    stash: tuple[str, ...] = ()  # newest first
    in_progress: str | None = None
    staged_tree: str | None = None  # None when paths are unmerged
    dropped: int = 0

    def id_of(self, name: str) -> str | None:
        return next((ref.id for ref in self.refs if ref.name == name), None)


def read_harvest(folder: Path) -> Harvest:
    """Raises CommitsRefused when there is no whole report in the folder, no valid HEAD in it, or no pack beside it."""
    with _open(folder, "report") as file:
        content = file.read(REPORT_BYTES + 1)
    if len(content) > REPORT_BYTES:
        raise _refused(f"the report is longer than {REPORT_BYTES >> 20} MiB")
    harvest = parse(content, folder)
    if not (_has_pack(folder, PACK) or _has_pack(folder, TIP_PACK)):
        raise _refused("git could not pack them")
    return harvest


def open_pack(folder: Path, name: str) -> BinaryIO:
    """A pack of the harvest. Raises CommitsRefused unless it is a regular file of sane size."""
    file = _open(folder, name)
    if os.fstat(file.fileno()).st_size > PACK_BYTES:
        file.close()
        raise _refused(f"its commits take more than {PACK_BYTES >> 30} GiB")
    return file


def _has_pack(folder: Path, name: str) -> bool:
    try:
        open_pack(folder, name).close()
    except CommitsRefused:
        return False
    return True


def parse(content: bytes, folder: Path) -> Harvest:
    """Raises CommitsRefused for a report that is not whole or has no valid HEAD."""
    text = content.decode("utf-8", "surrogateescape")
    if not text.startswith("harvest 1\n") or not text.endswith("\nend\n"):
        raise _refused("the report of what the agent did is not whole")
    report = _Report()
    lines = text.removesuffix("\nend\n").split("\n")[1:]
    for line in lines[:MOST_LINES]:
        report.take(line)
    if report.head is None:
        raise _refused("HEAD is no commit any more")
    return Harvest(
        folder=folder,
        head=report.head,
        symbolic_head=report.on,
        refs=tuple(report.refs.values()),
        unnamed=tuple(dict.fromkeys(report.unnamed)),
        gone=tuple(name for name in dict.fromkeys(report.gone) if name not in report.refs),
        stash=tuple(dict.fromkeys(report.stash))[:MOST_STASHES],
        in_progress=report.state,
        staged_tree=report.tree,
        dropped=report.dropped + max(0, len(lines) - MOST_LINES),
    )


def is_id(text: str) -> bool:
    """A full object id, and not the null one: to git that means *delete*."""
    return _ID.fullmatch(text) is not None and text.strip("0") != ""


def is_ref_name(name: str) -> bool:
    """What `git check-ref-format` accepts, short of names that are too long for files, and in UTF-8 only."""
    return (
        name.startswith("refs/")
        and name.count("/") >= 2
        and _BAD_IN_NAME.search(name) is None
        and not name.endswith(("/", ".", ".lock"))
        and len(name.encode()) <= _NAME_BYTES
        and all(len(part.encode()) <= _COMPONENT_BYTES for part in name.split("/"))
    )


class _Report:
    """The lines taken so far."""

    def __init__(self) -> None:
        self.head: str | None = None
        self.on: str | None = None
        self.tree: str | None = None
        self.state: str | None = None
        self.stash: list[str] = []
        self.refs: dict[str, Ref] = {}
        self.unnamed: list[str] = []
        self.gone: list[str] = []
        self.dropped = 0

    def take(self, line: str) -> None:
        key, _, value = line.partition(" ")
        if value and not self._is_taken(key, value):
            self.dropped += 1

    def _is_taken(self, key: str, value: str) -> bool:
        if key in ("ref", "gone"):
            id_, _, name = value.partition(" ")
            return is_id(id_) and self._take_ref(key, Ref(id_, name))
        if key == "on" and is_ref_name(value):
            self.on = value
        elif key == "state" and value in STATES:
            self.state = value
        elif key == "head" and is_id(value):
            self.head = value
        elif key == "tree" and is_id(value):
            self.tree = value
        elif key == "stash" and is_id(value):
            self.stash.append(value)
        else:
            return False
        return True

    def _take_ref(self, key: str, ref: Ref) -> bool:
        if ref.name == "refs/stash":
            return True  # the first of the stash lines
        if not is_ref_name(ref.name):
            if key == "ref":
                self.unnamed.append(ref.id)
        elif key == "gone":
            self.gone.append(ref.name)
        else:
            self.refs[ref.name] = ref
        return True


def all_ids(harvest: Harvest) -> tuple[str, ...]:
    """Every object that the report names."""
    named: Iterable[str | None] = (
        harvest.head,
        harvest.staged_tree,
        *(ref.id for ref in harvest.refs),
        *harvest.unnamed,
        *harvest.stash,
    )
    return tuple(dict.fromkeys(id_ for id_ in named if id_))


def _open(folder: Path, name: str) -> BinaryIO:
    """A regular file right in the folder; the folder itself may be a link or not be there."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        parent = os.open(folder, flags | os.O_DIRECTORY)
    except OSError as error:
        raise _refused("there is no report of what the agent did") from error
    try:
        descriptor = os.open(name, flags | os.O_NONBLOCK, dir_fd=parent)
    except OSError as error:
        raise _refused(f"there is no {name} among what the agent left") from error
    finally:
        os.close(parent)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _refused(f"{name} among what the agent left is no regular file")
    return os.fdopen(descriptor, "rb")


def _refused(why: str) -> CommitsRefused:
    return CommitsRefused(f"commits not taken back: {why}", "they are still in the session's folder, under git/")
