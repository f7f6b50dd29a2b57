"""Settling: what ended while nobody looked gets its outcome, its commits and its honest record, exactly once.

First it is decided how the session ended, and that is written down; then the decision is carried out, and the record in
the store is its last act. Whoever is killed on the way leaves a session that still looks alive: the next one goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scopecraft.atomic import file_lock, private_folder
from scopecraft.errors import EngineFailed, EngineUnavailable, LockHeld, StateUnreadable
from scopecraft.missions.advance import VISIT_STEP
from scopecraft.missions.folder import changing, record_run
from scopecraft.model import clock
from scopecraft.model.event import Alert, Event
from scopecraft.model.handle import Alive, ContainerHandle, Exited, Gone, Handle, Look, ProcessHandle
from scopecraft.model.session import Ended, Interrupted, Queued, Running, Session, handle_of, is_live
from scopecraft.sessions.adoption import adopt_started
from scopecraft.sessions.clean_up import clean_up, give_back_half_done, sweep_containers
from scopecraft.sessions.contained import behind, has_both, stop_container
from scopecraft.sessions.context import Context
from scopecraft.sessions.decided import Decided, load_decided, save_decided
from scopecraft.sessions.deciding import alert_event, decide
from scopecraft.sessions.overdue import OVERDUE, must_end
from scopecraft.sessions.step_end import mission_ended
from scopecraft.sessions.task_log import tell_task
from scopecraft.sessions.visiting import ABANDONED, is_abandoned

LOCK_WAIT_SECONDS = 60.0


def settle(context: Context, session_id: str, *, wait_seconds: float = LOCK_WAIT_SECONDS) -> Session:
    """The session as it is now: unchanged while it lives or nobody can tell, ended and cleaned up if it is over.

    Another process that starts or settles it is waited for; after that time the session is returned as it is. Raises
    StorageFailed; EngineUnavailable and TmuxFailed only for one whose starter died.
    """
    return settle_and_look(context, session_id, wait_seconds=wait_seconds)[0]


def settle_and_look(
    context: Context, session_id: str, *, wait_seconds: float = LOCK_WAIT_SECONDS
) -> tuple[Session, Look | None]:
    """The same, with what could be seen of a session that lives on; None when nobody looked."""
    session = _get(context, session_id)
    if not is_live(session.status) or isinstance(session.status, Queued):
        return session, None
    try:
        with held(context, session_id, wait_seconds):
            return settle_held(context, _get(context, session_id))
    except LockHeld:
        return _get(context, session_id), None


@contextmanager
def held(context: Context, session_id: str, seconds: float) -> Iterator[None]:
    """The session against everybody else who starts or settles it. Raises LockHeld after that time."""
    folder = context.folder(session_id)
    private_folder(folder.path)  # a folder that somebody deleted must not keep its session from ending
    with file_lock(folder.lock, timeout=seconds):
        yield


def look_at(context: Context, handle: Handle) -> Look:
    """Asks the engine or tmux; never raises because nobody answered."""
    if isinstance(handle, ContainerHandle):
        return context.engine_of(handle).look(handle)
    if isinstance(handle, ProcessHandle):
        return context.processes.look(handle)
    return context.tmux_of(handle).look(handle)


def settle_held(context: Context, session: Session) -> tuple[Session, Look | None]:
    """For who has the session's lock already."""
    if not is_live(session.status) or isinstance(session.status, Queued):
        return session, None
    folder = context.folder(session.id)
    decided = load_decided(folder, session)
    if decided is not None:
        return carry_out(context, session, decided), None
    handle = handle_of(session.status)
    if handle is None:
        return _settle_starting(context, session)
    look = _look(context, session, handle)
    if isinstance(look, Alive) and must_end(session, folder):
        look = _end_for_it(context, session, handle)
    if not isinstance(look, Exited | Gone):
        return session, look
    decided = decide(context, session, look)
    save_decided(folder, decided)
    return carry_out(context, session, decided), look


def _look(context: Context, session: Session, handle: Handle) -> Look:
    look = look_at(context, handle)
    return behind(context, session, look) if has_both(session) else look


def _end_for_it(context: Context, session: Session, handle: Handle) -> Look:
    """What there is to see after that. The reason comes first: by it whoever settles the session knows."""
    if is_abandoned(session, context.folder(session.id)):
        context.store.request_stop(session.id, clock.to_text(clock.now()), ABANDONED)
    else:
        raise_alert(context, session, OVERDUE)
    try:
        if isinstance(handle, ContainerHandle):
            context.engine_of(handle).stop(handle, grace_seconds=0)
        elif isinstance(handle, ProcessHandle):
            context.processes.stop(handle, grace_seconds=0)
        else:
            stop_container(context, session, now=True)
    except (EngineFailed, EngineUnavailable):
        return Alive()  # the next look tries again
    return _look(context, session, handle)


def _settle_starting(context: Context, session: Session) -> tuple[Session, Look | None]:
    """Its lock was free, so whoever started it is dead: what it got up is adopted, else there is nothing."""
    handle = adopt_started(context, session)
    at = clock.to_text(clock.now())
    if handle is None:
        give_back_half_done(context, session)
        waits = context.store.queue.requeue(session.id, at) if session.stop_requested_at is None else None
        if waits is not None:
            return waits, None
        outcome = Interrupted("starter")
        nothing = Decided(Ended(None, at, outcome), {"outcome": outcome.kind})
        return carry_out(context, session, nothing), None
    moved = context.store.move(session.id, Running(at, handle), "session_started", at, data={"adopted": True})
    return settle_held(context, moved or session)


def carry_out(context: Context, session: Session, decided: Decided) -> Session:
    """Idempotent up to the record, which is one transaction. The caller holds the session's lock."""
    handle = handle_of(session.status)
    alerts = clean_up(context, session, handle, keep_private=decided.keeps_private)
    told, events_of_mission = _move_mission(context, session, decided.status)
    alerts += told
    alerts += tell_task(context, session, decided)
    events = (*decided.events, *(alert_event(session, alert) for alert in alerts), *events_of_mission)
    at = decided.status.ended_at
    ended = context.store.move(session.id, decided.status, "session_ended", at, data=decided.summary, also=events)
    if isinstance(handle, ContainerHandle):
        sweep_containers(context, handle.engine, held=session)
    return ended or _get(context, session.id)


def _move_mission(context: Context, session: Session, ended: Ended) -> tuple[tuple[Alert, ...], tuple[Event, ...]]:
    """Before the session: a crash between the two repeats both, and comes to the same."""
    if session.step_id == VISIT_STEP:
        return (), ()
    try:
        with changing(context.home, session.mission_id) as mission:
            stream = context.folder(session.id).stream
            # first the run: whoever sees that the mission has moved on finds how it ended
            record_run(context.home, mission, step_run(session, ended), stream)
            events = mission_ended(context, mission, session, ended.outcome, ended.ended_at)
    except StateUnreadable as error:
        return (Alert("mission_unreadable", error.message),), ()
    return (), events


def step_run(session: Session, ended: Ended) -> dict[str, object]:
    """A StepRun of the HTTP contract, the outcome beside it."""
    handle = handle_of(session.status)
    outcome = ended.outcome
    row: dict[str, object] = {
        "step_id": session.step_id,
        "run_id": session.id,
        "started_at": ended.started_at or session.created_at,
        "finished_at": ended.ended_at,
        "outcome": outcome.kind,
        "exit_code": 0 if outcome.kind == "completed" else (getattr(outcome, "exit_code", None) or 1),
    }
    if isinstance(handle, ContainerHandle):
        row["container_id"] = handle.container_id
    return row


def raise_alert(context: Context, session: Session, alert: Alert) -> None:
    """For everybody to see; one that several followers raise stands there once."""
    if alert not in context.store.alerts_of(session.id):
        context.store.append(alert_event(session, alert))


def _get(context: Context, session_id: str) -> Session:
    session = context.store.get(session_id)
    if session is None:
        raise StateUnreadable(f"session {session_id} is not in the store", "was the home rebuilt? sc ls --all shows it")
    return session
