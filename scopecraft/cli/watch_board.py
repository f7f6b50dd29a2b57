"""What `sc watch` shows: everything that has not ended, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from scopecraft.config.paths import Home
from scopecraft.model.queue import QueueRules
from scopecraft.model.session import is_live
from scopecraft.sessions.context import Context
from scopecraft.sessions.look import View, look_at_all
from scopecraft.supervisor.watching import Activities, activities_of


@dataclass(frozen=True, slots=True)
class Board:
    """`complaint`: why the latest look failed; what stands here is then from the one before."""

    views: tuple[View, ...] = ()
    activities: Activities = field(default_factory=dict)
    rules: QueueRules = field(default_factory=QueueRules)
    complaint: str = ""
    notices: tuple[str, ...] = ()  # what went wrong with the state itself, and was mended
    is_stuck: bool = False  # something stands in line, and no supervisor is up to start it


def look(context: Context) -> Board:
    """Everything that has not ended. What ended unseen is settled on the way."""
    views = [view for view in look_at_all(context, context.store.live()) if is_live(view.session.status)]
    store = context.store
    return Board(
        views=tuple(views),
        activities=activities_of(context.home),
        rules=store.queue.rules(),
        notices=store.notices,
        is_stuck=any(view.word == "queued" for view in views) and not _is_supervised(context.home),
    )


def complained(board: Board | None, why: str) -> Board:
    return replace(board or Board(), complaint=why)


def _is_supervised(home: Home) -> bool:
    from scopecraft.supervisor.client import is_up

    return is_up(home)
