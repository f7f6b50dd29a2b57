"""What a person does to the queue: each change is in the database when its function returns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scopecraft.errors import Refused
from scopecraft.model import clock
from scopecraft.model.naming import slug_of
from scopecraft.model.queue import QueueItem, QueueRules
from scopecraft.model.session import Queued, Session, is_live
from scopecraft.queueing import ruling
from scopecraft.queueing.fifo import moved
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import session_named
from scopecraft.sessions.stop import leave_line


@dataclass(frozen=True, slots=True)
class Changed:
    """The rules before and after; equal where nothing was left to change."""

    before: QueueRules
    after: QueueRules


def standing(context: Context, text: str, cwd: Path, project: str | None = None) -> Session:
    """Who waits under that very name, before anything that `session_named` would find; raises what that raises."""
    slug = slug_of(text).casefold()
    waiting = [item.session for item in context.store.line() if project in (None, item.session.project)]
    named = [session for session in waiting if slug and session.task.casefold() == slug]
    return named[0] if len(named) == 1 else session_named(context, text, cwd, project)


def require_waiting(session: Session) -> None:
    """Raises Refused for one that has begun; one that has ended is for the caller to tell."""
    if is_live(session.status) and not isinstance(session.status, Queued):
        raise Refused(
            f"{session.task} does not wait in the queue: it is {session.status.kind}",
            f"end it: sc stop {session.task}",
        )


def take_out(context: Context, session: Session, by: str) -> bool:
    """Whether it waited until now. Raises Refused for one that has begun."""
    require_waiting(session)
    if not is_live(session.status):
        return False
    leave_line(context, session, by)
    return True


def move(context: Context, session: Session, place: int) -> tuple[int, int]:
    """Its places before and after, from 1. Raises BadInput for a place that is not there, Refused if it waits not."""
    items = context.store.line()
    before = place_of(items, session.id)
    if before == 0:
        raise Refused(f"{session.task} does not wait in the queue", "see who does: sc queue")
    order = moved([item.session.id for item in items], session.id, place)
    if place != before:
        context.store.queue.reorder(order, _now(), {"moved": session.task, "place": place})
    # others may have begun or come meanwhile
    return before, place_of(context.store.line(), session.id) or place


def place_of(items: list[QueueItem], session_id: str) -> int:
    """From 1; 0 for one that does not wait."""
    return next((item.place for item in items if item.session.id == session_id), 0)


def pause(context: Context) -> Changed:
    return _change(context, ruling.paused, {"paused": True})


def resume(context: Context) -> Changed:
    return _change(context, ruling.resumed, {"resumed": True})


def limit(context: Context, *, running: int | None, waiting: int | None) -> Changed:
    """Raises BadInput."""
    return _change(
        context,
        lambda rules: ruling.limited(rules, running=running, waiting=waiting),
        {"running": running, "waiting": waiting},
    )


def stop_on_failure(context: Context, *, is_on: bool) -> Changed:
    return _change(
        context,
        lambda rules: ruling.stopping_on_failure(rules, is_on=is_on),
        {"stop_on_failure": "on" if is_on else "off"},
    )


def _change(context: Context, change: ruling.Change, data: dict[str, str | int | bool | None]) -> Changed:
    seen: list[QueueRules] = []

    def changed(rules: QueueRules) -> QueueRules:
        seen.append(rules)  # within the transaction
        return change(rules)

    after = context.store.queue.change_rules(changed, _now(), data)
    return Changed(seen[-1], after)


def _now() -> str:
    return clock.to_text(clock.now())
