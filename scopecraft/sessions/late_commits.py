"""Commits that could not be taken when their session ended, for a reason of the host's, and can be now."""

from __future__ import annotations

import contextlib

from scopecraft.errors import LockHeld, ScopecraftError
from scopecraft.model import clock
from scopecraft.model.session import Session, is_live
from scopecraft.sessions.clean_up import drop_private
from scopecraft.sessions.container_launch import harvest_name
from scopecraft.sessions.context import Context
from scopecraft.sessions.decided import POSTPONED
from scopecraft.sessions.deciding import alert_event, commits_event
from scopecraft.sessions.redaction import redacted_alert, secrets_of
from scopecraft.sessions.settle import held
from scopecraft.sessions.settle_facts import load_facts
from scopecraft.sessions.take_commits import take_commits

_LAST_WORDS = frozenset({"commits_taken", POSTPONED, "commits_refused"})


def take_late_commits(context: Context, session: Session) -> None:
    """Quiet while they still cannot be taken; taken once, whoever comes first. Raises StorageFailed."""
    if is_live(session.status) or not _are_postponed(context, session):
        return
    try:
        with held(context, session.id, 0):
            if _are_postponed(context, session):
                _take(context, session)
    except LockHeld:
        return  # somebody else is at it


def _take(context: Context, session: Session) -> None:
    try:
        facts = load_facts(context.folder(session.id))
    except ScopecraftError:
        return
    if facts.private is None:
        return
    taken = take_commits(context, session, facts)
    if taken.is_postponed:
        return
    secrets = secrets_of(context, session)
    events = [alert_event(session, redacted_alert(alert, secrets)) for alert in taken.alerts]
    context.store.append(*events, commits_event(session, taken, clock.to_text(clock.now())))
    if not taken.is_private_needed:
        drop_private(context, session)
    with contextlib.suppress(ScopecraftError):
        # of one who was killed while taking them
        context.engine_at(facts.where or context.engine).discard(harvest_name(session))


def _are_postponed(context: Context, session: Session) -> bool:
    words = [
        str(event.data.get("code", "")) if event.kind == "alert_raised" else event.kind
        for event in context.store.events(session_id=session.id)
    ]
    said = [word for word in words if word in _LAST_WORDS]
    return said[-1:] == [POSTPONED]
