"""What an agent did in its private git directory, brought to the main repository: checked first, never lost.

The branch of the mission moves; everything else stands under `refs/scopecraft/<mission>/`. Doing it twice, or again
after it was killed half-way, does no harm.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from scopecraft.errors import CommitsRefused, GitFailed, UnsafeTree
from scopecraft.model.event import Alert
from scopecraft.model.text import clean_line
from scopecraft.worktrees import alerts
from scopecraft.worktrees.checkout import worktree_git
from scopecraft.worktrees.facts import PrivateFacts, trusted_since_ns
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.harvest import Harvest, read_harvest
from scopecraft.worktrees.index import rebuild_index
from scopecraft.worktrees.intake import Intake, relation, take_in
from scopecraft.worktrees.kept import RefChanges, ref_changes, remove_refs, with_aside, write_refs
from scopecraft.worktrees.large_files import take_large_files
from scopecraft.worktrees.nested import clear_nested
from scopecraft.worktrees.pointer import admin_dir
from scopecraft.worktrees.private import head_of
from scopecraft.worktrees.quarantine import quarantine
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.seeds import Ref, list_refs, namespace
from scopecraft.worktrees.submodules import Submodule, is_in_place, share_with_main
from scopecraft.worktrees.verdict import Verdict, decide

# other missions take back at the same time, and git gives up on a lock after 0.1 s
_PATIENT = {"core.filesRefLockTimeout": "10000", "core.packedRefsTimeout": "10000"}
_MOST_LINKS = 1000  # that are counted: a tree can have a million
_UNREADABLE = "commits not taken back: what the agent did could not be read out of its container"


@dataclass(frozen=True, slots=True)
class TakeBack:
    """`branch_tip` is the branch's commit now, None when there is no such branch; `commits` came with this session.

    `refused` says what was not taken and why. With it, or with something in progress, the private git directory is
    still needed: the next session may resume from it.
    """

    branch_tip: str | None
    commits: int = 0
    moved: bool = False
    kept_refs: tuple[str, ...] = ()
    alerts: tuple[Alert, ...] = ()
    in_progress: str | None = None
    refused: str | None = None

    @property
    def is_private_needed(self) -> bool:
        return self.refused is not None or self.in_progress is not None


@dataclass(frozen=True, slots=True)
class _Settled:
    """The branch's commit now, the one that it was meant to have, and whether it has all of that one's history."""

    now: str | None
    target: str
    has_all: bool
    kept: tuple[str, ...]
    bases: tuple[str, ...]  # refs that a private directory without further use does not need any more


def take_back(repo: Repository, facts: PrivateFacts, harvest: Harvest | None) -> TakeBack:
    """The container must have ended. None for a harvest that could not be read: then only the worktree is made safe.

    What an agent did never raises; GitFailed, StorageFailed and RepositoryRefused tell of the host.
    """
    raised = _make_safe(facts)
    # those inside others first: what a commit names must be there when it comes
    parts = [(part, _take_submodule(repo, facts, part)) for part in reversed(facts.submodules)]
    return _with_parts(_take_one(repo, facts, harvest, raised), parts)


def _take_submodule(project: Repository, facts: PrivateFacts, part: PrivateFacts) -> TakeBack:
    """Into the git directory that the host made for it."""
    submodule = Submodule(part.path, "", Path(part.worktree), os.fsencode(part.pointer), "")
    if not (submodule.git_dir / "HEAD").is_file():
        return TakeBack(None, refused="commits not taken back: its git directory is gone")
    if not is_in_place(part.path, Path(facts.worktree)):
        part = replace(part, worktree=str(Path(part.session_folder) / "gone"))
    try:
        harvest = read_harvest(part.harvest_folder)
    except CommitsRefused:
        harvest = None
    taken = _take_one(submodule.repository(project), part, harvest, [])
    own = f"{namespace(part.mission_id)}worktree"
    admin = admin_dir(os.fsencode(facts.pointer))
    share_with_main(submodule.git_dir, admin=admin, common_dir=project.common_dir, ref=_branch(part), kept_as=own)
    return taken


def _with_parts(result: TakeBack, parts: Sequence[tuple[PrivateFacts, TakeBack]]) -> TakeBack:
    """What is said of submodules is said with their names; what is left in one keeps all that the session had."""
    raised = [alerts.of_submodule(part.path, alert) for part, taken in parts for alert in taken.alerts]
    left = [
        f"in the submodule {clean_line(part.path)}: {taken.refused or f'a {taken.in_progress} is half done'}"
        for part, taken in parts
        if taken.is_private_needed
    ]
    refused = result.refused or (left[0] if left else None)
    return replace(result, alerts=(*raised, *result.alerts), refused=refused)


def _take_one(repo: Repository, facts: PrivateFacts, harvest: Harvest | None, raised: list[Alert]) -> TakeBack:
    git = repo.git.with_config(_PATIENT)
    if harvest is None:
        return _refused(git, facts, raised, _UNREADABLE)
    try:
        with quarantine(repo, Path(facts.session_folder) / "objects") as store:
            taken = take_in(store, harvest, Ref(facts.tip, _branch(facts)), _ids_at_start(facts))
            verdict = decide(
                taken.harvest,
                branch=facts.branch,
                tip=facts.tip,
                relate=lambda old, new: relation(store.git, old, new),
                is_resumed=not _began_at_tip(facts),
            )
            wrong = take_large_files(store, repo, Path(facts.session_folder) / "git")
            with store.released():
                settled = _settle_refs(git, facts, taken, verdict)
    except CommitsRefused as error:
        return _refused(git, facts, raised, error.message)
    raised += [*alerts.of_verdict(verdict, facts), *alerts.of_harvest(harvest)]
    raised += alerts.of_large_files(wrong)
    raised += alerts.of_kept(_beside_branch(git, facts, settled, verdict))
    # nothing staged in a directory from before the branch's last commits: that is no wish to undo them
    has_staged = verdict.relation != "behind" or verdict.target or taken.harvest.staged_tree != taken.head_tree
    tree = taken.harvest.staged_tree if has_staged else None
    raised += _settle_index(facts, settled, tree or "HEAD")
    raised += alerts.of_gitlinks(_new_gitlinks(git, facts, taken, settled))
    if taken.refused is not None:
        raised.append(alerts.refused(taken.refused, facts))
    moved = settled.has_all and settled.target != facts.tip
    result = TakeBack(
        branch_tip=settled.now,
        commits=int(git.text("rev-list", "--count", settled.target, f"^{facts.tip}")) if moved else 0,
        moved=moved,
        kept_refs=settled.kept,
        alerts=tuple(raised),
        in_progress=harvest.in_progress,
        refused=taken.refused,
    )
    if not result.is_private_needed:
        remove_refs(git, settled.bases)
    return result


def _make_safe(facts: PrivateFacts) -> list[Alert]:
    """Before any git runs in the worktree."""
    worktree = Path(facts.worktree)
    if not worktree.is_dir():
        return []
    into = Path(facts.session_folder) / "nested"
    since_ns = trusted_since_ns(facts)
    found = clear_nested(worktree, into, since_ns=since_ns, pointers=facts.submodule_pointers)
    return list(alerts.of_nested(found))


def _refused(git: Git, facts: PrivateFacts, raised: list[Alert], why: str) -> TakeBack:
    return TakeBack(_branch_tip(git, facts), alerts=(*raised, alerts.refused(why, facts)), refused=why)


def _settle_refs(git: Git, facts: PrivateFacts, taken: Intake, verdict: Verdict) -> _Settled:
    """The mission's refs first: what they name is safe, whatever comes of the branch."""
    own = namespace(facts.mission_id)
    known = {ref.name.removeprefix(own): ref.id for ref in list_refs(git, own)}
    changes = RefChanges({}) if taken.refused else ref_changes(taken, branch=facts.branch, known=known)
    aside = {f"old/{facts.tip}": facts.tip, "head": verdict.stray, "tip": verdict.rejected}
    kept = write_refs(git, own, with_aside(changes, aside, known))
    target = verdict.target or facts.tip
    now = _move_branch(git, facts, target)
    has_all = now is not None and (now == target or git.succeeds("merge-base", "--is-ancestor", target, now))
    if not has_all:
        kept += write_refs(git, own, with_aside(RefChanges({}), {"tip": target}, known))
    if verdict.relation in ("same", "forward"):
        kept = tuple(name for name in kept if name != f"{own}old/{facts.tip}")
    return _Settled(now, target, has_all, kept, tuple(own + name for name in known if name.startswith("base/")))


def _move_branch(git: Git, facts: PrivateFacts, target: str) -> str | None:
    """Only from the commit that the session began at; the branch's commit afterwards."""
    if target == facts.tip:
        return _branch_tip(git, facts)
    # of the worktree, so that its own reflog tells of it too
    admin = admin_dir(os.fsencode(facts.pointer))
    there = replace(git, git_dir=admin) if admin.is_dir() else git
    message = f"scopecraft: taken back from {Path(facts.session_folder).name}"
    moved = there.run("update-ref", "-m", message, _branch(facts), target, facts.tip, check=False)
    return target if moved.exit_code == 0 else _branch_tip(git, facts)


def _branch_tip(git: Git, facts: PrivateFacts) -> str | None:
    return next((ref.id for ref in list_refs(git, _branch(facts)) if ref.name == _branch(facts)), None)


def _began_at_tip(facts: PrivateFacts) -> bool:
    """Whether the private directory was made with the branch at its tip, not earlier, for a session before."""
    return os.fsencode(f"{facts.tip} {_branch(facts)}") in _lines_at_start(facts, "seeds")


def _lines_at_start(facts: PrivateFacts, name: str) -> list[bytes]:
    """Of a file that the host wrote for the harvest, and that the container could not change."""
    try:
        return (Path(facts.session_folder) / "harvest" / name).read_bytes().split(b"\n")
    except OSError:
        return []


def _ids_at_start(facts: PrivateFacts) -> list[str]:
    return [line.decode().removeprefix("^") for line in _lines_at_start(facts, "old") if line]


def _beside_branch(git: Git, facts: PrivateFacts, settled: _Settled, verdict: Verdict) -> list[str]:
    """What was kept with new commits that are not on the mission's branch; not what another alert names."""
    own = namespace(facts.mission_id)
    places = tuple(own + kind for kind in ("heads", "tags", "unnamed"))
    kept = {name for name in settled.kept if name.startswith(places)}
    if not kept:
        return []
    known = set(_ids_at_start(facts))
    known |= {id_ for id_ in (verdict.stray, verdict.rejected) if id_ is not None}
    refs = list_refs(git, f"--no-merged={settled.target}", *places)
    return [ref.name for ref in refs if ref.name in kept and ref.id not in known]


def _settle_index(facts: PrivateFacts, settled: _Settled, tree: str) -> list[Alert]:
    if settled.now != settled.target:
        return [alerts.branch_changed(facts, settled.now, has_all=settled.has_all)]
    pointer = os.fsencode(facts.pointer)
    if not Path(facts.worktree).is_dir() or head_of(pointer) != f"ref: {_branch(facts)}":
        return [alerts.index_left("the mission's branch is not checked out there any more")]
    try:
        rebuild_index(worktree_git(Path(facts.worktree), pointer), tree)
    except (GitFailed, UnsafeTree) as error:
        return [alerts.index_left(error.message)]
    return []


def _new_gitlinks(git: Git, facts: PrivateFacts, taken: Intake, settled: _Settled) -> list[str]:
    """Paths that were no links to a repository before, in the branch or in what is staged."""
    trees = {settled.target, taken.harvest.staged_tree or settled.target} - {facts.tip}
    if settled.target == taken.harvest.head and taken.harvest.staged_tree == taken.head_tree:
        trees.discard(taken.head_tree)
    found: dict[str, None] = {}
    for tree in sorted(trees):
        # committed trees only: nothing of the worktree is read, so asking for submodules runs nothing of theirs
        options = ("-r", "-z", "--raw", "--no-renames", "--ignore-submodules=none")
        fields = git.records("diff-tree", *options, facts.tip, tree)
        for change, path in zip(fields, fields, strict=True):  # of one iterator: by twos
            before, after = change.split(b" ")[:2]
            if after == b"160000" != before.removeprefix(b":") and len(found) < _MOST_LINKS:
                found[os.fsdecode(path)] = None
    return list(found)


def _branch(facts: PrivateFacts) -> str:
    return f"refs/heads/{facts.branch}"
