"""Merges in memory: trees from git's object database, no checkout touched, no program of a configuration run.

How files are merged (`merge=union`, `-merge`) is what the attributes of the branch that takes say, of the commit, and
what the person's own say. A merge driver that is a program never runs: its files count as a conflict.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from scopecraft.errors import GitFailed, GitMissing, RepositoryRefused
from scopecraft.model.text import clean_line
from scopecraft.worktrees.filters import all_off
from scopecraft.worktrees.git import Git, GitResult, failure
from scopecraft.worktrees.repository import Repository

_SECONDS = 600
# A program that fails: git takes the file for a conflict then. Without any git would die, with an empty one keep ours.
_NO_DRIVER = "false"
_PLAIN = {"merge.renormalize": "false", "merge.default": "text", "core.bigFileThreshold": "32m"}
# A branch that is on the disk must not lead to objects that were not written yet when the power went.
DURABLE = {"core.fsync": "committed,loose-object"}
_WORDS = {
    "contents": "both changed the same lines",
    "binary": "both changed it, and it is binary",
    "add/add": "both added it, differently",
    "modify/delete": "one changed it, the other deleted it",
    "rename/rename": "both renamed it, differently",
    "rename/delete": "one renamed it, the other deleted it",
    "rename/add": "one renamed a file to it, the other added it",
    "file/directory": "a file here, a folder there",
    "directory/file": "a file here, a folder there",
    "distinct modes": "two kinds of file",
    "distinct types": "two kinds of file",
    "mode": "both changed its mode",
    "submodule": "both moved the submodule",
    "submodule not initialized": "both moved the submodule",
    "submodule history not available": "both moved the submodule",
    "submodule may have rewind": "both moved the submodule",
}


@dataclass(frozen=True, slots=True)
class Conflict:
    """`kind` is in words for a person; `path` as git has it."""

    path: str
    kind: str


@dataclass(frozen=True, slots=True)
class MergedTree:
    """`tree` is whole where there are no conflicts, and of no use otherwise."""

    tree: str
    conflicts: tuple[Conflict, ...] = ()


@contextmanager
def merging_git(repo: Repository, attributes_of: str) -> Iterator[Git]:
    """Git for `merge_trees`, in an empty folder that has the attributes of that commit and nothing else."""
    with tempfile.TemporaryDirectory(prefix="scopecraft-merge-") as folder:
        top = Path(folder)
        for path in _attribute_files(repo.git, attributes_of):
            target = top / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(repo.git.run("cat-file", "blob", f"{attributes_of}:{path}").stdout)
        git = replace(repo.git, directory=top, work_tree=top)
        # an index of nothing: git would look for attributes in that of the main checkout, too
        yield git.with_env(GIT_INDEX_FILE=str(top / ".git-index")).with_config(
            {**all_off(repo.git), **_drivers_off(repo.git), **_PLAIN, **DURABLE}
        )


def merge_trees(git: Git, ours: str, theirs: str) -> MergedTree:
    """What merging commit `theirs` into commit `ours` gives; `git` is of `merging_git`.

    Raises RepositoryRefused for histories that share nothing, GitMissing for a git before 2.38, GitFailed.
    """
    arguments = ("merge-tree", "--write-tree", "-z", "--messages", ours, theirs)
    result = git.run(*arguments, check=False, timeout_seconds=_SECONDS)
    if result.exit_code not in (0, 1):
        raise _refusal(arguments, result)
    return parse_merge(os.fsdecode(result.stdout), is_clean=result.exit_code == 0)


def parse_merge(answer: str, *, is_clean: bool) -> MergedTree:
    """From `git merge-tree --write-tree -z --messages`. Pure."""
    tree, _, rest = answer.partition("\0")
    if is_clean:
        return MergedTree(tree)
    fields = iter(rest.split("\0"))
    unmerged: dict[str, str] = {}
    for entry in fields:
        if not entry:
            break
        unmerged.setdefault(entry.partition("\t")[2], "conflict")
    for count in fields:
        if not count.isdecimal():
            break
        paths = [next(fields, "") for _ in range(int(count))]
        kind, _ = next(fields, ""), next(fields, "")
        if kind.startswith("CONFLICT ("):
            word = _WORDS.get(kind.removeprefix("CONFLICT (").removesuffix(")"), kind)
            unmerged |= dict.fromkeys((path for path in paths if unmerged.get(path) == "conflict"), word)
            if paths and not set(paths) & set(unmerged):
                unmerged[paths[0]] = word
    return MergedTree(tree, tuple(Conflict(path, kind) for path, kind in sorted(unmerged.items())))


def tree_of_commit(git: Git, commit: str) -> str:
    return git.text("rev-parse", "--verify", f"{commit}^{{tree}}")


def _attribute_files(git: Git, commit: str) -> list[str]:
    with closing(git.records("ls-tree", "-r", "-z", "--full-tree", commit)) as records:
        heads = (os.fsdecode(record).partition("\t") for record in records if record.endswith(b".gitattributes"))
        found = [path for head, _, path in heads if head.startswith("100")]
    return [path for path in found if path.rpartition("/")[2] == ".gitattributes" and _stays_inside(path)]


def _stays_inside(path: str) -> bool:
    """A tree may name anything; git itself checks out none that holds these."""
    return not {"", ".", ".."} & set(path.split("/"))


def _drivers_off(git: Git) -> dict[str, str]:
    found = git.run("config", "--null", "--name-only", "--get-regexp", r"^merge\..*\.driver$", check=False)
    return dict.fromkeys((key for key in os.fsdecode(found.stdout).split("\0") if key), _NO_DRIVER)


def _refusal(arguments: tuple[str, ...], result: GitResult) -> Exception:
    if "refusing to merge unrelated histories" in result.stderr:
        return RepositoryRefused("the two branches have no commit in common", "were they made in different projects?")
    if result.exit_code == 129 or "usage: git merge-tree" in result.stderr:
        return GitMissing("this git is older than 2.38 and cannot merge in memory", "install a newer one")
    told = failure(arguments, result)
    return GitFailed(f"the merge cannot be computed: {clean_line(told.message)}", "git fsck says whether all is there")
