"""A bare repository on this machine that keeps pull requests as GitHub does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.support.repos import bare_copy, commit, git

GITHUB = "refs/pull/{}/head"
GITLAB = "refs/merge-requests/{}/head"


@dataclass(frozen=True, slots=True)
class Hub:
    """`work` is a clone in which somebody else makes the commits of pull requests."""

    folder: Path
    work: Path
    pattern: str = GITHUB

    def push(self, number: int, name: str, *, onto: str | None = None, force: bool = False) -> str:
        """One more commit on the pull request, or its first, on `onto`; its head now."""
        branch = f"pull-{number}"
        if onto is not None:
            git(self.work, "switch", "--quiet", "--force-create", branch, onto)
        else:
            git(self.work, "switch", "--quiet", branch)
        head = commit(self.work, name)
        mark = "+" if force else ""
        git(self.work, "push", "--quiet", "origin", f"{mark}HEAD:{self.pattern.format(number)}")
        return head


def make_hub(project: Path, folder: Path, pattern: str = GITHUB, remote: str = "origin") -> Hub:
    """Made of the project, which gets it as a remote."""
    bare = bare_copy(project, folder / "hub.git")
    git(folder, "clone", "--quiet", str(bare), str(folder / "somebody"))
    git(project, "remote", "add", remote, str(bare))
    git(project, "fetch", "--quiet", remote)
    return Hub(bare, folder / "somebody", pattern)
