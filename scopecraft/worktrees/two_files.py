"""What differs between two files that belong to no repository. Git compares them: it ends, whatever they hold."""

from __future__ import annotations

from pathlib import Path

from scopecraft.worktrees.git import Git, failure

# Neither attributes nor settings of the person, nor of a repository around, change what is shown.
_PLAIN = {
    "core.attributesFile": "/dev/null",
    "diff.suppressBlankEmpty": "false",
    "diff.interHunkContext": "0",
    "diff.algorithm": "myers",
}
_OPTIONS = ("--no-index", "--no-color", "--no-renames", "--unified=3", "--src-prefix=a/", "--dst-prefix=b/")
_SECONDS = 60


def hunks(folder: Path, before: Path, after: Path) -> bytes | None:
    """The hunks of a unified diff, without what git writes above them; None for the same bytes.

    Empty for what is no text. Git runs in `folder`, which no repository of others may hold. Raises GitFailed.
    """
    git = Git(folder, env={"GIT_CEILING_DIRECTORIES": str(folder.parent)}).with_config(_PLAIN)
    arguments = ("diff", *_OPTIONS, "--", str(before), str(after))
    said = git.run(*arguments, check=False, timeout_seconds=_SECONDS)
    if said.exit_code > 1:
        raise failure(arguments, said)
    if said.exit_code == 0:
        return None
    start = said.stdout.find(b"\n@@ ")
    return said.stdout[start + 1 :] if start >= 0 else b""
