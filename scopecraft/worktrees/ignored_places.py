"""Files that git ignores and the host would run all the same, where an agent has made or changed them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from scopecraft.model.host_files import IGNORED_PLACES

_LONGEST = 1 << 20


def changed_places(worktree: Path, main: Path | None, known: frozenset[str]) -> list[str]:
    """Of the usual places those that hold something else than the main checkout does; `known` are looked at elsewhere.

    What was copied from there when the worktree was made is a person's own. No link is followed.
    """
    return [
        place
        for place in IGNORED_PLACES
        if place not in known
        and (content := _content(worktree, place)) is not None
        and (main is None or content != _content(main, place))
    ]


def _content(folder: Path, place: str) -> bytes | None:
    """None where there is nothing; of a link, a pipe or a huge file something that equals no other."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    held = -1
    try:
        held = os.open(folder, flags | os.O_DIRECTORY)
        *above, name = place.split("/")
        for part in above:
            below = os.open(part, flags | os.O_DIRECTORY, dir_fd=held)
            os.close(held)
            held = below
        if not stat.S_ISREG(os.stat(name, dir_fd=held, follow_symlinks=False).st_mode):
            return os.fsencode(f"{folder}/{place}")
        file = os.open(name, flags, dir_fd=held)
    except OSError as error:
        return None if isinstance(error, FileNotFoundError) else os.fsencode(f"{folder}/{place}")
    finally:
        if held >= 0:
            os.close(held)
    with os.fdopen(file, "rb") as opened:
        content = opened.read(_LONGEST + 1)
    return content if len(content) <= _LONGEST else os.fsencode(f"{folder}/{place}")
