"""A worktree's `.git`: a file that names the folder where git keeps what it knows of the worktree.

Whoever can write that file decides which configuration the host's git reads, and so which programs it runs. It is
compared before each call, and git is told both folders besides, so it reads neither the file nor the way to it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from scopecraft.errors import UnsafeTree
from scopecraft.model.text import clean_line

_LIMIT = 8192
_HINT = "look at it before you run git there; 'git worktree repair' in the repository mends an honest accident"


def read_pointer(worktree: Path) -> bytes:
    """The content of `<worktree>/.git`. Raises UnsafeTree unless it is a regular file of sane size."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        folder = os.open(worktree, flags | os.O_DIRECTORY)
    except OSError as error:
        raise UnsafeTree(f"the worktree {_shown(worktree)} cannot be opened: {error.strerror}", _gone(error)) from error
    try:
        file = os.open(".git", flags | os.O_NONBLOCK, dir_fd=folder)
    except OSError as error:
        raise UnsafeTree(f"{_shown(worktree)}/.git is not the file that git made: {error.strerror}", _HINT) from error
    finally:
        os.close(folder)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise UnsafeTree(f"{_shown(worktree)}/.git is not a file", _HINT)
        content = os.read(file, _LIMIT + 1)
    finally:
        os.close(file)
    if len(content) > _LIMIT:
        raise UnsafeTree(f"{_shown(worktree)}/.git is longer than any that git makes", _HINT)
    return content


def check_pointer(worktree: Path, expected: bytes) -> None:
    """Raises UnsafeTree unless `.git` is byte for byte what was recorded when the worktree was made."""
    if read_pointer(worktree) != expected:
        raise UnsafeTree(f"{_shown(worktree)}/.git was rewritten", _HINT)


def verify_pointer(worktree: Path, common_dir: Path) -> bytes:
    """The pointer of a worktree that was not recorded: it must name this repository, which must name it back.

    Raises UnsafeTree; the repository's side is out of an agent's reach, so a rewritten file is found here too.
    """
    content = read_pointer(worktree)
    admin = admin_dir(content)
    if admin.parent.resolve() != common_dir / "worktrees" or admin.name in ("", ".", ".."):
        raise UnsafeTree(f"{_shown(worktree)}/.git names another repository than {_shown(common_dir)}", _HINT)
    try:
        back = os.fsdecode((admin / "gitdir").read_bytes()).removesuffix("\n")
    except OSError as error:
        raise UnsafeTree(f"{_shown(worktree)}/.git names a worktree that git does not know", _HINT) from error
    if (admin / back).parent.resolve() != worktree.resolve():
        raise UnsafeTree(f"{_shown(worktree)}/.git names another worktree: {_shown(Path(back).parent)}", _HINT)
    return content


def admin_dir(pointer: bytes) -> Path:
    """The folder that a pointer names. Raises UnsafeTree for anything but one absolute path."""
    text = os.fsdecode(pointer)
    path = text.removeprefix("gitdir: ").removesuffix("\n")
    if not text.startswith("gitdir: /") or "\n" in path or ".." in Path(path).parts:
        raise UnsafeTree(f"not a pointer that the host wrote: {clean_line(text, 120)}", _HINT)
    return Path(path)


def _gone(error: OSError) -> str:
    return "was it moved or deleted?" if isinstance(error, FileNotFoundError) else _HINT


def _shown(path: Path) -> str:
    return clean_line(str(path))
