"""One change of a repository's worktrees at a time: parallel `git worktree add` calls fail each other."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scopecraft.errors import RepositoryRefused, StorageFailed
from scopecraft.model.text import clean_line

LOCK_FILE = "scopecraft.lock"


@contextmanager
def repository_lock(common_dir: Path) -> Iterator[int]:
    """Waits for its turn among all processes and homes; gives the descriptor that holds the lock.

    A child that inherits the descriptor keeps the lock until it ends, so a killed sc never leaves git working unseen.
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
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
