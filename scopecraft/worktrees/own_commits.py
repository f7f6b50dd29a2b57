"""Commits with their trees and parents, read in one go, and which of them belong to one branch alone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scopecraft.worktrees.git import Git
from scopecraft.worktrees.mainline import MainRef
from scopecraft.worktrees.patch_prints import Between

MOST_EARLIER_STATES = 20  # of one branch, to find a squash merge that more commits followed
_FORMAT = ("--no-commit-header", "--format=%H %T %P")


@dataclass(frozen=True, slots=True)
class Commit:
    id: str
    tree: str
    parents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnCommits:
    """The commits of one branch that no main branch has, oldest first, and the one before them; None: no such one."""

    commits: tuple[Commit, ...]
    fork: Commit | None

    @property
    def plain(self) -> list[Commit]:
        """Without merges and without a first commit of all."""
        return [commit for commit in self.commits if len(commit.parents) == 1]

    def wholes(self) -> list[tuple[Between, int]]:
        """The whole change of the branch, then that of its earlier states, with how many commits came after."""
        if self.fork is None or not self.commits:
            return []
        newest_first = enumerate(reversed(self.commits[-MOST_EARLIER_STATES - 1 :]))
        return [(Between(self.fork.tree, one.tree), after) for after, one in newest_first if one.tree != self.fork.tree]


def own_commits(git: Git, tips: Mapping[str, str], mains: Sequence[MainRef]) -> dict[str, OwnCommits]:
    """By branch. One walk for all of them; each one's share of it is told by parents."""
    listing = _walk(git, [*tips.values(), *(f"^{ref.commit}" for ref in mains)])
    order = {commit.id: number for number, commit in enumerate(listing)}  # children first
    graph = {commit.id: commit for commit in listing}
    shares = {branch: _share(graph, tip) for branch, tip in tips.items()}
    forks = {branch: _fork(git, graph, shares[branch], tips[branch], mains) for branch in tips}
    known = {commit.id: commit for commit in _only(git, {id_ for id_ in forks.values() if id_})}
    return {
        branch: OwnCommits(
            tuple(sorted((graph[id_] for id_ in share), key=lambda commit: -order[commit.id])),
            known.get(forks[branch] or ""),
        )
        for branch, share in shares.items()
    }


def commit_of(words: Sequence[str]) -> Commit:
    """From id, tree and parents."""
    id_, tree, *parents = words
    return Commit(id_, tree, tuple(filter(None, parents)))


def _share(graph: Mapping[str, Commit], tip: str) -> set[str]:
    seen: set[str] = set()
    ahead = [tip]
    while ahead:
        id_ = ahead.pop()
        if id_ in graph and id_ not in seen:
            seen.add(id_)
            ahead += graph[id_].parents
    return seen


def _fork(git: Git, graph: Mapping[str, Commit], share: set[str], tip: str, mains: Sequence[MainRef]) -> str | None:
    """Where a branch left main; git is asked only where main was merged into the branch meanwhile."""
    edge = {parent for id_ in share for parent in graph[id_].parents} - share
    if len(edge) < 2:
        return next(iter(edge), None)
    found = git.run("merge-base", mains[0].commit, tip, check=False)
    return found.stdout.decode().strip() if found.exit_code == 0 else None


def _walk(git: Git, lines: Sequence[str]) -> list[Commit]:
    return _listed(git, ("--topo-order",), lines)


def _only(git: Git, ids: Iterable[str]) -> list[Commit]:
    wanted = list(ids)
    return _listed(git, ("--no-walk",), wanted) if wanted else []


def _listed(git: Git, options: Sequence[str], lines: Sequence[str]) -> list[Commit]:
    asked = "".join(f"{line}\n" for line in lines).encode()
    listing = git.run("rev-list", "--stdin", *options, *_FORMAT, input=asked).stdout
    return [commit_of(line.split(" ")) for line in os.fsdecode(listing).splitlines()]
