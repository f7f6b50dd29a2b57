"""What merging and bringing in share: the two branches, what forbids it now, and telling the journal once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from scopecraft.config.projects import load_projects, project_named
from scopecraft.errors import AlreadyRunning, BadInput, MergeConflict, NotFound, Refused
from scopecraft.missions.folder import changing
from scopecraft.missions.trash import refuse_half_removed
from scopecraft.model import clock
from scopecraft.model.event import Event, EventKind
from scopecraft.model.mission import Mission
from scopecraft.model.session import Queued
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import repository_of
from scopecraft.sessions.present_mission import refuse_while_alive
from scopecraft.worktrees.mainline import default_branch
from scopecraft.worktrees.merge_tree import Conflict
from scopecraft.worktrees.moving import Move, checkout_of, heal
from scopecraft.worktrees.pointer import verify_pointer
from scopecraft.worktrees.repository import Repository, resolve_base
from scopecraft.worktrees.safe_changes import safe_changes

_RECENT_EVENTS = 200
_MOST_NAMED = 5
_MOST_CONFLICTS = 40


@dataclass(frozen=True, slots=True)
class Branches:
    """A mission's branch at `tip`, and the branch `base` (short) at `base_tip` that it belongs to."""

    repository: Repository
    tip: str
    base: str
    base_tip: str


def branches_of(context: Context, mission: Mission, base: str | None) -> Branches:
    """Raises NotFound for a branch that is not there, BadInput for the mission's own, Refused for no base at all."""
    repository = repository_of(project_named(load_projects(context.home), mission.project))
    tip = _commit(repository, mission.branch, f"what is known of it: sc show {mission.slug}")
    if base == mission.branch:
        raise BadInput(f"{clean_line(base)} is the mission's own branch", "name another one")
    chosen = base or default_branch(repository, mission.branch)
    if chosen is None:
        raise Refused(
            f"it is not known which branch {mission.slug} belongs to", "name one: --into BRANCH, or for a sync: --base"
        )
    return Branches(repository, tip, chosen, _commit(repository, chosen, "git branch lists those that are there"))


def _commit(repository: Repository, branch: str, hint: str) -> str:
    try:
        return resolve_base(repository, f"refs/heads/{branch}").commit
    except NotFound as error:
        raise NotFound(f"there is no branch {clean_line(branch, 80)!r} here", hint) from error


def as_it_is(context: Context, mission: Mission) -> Mission:
    """The mission as it is on disk, once nothing of it lives or is half done. Raises AlreadyRunning, Refused."""
    with changing(context.home, mission.id) as current:
        pass
    refuse_half_removed(context.home, current)
    refuse_while_alive(context, current)
    _refuse_at_work_in(context, Path(current.worktree))  # a part of another mission shares its worktree
    return current


def refuse_at_work(context: Context, repository: Repository, branch: str) -> None:
    """Raises AlreadyRunning where a session works on that branch."""
    checkout = checkout_of(repository, branch)
    if checkout is not None and not checkout.is_main:
        _refuse_at_work_in(context, checkout.top)


def _refuse_at_work_in(context: Context, worktree: Path) -> None:
    for session in context.store.live():
        if session.worktree and Path(session.worktree) == worktree and not isinstance(session.status, Queued):
            raise AlreadyRunning(
                f"{session.task} is at work in {clean_line(str(worktree))}: {session.id}",
                f"wait for it, or end it: sc stop {session.task}",
            )


def uncommitted_in(mission: Mission, repository: Repository) -> tuple[str, ...]:
    """The paths in its worktree that are on no branch; none where there is no worktree any more."""
    worktree = Path(mission.worktree)
    if not worktree.is_dir():
        return ()
    _, found = safe_changes(worktree, verify_pointer(worktree, repository.common_dir))
    paths = {*found.staged, *found.modified, *found.deleted, *found.untracked, *found.unmerged, *found.repositories}
    return tuple(sorted(paths))


def refuse_uncommitted(mission: Mission, paths: tuple[str, ...]) -> None:
    if paths:
        more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
        named = ", ".join(clean_line(path, 60) for path in paths[:_MOST_NAMED])
        worktree = clean_line(mission.worktree)
        raise Refused(
            f"{mission.slug} has changes that are not committed: {named}{more}",
            f"commit them: git -C {worktree} add -A && git -C {worktree} commit   or leave them out: --only-committed",
        )


def conflict(branch: str, other: str, conflicts: tuple[Conflict, ...], hint: str, *, at: str = "") -> MergeConflict:
    """With the files, each on a line of its own."""
    count = "one file" if len(conflicts) == 1 else f"{len(conflicts)} files"
    lines = [f"{clean_line(each.path, 200)}: {each.kind}" for each in conflicts[:_MOST_CONFLICTS]]
    if len(conflicts) > _MOST_CONFLICTS:
        lines.append(f"and {len(conflicts) - _MOST_CONFLICTS} more")
    where = f", at {at[:12]}" if at else ""
    told = f"{clean_line(branch)} and {clean_line(other)} conflict in {count}{where}; nothing was changed"
    return MergeConflict("\n".join((told, *lines)), hint)


def healed(context: Context, repository: Repository) -> Move | None:
    """What a killed merge or sync had begun in this repository is finished, and told."""
    return heal(repository, telling(context))


def note_of(
    context: Context, mission: Mission, kind: EventKind, data: dict[str, str | int | bool | None]
) -> dict[str, object]:
    """What `telling` needs to know, in whichever process."""
    return {"home": str(context.home.root), "mission_id": mission.id, "kind": kind, "data": data}


def telling(context: Context) -> Callable[[Move], None]:
    """Writes a move into the journal of the home that it is of, unless it is there already."""

    def tell(move: Move) -> None:
        note = move.note
        if note.get("home") != str(context.home.root):
            return
        kind, mission_id, data = cast(EventKind, note["kind"]), str(note["mission_id"]), note["data"]
        latest = context.store.earlier_events(mission_id=mission_id, limit=_RECENT_EVENTS)
        if not any(event.kind == kind and event.data.get("commit") == data["commit"] for event in latest):
            context.store.append(Event(0, clock.to_text(clock.now()), kind, mission_id, data=data))

    return tell
