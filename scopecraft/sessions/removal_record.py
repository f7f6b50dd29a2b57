"""What is written down of a removal: its record in the trash, and its line in the journal."""

from __future__ import annotations

from typing import Any

from scopecraft.missions.trash import Removal
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.sessions.context import Context
from scopecraft.sessions.removal_plan import Plan
from scopecraft.worktrees.pin import Pin


def record_of(plan: Plan, pinned: Pin | None, *, keep_ignored: bool, drop_ignored: bool) -> Removal:
    """As `pinned`: what is to go, and where each part of it will be."""
    mission, seen = plan.mission, plan.seen
    assert seen is not None
    kept = (*plan.small, *(plan.large if keep_ignored else ())) if plan.takes_worktree else ()
    ignored = tuple(weight.path for weight in kept)
    found = seen.found
    return Removal(
        phase="pinned",
        removed_at=clock.to_text(clock.now()),
        mission_id=mission.id,
        slug=mission.slug,
        title=mission.title,
        project=mission.project,
        branch=mission.branch,
        worktree=mission.worktree,
        takes_worktree=plan.takes_worktree,
        takes_branch=plan.takes_branch,
        pin=pinned.to_dict() if pinned else None,
        admin=str(seen.admin) if seen.admin else None,
        aside=tuple(sorted({*ignored, *(pinned.left if pinned else ()), *seen.aside})) if plan.takes_worktree else (),
        ignored=ignored,
        dropped=tuple(weight.path for weight in plan.large) if drop_ignored and not keep_ignored else (),
        commits=plan.commits,
        modified=len({*found.staged, *found.modified, *found.deleted}),
        untracked=len(found.untracked),
        kept_bytes=sum(weight.bytes for weight in kept),
        is_frozen=mission.is_frozen,
    )


def tell_journal(context: Context, removal: Removal) -> None:
    """Once, whoever is killed on the way."""
    told = context.store.events(mission_id=removal.mission_id)
    if any(e.kind == "mission_removed" and e.data.get("removed_at") == removal.removed_at for e in told):
        return
    pinned: dict[str, Any] = dict(removal.pin or {})
    data = {
        "removed_at": removal.removed_at,
        "branch": removal.branch,
        "tip": pinned.get("branch_tip"),
        "work": pinned.get("work"),
        "commits": removal.commits,
        "modified": removal.modified,
        "untracked": removal.untracked,
        "ignored": len(removal.ignored),
        "dropped": len(removal.dropped),
    }
    context.store.append(Event(0, clock.to_text(clock.now()), "mission_removed", removal.mission_id, data=data))
