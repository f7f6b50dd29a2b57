"""The facts of many branches at once, for `merged.verdict`: the main branches are read once, however many there are."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from scopecraft.model.mission import PullRequest
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.mainline import MainRef, main_refs
from scopecraft.worktrees.merged import BranchFacts, Landed
from scopecraft.worktrees.own_commits import Commit, OwnCommits, commit_of, own_commits
from scopecraft.worktrees.patch_prints import Between, patch_prints
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.seeds import list_refs

MOST_MAIN_COMMITS = 20_000  # newer than the oldest branch; what is beyond is not found, so not proposed
_REVERTS = re.compile(rb"[Tt]his reverts commit ([0-9a-f]{40,64})")
_OWN_WORK = ("commit", "cherry-pick", "am", "rebase", "revert", "scopecraft: taken back")


@dataclass(frozen=True, slots=True)
class Asked:
    """A mission's branch (`feature/x`); `since` is when it was made, in seconds. `is_worked_on`: sessions committed."""

    branch: str
    base: str
    since: float
    is_worked_on: bool = False
    pull_request: PullRequest | None = None


@dataclass(slots=True)
class _Main:
    """What the main branches have got since the oldest branch began."""

    commits: dict[str, Commit] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)  # the main branch that a commit was reached from
    landed: dict[str, Landed] = field(default_factory=dict)  # by fingerprint
    trees: dict[str, Landed] = field(default_factory=dict)
    reverted: dict[str, str] = field(default_factory=dict)  # commit to the one that says so
    merged_tips: dict[str, str] = field(default_factory=dict)  # what a merge brought in, to that merge

    def reverts(self, commits: Iterable[str]) -> str | None:
        """A commit that took one of these back, and was not taken back itself."""
        return next((by for commit in commits if (by := self.reverted.get(commit)) and by not in self.reverted), None)


def merge_facts(repo: Repository, asked: Sequence[Asked]) -> dict[str, BranchFacts]:
    """By branch. A dozen git calls and two reads of patches, however many branches are asked about."""
    git = repo.git
    names = {f"refs/heads/{one.branch}" for one in asked}
    tips = {ref.name.removeprefix("refs/heads/"): ref.id for ref in list_refs(git, "refs/heads")}
    remote_names = {one.branch for one in asked}
    mains = [ref for ref in main_refs(repo) if ref.name not in names and _bare(ref.name) not in remote_names]
    there = [one for one in asked if one.branch in tips]
    if not mains or not there:
        return {one.branch: BranchFacts(tips.get(one.branch), one.is_worked_on) for one in asked}
    owns = own_commits(git, {one.branch: tips[one.branch] for one in there}, mains)
    main = _read_main(git, mains, since=min(one.since for one in there))
    prints = patch_prints(git, _changes(owns.values(), main))
    _note_landed(main, prints)
    held = _held(git, mains)
    begun = _begun(git, [one for one in there if one.branch in held], tips, main)
    found = {one.branch: BranchFacts(tips.get(one.branch)) for one in asked}
    for one in there:
        if one.branch in held:
            found[one.branch] = _of_held(one, tips[one.branch], held[one.branch], begun, main)
        elif owns[one.branch].commits:
            found[one.branch] = _of_own(git, one, owns[one.branch], prints, main)
    return found


def _bare(name: str) -> str:
    return name.removeprefix("refs/remotes/").partition("/")[2] if name.startswith("refs/remotes/") else ""


def _read_main(git: Git, mains: Sequence[MainRef], *, since: float) -> _Main:
    main = _Main()
    options = ("-z", "--format=%H %T %S %P%n%b", f"--max-count={MOST_MAIN_COMMITS}", f"--since=@{int(since)} +0000")
    shorts = {ref.name: ref.short for ref in mains}
    with closing(git.records("log", "--no-patch", *options, *shorts, "--")) as records:
        for record in records:
            head, _, body = record.partition(b"\n")
            id_, tree, source, *parents = os.fsdecode(head).split(" ")
            commit = main.commits[id_] = commit_of((id_, tree, *parents))
            main.sources[id_] = shorts.get(source, source)
            main.trees.setdefault(tree, Landed(id_, main.sources[id_]))
            main.reverted |= {found.decode(): commit.id for found in _REVERTS.findall(body)}
            main.merged_tips |= dict.fromkeys(commit.parents[1:], commit.id)
    return main


def _changes(owns: Iterable[OwnCommits], main: _Main) -> list[str | Between]:
    """Every change whose fingerprint is needed: of main's commits, and of each branch in pieces and as a whole."""
    wanted: list[str | Between] = []
    has_any = False
    for own in owns:
        has_any = has_any or bool(own.commits)
        wanted += [commit.id for commit in own.plain]
        wanted += [between for between, _ in own.wholes()]
    if has_any:
        wanted += [commit.id for commit in main.commits.values() if len(commit.parents) == 1]
    return wanted


def _note_landed(main: _Main, prints: Mapping[str | Between, str]) -> None:
    for id_ in main.commits:
        if (found := prints.get(id_)) is not None:
            main.landed.setdefault(found, Landed(id_, main.sources[id_]))


def _held(git: Git, mains: Sequence[MainRef]) -> dict[str, str]:
    """Branches whose tip a main branch holds, by the name of that one."""
    held: dict[str, str] = {}
    for ref in mains:
        names = git.text("for-each-ref", f"--merged={ref.commit}", "--format=%(refname)", "refs/heads")
        for name in filter(None, names.split("\n")):
            held.setdefault(name.removeprefix("refs/heads/"), ref.short)
    return held


def _begun(git: Git, held: Sequence[Asked], tips: Mapping[str, str], main: _Main) -> set[str]:
    """Those that ever had a commit of their own: one that only followed main had none."""
    moved = [one for one in held if tips[one.branch] != one.base]
    begun = {one.branch for one in moved if one.is_worked_on or tips[one.branch] in main.merged_tips}
    unsure = [f"refs/heads/{one.branch}" for one in moved if one.branch not in begun]
    if unsure:
        said = git.text("log", "--walk-reflogs", "--no-patch", "--format=%gD %gs", *unsure, "--")
        for line in filter(None, said.split("\n")):
            name, _, message = line.partition(" ")
            if message.startswith(_OWN_WORK) or "Merge made by" in message:
                begun.add(name.rpartition("@{")[0].removeprefix("refs/heads/"))
    return begun


def _of_held(one: Asked, tip: str, holder: str, begun: set[str], main: _Main) -> BranchFacts:
    own = _since(main, tip, one.base)
    merge = main.merged_tips.get(tip)
    return BranchFacts(
        tip=tip,
        has_begun=one.branch in begun,
        held_by=holder,
        reverted_by=main.reverts([*([merge] if merge else ()), *own]),
    )


def _since(main: _Main, tip: str, base: str) -> list[str]:
    """The first-parent line from a tip on main back to a base."""
    line: list[str] = []
    while tip in main.commits and tip != base:
        line.append(tip)
        tip = next(iter(main.commits[tip].parents), base)
    return line


def _of_own(git: Git, one: Asked, own: OwnCommits, prints: Mapping[str | Between, str], main: _Main) -> BranchFacts:
    tip = own.commits[-1]
    wholes = [(main.landed.get(prints.get(between, "")), after) for between, after in own.wholes()]
    squashed = next((landed for landed, after in wholes if landed and after == 0), None)
    before = next(((landed, after) for landed, after in wholes if landed and after), None)
    changing = [commit.id for commit in own.plain if commit.id in prints]
    picked = tuple(landed for id_ in changing if (landed := main.landed.get(prints[id_])) is not None)
    same_tree = main.trees.get(tip.tree)
    landed_as = [landed.commit for landed in (squashed, same_tree) if landed]
    return BranchFacts(
        tip=tip.id,
        has_begun=True,
        own=len(changing) + len(own.commits) - len(own.plain),
        merges=len(own.commits) - len(own.plain),
        picked=picked,
        same_tree=same_tree,
        squashed=squashed,
        squashed_before=before,
        changes_nothing=own.fork is not None and own.fork.tree == tip.tree,
        reverted_by=main.reverts(landed_as or [landed.commit for landed in picked]),
        pull_request=one.pull_request.number if one.pull_request else None,
        is_request_merged=one.pull_request is not None and one.pull_request.is_merged,
        after_request=_after(git, one.pull_request, tip.id) if one.pull_request else None,
    )


def _after(git: Git, request: PullRequest, tip: str) -> int | None:
    said = git.run("rev-list", "--count", tip, f"^{request.head}", "--", check=False)
    return int(said.stdout) if said.exit_code == 0 else None
