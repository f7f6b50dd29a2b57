"""What every start shares, whatever executor runs the agent: the record first, an honest end if it does not come up."""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from scopecraft.atomic import file_lock
from scopecraft.errors import ScopecraftError, StorageFailed
from scopecraft.missions.advance import VISIT_STEP, WORK_STEP, when_started
from scopecraft.missions.folder import changing, save_mission
from scopecraft.model import clock
from scopecraft.model.handle import Handle
from scopecraft.model.ids import new_session_id
from scopecraft.model.mission import Mission
from scopecraft.model.session import Ended, ExecutorName, Failed, Mode, Running, Session, Starting
from scopecraft.sessions.agent_choice import Chosen
from scopecraft.sessions.context import Context
from scopecraft.sessions.decided import POSTPONED, Decided
from scopecraft.sessions.folder import SessionFolder
from scopecraft.sessions.mission_start import ReadyMission
from scopecraft.sessions.request import StartRequest

GAVE_UP = "the command that started it"
HOW: dict[ExecutorName, Mode] = {"container": "autonomous", "tmux": "dispatch"}


@dataclass(frozen=True, slots=True)
class Beginning:
    """A session that is recorded as starting, and everything needed to start it."""

    session: Session
    folder: SessionFolder
    request: StartRequest
    chosen: Chosen
    ready: ReadyMission


@contextlib.contextmanager
def begin(
    context: Context, request: StartRequest, chosen: Chosen, ready: ReadyMission, executor: ExecutorName
) -> Iterator[Beginning]:
    """Records the session; if the block fails, so does the session, with the reason.

    The session's lock is held all the while: who finds it free and the session starting knows that we died.
    """
    session = _new_session(request, chosen, ready, executor)
    folder = context.folder(session.id)
    with _recorded(context, session, folder) as session:
        try:
            if request.visitor is not None:
                request.visitor.on_begun(session)
            else:
                with changing(context.home, session.mission_id) as mission:
                    save_mission(context.home, when_started(mission, session.created_at))
            yield Beginning(session, folder, request, chosen, ready)
        except BaseException as error:
            _give_up(context, session, chosen, error)
            raise


@contextlib.contextmanager
def _recorded(context: Context, session: Session, folder: SessionFolder) -> Iterator[Session]:
    """The session in the store, its lock held; what the store refuses leaves no folder."""
    with contextlib.ExitStack() as stack:
        try:
            folder.make()
            stack.enter_context(file_lock(folder.lock))
            created = context.store.create(session, session.created_at)
        except BaseException:  # raised again: an interruption, too, leaves no folder without a record
            with contextlib.suppress(StorageFailed):
                if context.store.get(session.id) is None:
                    shutil.rmtree(folder.path, ignore_errors=True)
            raise
        yield created


def take_what_is_late(context: Context, mission: Mission) -> None:
    """Commits of the session before that could not be taken when it ended: the next one builds on them."""
    before = context.store.latest_of(mission.id)
    if before is not None and any(alert.code == POSTPONED for alert in context.store.alerts_of(before.id)):
        from scopecraft.sessions.late_commits import take_late_commits  # much to import, and seldom needed

        take_late_commits(context, before)


def came_up(context: Context, session: Session, handle: Handle) -> Session:
    at = clock.to_text(clock.now())
    moved = context.store.move(session.id, Running(at, handle), "session_started", at)
    return moved or session


def _new_session(request: StartRequest, chosen: Chosen, ready: ReadyMission, executor: ExecutorName) -> Session:
    at = clock.now()
    created_at = clock.to_text(at)
    return Session(
        id=new_session_id(at),
        mission_id=ready.mission.id,
        task=ready.mission.slug,
        project=ready.mission.project,
        step_id=WORK_STEP if request.visitor is None else VISIT_STEP,
        attempt=1,  # the store counts
        agent=chosen.name if request.visitor is None else request.visitor.name,
        dialect=chosen.dialect.name if request.visitor is None else "plain",
        executor=executor,
        mode=HOW[executor],
        branch=ready.mission.branch,
        worktree=str(ready.worktree),
        created_at=created_at,
        status=Starting(created_at),
        model=request.model or chosen.settings.model,
        conversation_id=str(uuid.uuid4()) if chosen.dialect.takes_conversation_id else None,
        timeout_seconds=request.timeout_seconds,
    )


def _give_up(context: Context, session: Session, chosen: Chosen, error: BaseException) -> None:
    """An honest end for a start that failed; while nobody can tell what came up, it stays for the next who looks."""
    with contextlib.suppress(StorageFailed):
        current = context.store.get(session.id)
        if current is None or not isinstance(current.status, Starting):
            return  # it came up; whatever failed afterwards is for settling to see
        try:
            _end(context, current, chosen.secrets.redact(_reason(error)))
        except ScopecraftError:
            # if it comes up after all, it is ended when that is seen
            context.store.request_stop(session.id, clock.to_text(clock.now()), GAVE_UP)


def _end(context: Context, session: Session, reason: str) -> None:
    """Failed if nothing came up, else stopped like any other. Raises when the engine or tmux does not answer."""
    from scopecraft.sessions.adoption import adopt_started, end
    from scopecraft.sessions.settle import carry_out, settle_held

    handle = adopt_started(context, session)
    at = clock.to_text(clock.now())
    if handle is None:
        outcome = Failed(reason)
        carry_out(context, session, Decided(Ended(None, at, outcome), {"outcome": outcome.kind}))
        return
    context.store.request_stop(session.id, at, GAVE_UP)
    end(context, handle)
    settle_held(context, came_up(context, session, handle))


def _reason(error: BaseException) -> str:
    if isinstance(error, ScopecraftError):
        return error.message
    return str(error) if isinstance(error, OSError) else "the start was interrupted"
