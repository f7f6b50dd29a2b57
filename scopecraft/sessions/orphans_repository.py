"""Worktrees, branches and refs in the linked repositories that scopecraft made and no mission has.

Where a person's work could be in one of them it stays, and is named.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

from scopecraft.config.projects import Project, load_projects
from scopecraft.errors import Refused, RepositoryRefused, ScopecraftError, StateUnreadable, UnsafeTree
from scopecraft.model.ids import MISSION_ID
from scopecraft.model.text import clean_line
from scopecraft.sessions.clean_up import remove_tree
from scopecraft.sessions.context import Context
from scopecraft.sessions.occupants import occupants_of
from scopecraft.sessions.orphans import Known, Orphan
from scopecraft.sessions.places import repository_of
from scopecraft.worktrees.kept import remove_refs
from scopecraft.worktrees.leftovers import forget_half_made
from scopecraft.worktrees.merge_facts import Asked, merge_facts
from scopecraft.worktrees.merged import verdict
from scopecraft.worktrees.pointer import admin_dir, read_pointer
from scopecraft.worktrees.removal import bring_back, drop_branch, forget_worktree, set_apart
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.seeds import Ref, list_refs
from scopecraft.worktrees.snapshot import Worktree, snapshot
from scopecraft.worktrees.survey import Survey, survey
from scopecraft.worktrees.uncommitted import changes
from scopecraft.worktrees.worktree import MADE_BRANCH

_APART = ".pruned-"  # a worktree set apart, perhaps not looked at again
_GONE = ".gone-"  # one in which nothing is missed
_NOBODYS = "no mission has it"


def worktrees(context: Context, known: Known) -> Iterator[Orphan]:
    """Below the home's own folder only: elsewhere they may be another home's."""
    _require_whole(known)
    root = context.home.worktrees
    apart = {origin: folder for folder in sorted(root.glob(f"{_APART}*")) if (origin := _origin(folder)) is not None}
    seen: set[Path] = set()
    for _, repository in _repositories(context):
        for tree in snapshot(repository).worktrees:
            if tree.is_main or not tree.path.is_relative_to(root):
                continue
            seen.add(tree.path)
            if tree.path in apart:
                yield _half_removed(apart.pop(tree.path), tree.path)
            elif str(tree.path) not in known.worktrees:
                yield _worktree(context, repository, tree)
    for folder in _folders(root):
        if folder not in seen and str(folder) not in known.worktrees:
            yield from _folder(folder)


def _worktree(context: Context, repository: Repository, tree: Worktree) -> Orphan:
    name = clean_line(str(tree.path))
    if tree.is_half_made:
        why = "a start that was killed had begun to make it"
        return Orphan("worktree", name, why, "removed", lambda: forget_half_made(repository, tree.path))
    try:
        found = survey(repository, tree.path, tree.branch or "")
    except ScopecraftError as error:
        return Orphan("worktree", name, _NOBODYS, f"left: {error.message}")
    held = _what_it_holds(found)
    if tree.is_missing:
        why = f"{_NOBODYS}, and its folder is gone"
        if held:
            return Orphan("worktree", name, why, f"git still has {held} of it: git worktree prune would lose that")
        clear = lambda: forget_worktree(repository, tree.path, None, tree.path)  # noqa: E731
        return Orphan("worktree", name, why, "forgotten by git", clear)
    if held:
        return Orphan("worktree", name, _NOBODYS, f"it has {held}, so it stays: look at it, then git worktree remove")
    ignored = len(found.found.ignored)
    will = f"removed, with {ignored} ignored path{'' if ignored == 1 else 's'} in it" if ignored else "removed"
    return Orphan("worktree", name, _NOBODYS, will, lambda: _take_away(context, repository, found))


def _what_it_holds(found: Survey) -> str:
    """What would be lost with it; empty where nothing would."""
    if not found.found.is_clean or found.found.hidden:
        return "uncommitted work"
    if found.aside:
        return "repositories of its own in it"
    if found.lost:
        return "commits that only its own log names"
    if found.head_ref is None:
        return "no branch checked out"
    return "submodules" if found.admin is not None and (found.admin / "modules").is_dir() else ""


def _take_away(context: Context, repository: Repository, found: Survey) -> None:
    """Set apart, looked at once more, and only then removed."""
    if inside := occupants_of(found.worktree):
        raise Refused(f"{inside[0].command} ({inside[0].pid}) is at work in {found.worktree}", "leave that folder")
    apart = context.home.worktrees / f"{_APART}{secrets.token_hex(4)}"
    set_apart(found.worktree, apart)
    is_same = False
    try:
        is_same = changes(found.git(apart)) == found.found
    finally:
        if not is_same:
            bring_back(apart, found.worktree)
    if not is_same:
        raise Refused(f"somebody works in {found.worktree}", "see what it holds, and run sc prune again")
    # under another name before anything of it goes: who is killed until here leaves it to be put back
    gone = apart.with_name(apart.name.replace(_APART, _GONE))
    apart.rename(gone)
    forget_worktree(repository, found.worktree, found.admin, gone)
    remove_tree(gone)


def _origin(folder: Path) -> Path | None:
    """Where a worktree that was set apart stood, as git has it; None where nobody can tell."""
    try:
        back = (admin_dir(read_pointer(folder)) / "gitdir").read_bytes()
    except (OSError, UnsafeTree):
        return None
    return Path(os.fsdecode(back).removesuffix("\n")).parent


def _half_removed(folder: Path, origin: Path) -> Orphan:
    """Somebody may have worked in it until the moment that it was set apart."""
    name, why = clean_line(str(folder)), "an earlier removal was killed before it was sure that nothing is lost"
    if os.path.lexists(origin):
        return Orphan("worktree", name, why, f"it stays: something stands at {clean_line(str(origin))} again")
    will = f"put back, to be looked at anew: {clean_line(str(origin))}"
    return Orphan("worktree", name, why, will, lambda: bring_back(folder, origin))


def _folder(folder: Path) -> Iterator[Orphan]:
    """One that git does not know: whatever is in it is on no branch."""
    name = clean_line(str(folder))
    if folder.name.startswith(_GONE):
        yield Orphan("worktree", name, "an earlier removal was killed", "removed", lambda: remove_tree(folder))
    elif folder.name.startswith(_APART) and _origin(folder) is not None:
        return  # of a repository that is away just now, or told of already
    elif next(folder.iterdir(), None) is None:
        yield Orphan("worktree", name, "an empty folder", "removed", folder.rmdir)
    else:
        yield Orphan("worktree", name, "neither git nor a mission knows it", "it has files, so it stays: look at it")


def _folders(root: Path) -> Iterator[Path]:
    for project in sorted(root.iterdir()):
        if project.name.startswith((_APART, _GONE)):
            yield project
        elif project.is_dir() and not project.is_symlink() and not project.name.startswith("."):
            yield from sorted(tree for tree in project.iterdir() if tree.is_dir() and not tree.is_symlink())


def branches(context: Context, known: Known) -> Iterator[Orphan]:
    """Made by scopecraft, as their first log line says, and checked out nowhere."""
    _require_whole(known)
    for project, repository in _repositories(context):
        seen = snapshot(repository)
        taken = known.branches(project.name) | {tree.branch for tree in seen.worktrees if tree.branch}
        taken |= seen.main_branches
        made = [one for name in seen.branches if name not in taken and (one := _made(repository, name))]
        facts = merge_facts(repository, made)
        for one in made:
            name, at, tip = one.branch, one.base, seen.branches[one.branch]
            found = verdict(facts[name])
            shown = clean_line(name)
            if tip == at or found.how is not None:
                why = f"{_NOBODYS}, and " + ("nothing was committed on it" if tip == at else f"it is {found.why}")
                yield Orphan("branch", shown, why, "deleted", _drop(repository, name, tip))
            else:
                yield Orphan("branch", shown, _NOBODYS, f"it stays: {found.why}; to lose it: git branch -D {shown}")


def _made(repository: Repository, branch: str) -> Asked | None:
    """Where and when scopecraft made the branch; None for one that somebody else made."""
    try:
        with (repository.common_dir / "logs" / "refs" / "heads" / branch).open("rb") as log:
            head, _, message = os.fsdecode(log.readline(1 << 16)).rstrip("\n").partition("\t")
    except OSError:
        return None
    words = head.split(" ")  # the commit before and after, who, when, and in which time zone
    is_ours = message == MADE_BRANCH and len(words) > 4 and words[-2].isdecimal()
    return Asked(branch, words[1], float(words[-2]) - 60) if is_ours else None


def _drop(repository: Repository, branch: str, tip: str) -> Callable[[], None]:
    def drop() -> None:
        if snapshot(repository).on_branch(branch) is not None:
            raise Refused(f"the branch {branch} is checked out now", "git worktree list says where")
        if not drop_branch(repository, branch, tip):
            raise Refused(f"the branch {branch} has moved", "run sc prune again")

    return drop


def refs(context: Context, known: Known) -> Iterator[Orphan]:
    """Of missions that this home had once, by its journal, and that are gone without a trace in the trash."""
    for project, repository in _repositories(context):
        by_mission: dict[str, list[Ref]] = {}
        for ref in list_refs(repository.git, "refs/scopecraft"):
            mission_id = ref.name.split("/")[2]
            if MISSION_ID.fullmatch(mission_id) and mission_id not in known.ids:
                by_mission.setdefault(mission_id, []).append(ref)
        for mission_id, own in by_mission.items():
            if context.store.events(mission_id=mission_id, limit=1):
                yield _refs(project, repository, mission_id, own)


def _refs(project: Project, repository: Repository, mission_id: str, own: list[Ref]) -> Orphan:
    why = f"mission {mission_id} is gone"
    name = f"{len(own)} ref{'' if len(own) == 1 else 's'} of {mission_id} in {project.name}"
    known = ("--branches", "--remotes", "--tags")
    beyond = repository.git.run(
        "rev-list", "--count", *(ref.id for ref in own), "--not", *known, "--", check=False
    ).stdout.strip()
    if beyond != b"0":
        count = beyond.decode() or "unknown"
        return Orphan("refs", name, why, f"kept: {count} commits are on no branch; refs/scopecraft/{mission_id}")
    return Orphan("refs", name, why, "removed", lambda: remove_refs(repository.git, [ref.name for ref in own]))


def _repositories(context: Context) -> Iterator[tuple[Project, Repository]]:
    """Those that are there; of one that is away nothing can be told, which finishing its missions says already."""
    for project in load_projects(context.home):
        try:
            yield project, repository_of(project)
        except RepositoryRefused:
            continue


def _require_whole(known: Known) -> None:
    """Raises StateUnreadable where a mission cannot be read: what is its own would look like nobody's."""
    if known.damaged:
        raise StateUnreadable(known.damaged[0], "mend that first")
