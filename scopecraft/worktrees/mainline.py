"""The project's main branches, here and as they were last fetched, and where a mission's branch left them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scopecraft.worktrees.git import Git
from scopecraft.worktrees.repository import Repository

_USUAL = ("main", "master", "trunk", "develop")
_FORMAT = "--format=%(objectname) %(refname) %(symref)"


@dataclass(frozen=True, slots=True)
class MainRef:
    """`name` is full: `refs/heads/main`, `refs/remotes/origin/main`."""

    name: str
    commit: str

    @property
    def short(self) -> str:
        return self.name.removeprefix("refs/heads/").removeprefix("refs/remotes/")


def main_refs(repo: Repository) -> tuple[MainRef, ...]:
    """Two git calls. Never a mission's branch: those are not called so, and HEAD counts only where nothing else is."""
    listing = repo.git.text("for-each-ref", _FORMAT, "refs/heads", "refs/remotes")
    head = os.fsdecode(repo.git.run("symbolic-ref", "--quiet", "HEAD", check=False).stdout).removesuffix("\n")
    return choose_mains(_rows(listing), head)


def default_branch(repo: Repository, but: str) -> str | None:
    """The local branch that work goes back to, short; never the one `but`.

    What the remotes call their HEAD, `origin` first, else `main`, `master`, `trunk` or `develop`, else what is checked
    out.
    """
    rows = list(_rows(repo.git.text("for-each-ref", _FORMAT, "refs/heads", "refs/remotes")))
    head = os.fsdecode(repo.git.run("symbolic-ref", "--quiet", "HEAD", check=False).stdout).removesuffix("\n")
    return choose_default(rows, head, but)


def choose_default(refs: Iterable[tuple[str, str, str]], head: str, but: str) -> str | None:
    """From the rows of `choose_mains`. Pure."""
    rows = list(refs)
    local = {_branch_of(name) for _, name, target in rows if name.startswith("refs/heads/") and not target} - {but}
    remote = [(name, _branch_of(target)) for _, name, target in rows if target and name.endswith("/HEAD")]
    said = [branch for name, branch in sorted(remote, key=lambda row: row[0] != "refs/remotes/origin/HEAD")]
    wanted = (*said, *_USUAL, head.removeprefix("refs/heads/"))
    return next((name for name in wanted if name in local), None)


def choose_mains(refs: Iterable[tuple[str, str, str]], head: str) -> tuple[MainRef, ...]:
    """From rows of commit, name and target: local branches first, the usual names, and what remotes call their HEAD."""
    rows = list(refs)
    names = set(_USUAL) | {_branch_of(target) for _, name, target in rows if target and name.endswith("/HEAD")}
    plain = [MainRef(name, commit) for commit, name, target in rows if not target]
    found = [ref for ref in plain if _branch_of(ref.name) in names] or [ref for ref in plain if ref.name == head]
    return tuple(sorted(found, key=lambda ref: (not ref.name.startswith("refs/heads/"), ref.name)))


def origin_of(git: Git, *, tip: str, base: str, mains: Sequence[MainRef]) -> str:
    """The commit that a branch's changes are counted from.

    The newest commit of a main branch's own line that the branch holds, so that neither a rebase nor a merge of main
    into the branch shows main's work as the branch's. The recorded base where that is nearer, and where main has taken
    the whole branch in.
    """
    found = [base] if _is_within(git, base, tip) else []
    for commit in dict.fromkeys(ref.commit for ref in mains):
        left = _left_at(git, commit, tip)
        if left is not None and left != tip and (not found or _is_within(git, found[-1], left)):
            found.append(left)
    if found:
        return found[-1]
    return _left_at(git, mains[0].commit, tip) or base if mains else base


def _left_at(git: Git, main: str, tip: str) -> str | None:
    """The newest commit of main's first-parent line that `tip` holds; None when they have none in common."""
    beyond = git.text("rev-list", "--first-parent", main, f"^{tip}")
    if not beyond:
        return main
    oldest = beyond.rpartition("\n")[2]
    parent = git.run("rev-parse", "--verify", "--quiet", f"{oldest}^1", check=False)
    return parent.stdout.decode().strip() if parent.exit_code == 0 else None


def _is_within(git: Git, commit: str, tip: str) -> bool:
    return git.succeeds("merge-base", "--is-ancestor", commit, tip)


def _rows(listing: str) -> Iterable[tuple[str, str, str]]:
    for line in filter(None, listing.split("\n")):  # names may hold what splitlines takes for line ends
        commit, name, target = line.split(" ", 2)
        yield commit, name, target


def _branch_of(name: str) -> str:
    """`main` for `refs/heads/main` and for `refs/remotes/origin/main`."""
    if name.startswith("refs/heads/"):
        return name.removeprefix("refs/heads/")
    return name.removeprefix("refs/remotes/").partition("/")[2]
