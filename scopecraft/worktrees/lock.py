"""One change of a repository's worktrees at a time: parallel `git worktree add` calls fail each other."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scopecraft.errors import GitFailed, RepositoryRefused, StorageFailed
from scopecraft.model.text import clean_line

LOCK_FILE = "scopecraft.lock"
PATIENCE_SECONDS = 900  # checkouts of big repositories on busy disks, one after another
_POLL_SECONDS = 0.01


@contextmanager
def repository_lock(common_dir: Path) -> Iterator[int]:
    """Waits for its turn among all processes and homes; gives the descriptor that holds the lock.

    A child that inherits the descriptor keeps the lock until it ends, so a killed sc never leaves git working unseen.
    Raises GitFailed when somebody else has not been done for a quarter of an hour.
    """
    path = common_dir / LOCK_FILE
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except FileNotFoundError as error:
        raise RepositoryRefused(
            f"there is no repository at {clean_line(str(common_dir))} any more", "was it moved or deleted?"
        ) from error
    except OSError as error:
        raise StorageFailed(
            f"cannot write in {clean_line(str(common_dir))}: {error.strerror}",
            "missions need a repository that you may write in",
        ) from error
    try:
        _wait(descriptor, path)
        yield descriptor
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # a daemon that a child left behind must not keep it
    finally:
        os.close(descriptor)


def _wait(descriptor: int, path: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise GitFailed(
                    f"another process has held {clean_line(str(path))} for {PATIENCE_SECONDS // 60} minutes",
                    f"fuser {clean_line(str(path))} names it",
                ) from error
        time.sleep(_POLL_SECONDS)
