"""Settling: what ended while nobody looked gets its outcome, its commits and its honest record, exactly once."""

from __future__ import annotations

import contextlib

from scopecraft.agents.base import dialect
from scopecraft.atomic import file_lock
from scopecraft.errors import LockHeld, ScopecraftError, StateUnreadable
from scopecraft.missions.advance import when_ended
from scopecraft.missions.folder import changing, record_run, save_mission
from scopecraft.model import clock
from scopecraft.model.activity import Activity
from scopecraft.model.event import Alert, Event
from scopecraft.model.handle import ContainerHandle, Exited, Gone, Handle, Look
from scopecraft.model.session import (
    Ended,
    Failed,
    Interrupted,
    Outcome,
    Running,
    Session,
    handle_of,
    is_live,
)
from scopecraft.sessions.context import Context
from scopecraft.sessions.folder import last_words, launcher_exit
from scopecraft.sessions.outcome import Evidence, decide_outcome
from scopecraft.sessions.settle_facts import SettleFacts, load_facts
from scopecraft.sessions.take_commits import Taken, drop_private, take_commits

LOCK_WAIT_SECONDS = 60.0


def settle(context: Context, session_id: str, *, wait_seconds: float = LOCK_WAIT_SECONDS) -> Session:
    """The session as it is now: unchanged while it lives or nobody can tell, ended and cleaned up if it is over.

    Another process that starts or settles it is waited for; after that time the session is returned as it is.
    """
    session = _get(context, session_id)
    if not is_live(session.status):
        return session
    try:
        with file_lock(context.folder(session_id).lock, timeout=wait_seconds):
            return _settle_held(context, _get(context, session_id))
    except LockHeld:
        return _get(context, session_id)


def look_at(context: Context, handle: Handle) -> Look:
    """Asks the engine or tmux; never raises because nobody answered."""
    if isinstance(handle, ContainerHandle):
        return context.engine_of(handle).look(handle)
    return context.tmux_of(handle).look(handle)


def _settle_held(context: Context, session: Session) -> Session:
    if not is_live(session.status):
        return session
    handle = handle_of(session.status)
    if handle is None:
        return _settle_starting(context, session)
    look = look_at(context, handle)
    if isinstance(look, Exited | Gone):
        return _finish(context, session, handle, look)
    return session


def _settle_starting(context: Context, session: Session) -> Session:
    """Its lock was free, so whoever started it is dead: what it got up is adopted, else there is nothing."""
    executor = context.containers if session.executor == "container" else context.tmux
    handle = executor.adopt(session.id)
    at = clock.to_text(clock.now())
    if handle is None:
        _remove_secrets(context, session)
        return _end(context, session, Interrupted("starter"), Taken())
    moved = context.store.move(session.id, Running(at, handle), "session_started", at, data={"adopted": True})
    return _settle_held(context, moved or session)


def _finish(context: Context, session: Session, handle: Handle, look: Exited | Gone) -> Session:
    facts = _facts(context, session)
    activity = read_activity(context, session)
    outcome = decide_outcome(_evidence(context, session, look, activity, facts))
    taken = Taken()
    if facts is not None and facts.private is not None:
        taken = take_commits(context, session, facts)
        if taken.refusal:
            outcome = Failed(f"not all that it did could be taken: {taken.refusal}")
    ended = _end(context, session, outcome, taken, activity)
    if not taken.is_private_needed:
        drop_private(context, ended)
    _clean_up(context, ended, handle)
    return ended


def read_activity(context: Context, session: Session) -> Activity:
    """The sum of the whole stream; reading 1 GB takes some seconds and constant memory."""
    from scopecraft.streams.activity import read_activity as read

    return read(context.folder(session.id).stream, dialect(session.dialect).entries)


def _facts(context: Context, session: Session) -> SettleFacts | None:
    try:
        return load_facts(context.folder(session.id))
    except StateUnreadable as error:
        raise_alert(context, session, Alert("facts_unreadable", error.message))
        return None


def _evidence(
    context: Context, session: Session, look: Exited | Gone, activity: Activity, facts: SettleFacts | None
) -> Evidence:
    folder = context.folder(session.id)
    code, reason = launcher_exit(folder)
    seen = look.exit_code if isinstance(look, Exited) else None
    words = last_words(folder.stderr)
    if isinstance(look, Exited) and look.last_lines:
        words = "\n".join(look.last_lines)
    limits = facts.limits if facts else None
    return Evidence(
        look=look,
        activity=activity,
        has_protocol=dialect(session.dialect).has_result,
        executor=session.executor,
        exit_code=code if code is not None else seen,
        launcher_reason=reason,
        stop_requested_by=_stopped_by(context, session),
        timeout_seconds=limits.timeout_seconds if limits else session.timeout_seconds,
        output_bytes=limits.output_bytes if limits else 0,
        last_words=words,
    )


def _stopped_by(context: Context, session: Session) -> str | None:
    if session.stop_requested_at is None:
        return None
    requests = [e for e in context.store.events(session_id=session.id) if e.kind == "session_stop_requested"]
    return str(requests[-1].data.get("by", "sc stop")) if requests else "sc stop"


def _end(
    context: Context, session: Session, outcome: Outcome, taken: Taken, activity: Activity | None = None
) -> Session:
    """The mission moves first: a crash before the session's own end repeats both, and comes to the same."""
    at = clock.to_text(clock.now())
    started_at = getattr(session.status, "started_at", None)
    with contextlib.suppress(StateUnreadable), changing(context.home, session.mission_id) as mission:
        stream = context.folder(session.id).stream
        save_mission(context.home, when_ended(mission, outcome, at))
        record_run(context.home, mission, step_run(session, at, outcome), stream)
    for alert in taken.alerts:
        raise_alert(context, session, alert)
    if taken.tip is not None:
        data: dict[str, str | int | float | bool | None] = {"tip": taken.tip, "commits": taken.commits}
        data["in_progress"] = taken.in_progress
        context.store.append(Event(0, at, "commits_taken", session.mission_id, session.id, data))
    moved = context.store.move(
        session.id, Ended(started_at, at, outcome), "session_ended", at, data=_summary(outcome, activity)
    )
    return moved or _get(context, session.id)


def _summary(outcome: Outcome, activity: Activity | None) -> dict[str, str | int | float | bool | None]:
    data: dict[str, str | int | float | bool | None] = {"outcome": outcome.kind}
    if activity is not None:
        usage = activity.usage
        data |= {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens, "cost_usd": usage.cost_usd}
        data |= {"tool_calls": activity.tool_calls, "damaged_lines": activity.damaged_count}
    return data


def step_run(session: Session, finished_at: str, outcome: Outcome) -> dict[str, object]:
    """A StepRun of the HTTP contract, the outcome beside it."""
    handle = handle_of(session.status)
    row: dict[str, object] = {
        "step_id": session.step_id,
        "run_id": session.id,
        "started_at": session.created_at,
        "finished_at": finished_at,
        "outcome": outcome.kind,
        "exit_code": 0 if outcome.kind == "completed" else (getattr(outcome, "exit_code", None) or 1),
    }
    if isinstance(handle, ContainerHandle):
        row["container_id"] = handle.container_id
    return row


def raise_alert(context: Context, session: Session, alert: Alert) -> None:
    context.store.append(_alert(session, alert))


def _alert(session: Session, alert: Alert) -> Event:
    at = clock.to_text(clock.now())
    return Event(0, at, "alert_raised", session.mission_id, session.id, {"code": alert.code, "text": alert.text})


def _clean_up(context: Context, session: Session, handle: Handle) -> None:
    """What nobody needs after the record is written; whatever fails here is only left lying about."""
    _remove_secrets(context, session)
    with contextlib.suppress(ScopecraftError):
        if isinstance(handle, ContainerHandle):
            context.engine_of(handle).forget(handle)
        else:
            # an agent that ignores the hang-up outlives its window
            window = context.tmux_of(handle)
            window.stop(handle, grace_seconds=1)
            window.forget(handle)


def _remove_secrets(context: Context, session: Session) -> None:
    for name in ("secrets/env", "launch/window.env"):
        with contextlib.suppress(OSError):
            (context.folder(session.id).path / name).unlink()


def _get(context: Context, session_id: str) -> Session:
    session = context.store.get(session_id)
    if session is None:
        raise StateUnreadable(f"session {session_id} is not in the store", "was the home rebuilt? sc ls --all shows it")
    return session
