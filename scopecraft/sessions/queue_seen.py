"""The queue as a person looks at it: who runs, who waits at which place, the limits, and what holds the line up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scopecraft.missions.advance import VISIT_STEP
from scopecraft.model.queue import Occupancy, QueueRules
from scopecraft.model.session import Queued, is_live
from scopecraft.sessions.context import Context
from scopecraft.sessions.look import View, look_at_all
from scopecraft.sessions.session_json import view_dict


@dataclass(frozen=True, slots=True)
class QueueView:
    running: tuple[View, ...]  # starting, running, or waiting for a person
    waiting: tuple[View, ...]  # in their order
    occupancy: Occupancy
    rules: QueueRules
    is_supervised: bool


def queue_view(context: Context, *, is_supervised: bool) -> QueueView:
    """What ended unseen is settled on the way, so that it does not seem to hold a slot."""
    asked = [each for each in context.store.live() if each.mode == "autonomous" and each.step_id != VISIT_STEP]
    views = [view for view in look_at_all(context, asked) if is_live(view.session.status)]
    waiting = [view for view in views if isinstance(view.session.status, Queued) and view.place]
    return QueueView(
        running=tuple(view for view in views if not isinstance(view.session.status, Queued)),
        waiting=tuple(sorted(waiting, key=lambda view: view.place)),
        occupancy=context.store.queue.occupancy(),
        rules=context.store.queue.rules(),
        is_supervised=is_supervised,
    )


def queue_dict(seen: QueueView) -> dict[str, Any]:
    rules = seen.rules
    return {
        "running": [view_dict(view) for view in seen.running],
        "waiting": [view_dict(view) for view in seen.waiting],
        "counts": {
            "running": seen.occupancy.running,
            "waiting": seen.occupancy.waiting,
            "waiting_new": seen.occupancy.waiting_new,
        },
        "limits": limits_dict(rules),
        "paused": rules.is_paused,
        "paused_because": rules.paused_because or None,
        "parked_until": rules.parked_until,
        "parked_because": rules.parked_because or None,
        "stop_on_failure": rules.stops_on_failure,
        "supervisor": seen.is_supervised,
    }


def limits_dict(rules: QueueRules) -> dict[str, int]:
    return {"running": rules.max_running, "waiting": rules.max_waiting}
