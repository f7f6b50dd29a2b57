"""A worktree's index: made anew from a tree, so that what an agent staged is staged on the host too; what it names."""

from __future__ import annotations

import time
from pathlib import Path

from scopecraft.errors import GitFailed
from scopecraft.worktrees.git import Git, failure

LOCK_PATIENCE_SECONDS = 10.0
_GIT_SECONDS = 120  # an agent can leave a file so large that comparing it takes hours
_PLAIN_VERSIONS = (2, 3)
_INCOMPLETE = (b"link\0", b"sdir\0")  # extensions: the rest is in a shared index, or in folders that it does not open
_FRUGAL = {"core.bigFileThreshold": "32m"}  # larger files are streamed, not mapped


def may_name(git_dir: Path, name: str) -> bool:
    """Whether the index there may have a file of this name, in any folder; False is certain, and needs no git call.

    Names stand whole in the usual versions of the format, gitformat-index(5); of others, in doubt, it is True.
    """
    try:
        content = (git_dir / "index").read_bytes()
    except OSError:
        return True
    is_plain = content[:4] == b"DIRC" and int.from_bytes(content[4:8], "big") in _PLAIN_VERSIONS
    return not is_plain or any(part in content for part in (name.encode(), *_INCOMPLETE))


def rebuild_index(git: Git, tree: str) -> None:
    """`git` is the worktree's. Waits a while for whoever holds the index; raises GitFailed when that takes too long."""
    deadline = time.monotonic() + LOCK_PATIENCE_SECONDS
    git = git.with_config(_FRUGAL)
    read_tree = ("read-tree", "--reset", tree)
    while (result := git.run(*read_tree, check=False, timeout_seconds=_GIT_SECONDS)).exit_code != 0:
        if "index.lock': File exists" not in result.stderr or time.monotonic() > deadline:
            raise failure(read_tree, result)
        time.sleep(0.05)
    try:
        # exit code 1 says that files differ from the index, which is what an agent's work looks like
        git.run("update-index", "-q", "--refresh", check=False, timeout_seconds=_GIT_SECONDS)
    except GitFailed:
        return  # only file times are missing then: the next status reads the files
