"""What every start shares, whatever executor runs the agent: the record first, an honest end if it does not come up."""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from scopecraft.atomic import file_lock, private_folder
from scopecraft.errors import ScopecraftError, StorageFailed, TurnLost
from scopecraft.missions.advance import when_started, when_step_started
from scopecraft.missions.folder import changing, folder_of, save_mission
from scopecraft.missions.recipe import load_workflow
from scopecraft.model import clock
from scopecraft.model.handle import Handle
from scopecraft.model.ids import new_session_id
from scopecraft.model.mission import Mission
from scopecraft.model.session import Ended, ExecutorName, Failed, Mode, Queued, Running, Session, Starting
from scopecraft.sessions.agent_choice import Chosen
from scopecraft.sessions.clean_up import give_back_half_done, remove_tree
from scopecraft.sessions.context import Context
from scopecraft.sessions.decided import POSTPONED, Decided
from scopecraft.sessions.folder import SessionFolder
from scopecraft.sessions.kept_request import CALLER, REQUEST, callers_own, forget_caller, save_request
from scopecraft.sessions.mission_start import ReadyMission
from scopecraft.sessions.present_mission import refuse_frozen
from scopecraft.sessions.request import Admission, StartRequest
from scopecraft.sessions.step_work import refuse_recorded, step_of
from scopecraft.sessions.task_log import link_task, tell_begun

GAVE_UP = "the command that started it"
_KEPT = frozenset({REQUEST, CALLER, "metadata.json", "settle.lock"})
Way = Literal["container", "window", "contained window", "process"]
# where a session's agent runs: the executor, the mode, and whether a container is around it
WAYS: dict[Way, tuple[ExecutorName, Mode, bool]] = {
    "container": ("container", "autonomous", True),
    "window": ("tmux", "dispatch", False),
    "contained window": ("tmux", "dispatch", True),
    "process": ("process", "autonomous", False),
}


@dataclass(frozen=True, slots=True)
class Beginning:
    """A session that is recorded, and everything needed to start it; `take_turn` comes before anything of it runs."""

    session: Session
    folder: SessionFolder
    request: StartRequest
    chosen: Chosen
    ready: ReadyMission
    take_turn: Callable[[], None]  # idempotent; raises TurnLost for one that waited in vain


@contextlib.contextmanager
def begin(
    context: Context, request: StartRequest, chosen: Chosen, ready: ReadyMission, way: Way
) -> Iterator[Beginning]:
    """Records the session; if the block fails, so does the session, with the reason.

    The session's lock is held all the while: who finds it free and the session starting knows that we died. One that
    waits in the queue stays queued until `take_turn`, and stays so if the block fails before.
    """
    session = _new_session(request, chosen, ready, way)
    folder = context.folder(session.id)
    is_queued = request.admission is not None and request.admission.is_queued
    recorded = _taken_up if is_queued else _recorded
    with recorded(context, session, request, chosen) as session:
        try:
            if not is_queued:
                _tell_mission(context, session, request)
            yield Beginning(session, folder, request, chosen, ready, _turn(context, session, request))
        except BaseException as error:  # raised again: an interrupted start, too, has an honest end
            _give_up(context, session, chosen, error)
            raise


def _tell_mission(context: Context, session: Session, request: StartRequest) -> None:
    if request.visitor is not None:
        request.visitor.on_begun(session)
        return
    with changing(context.home, session.mission_id) as mission:
        refuse_frozen(mission)  # somebody may have completed it since it was looked at
        save_mission(context.home, _started(context, mission, session))
        if request.task_file is not None:
            link_task(context, mission, request.task_file)
    tell_begun(context, session)


def _started(context: Context, mission: Mission, session: Session) -> Mission:
    if not mission.steps:
        return when_started(mission, session.created_at)
    workflow = load_workflow(folder_of(context.home, mission))
    return when_step_started(mission, workflow, session, session.created_at)


def _turn(context: Context, session: Session, request: StartRequest) -> Callable[[], None]:
    admission = request.admission
    if admission is None or not admission.is_queued:
        return lambda: None
    is_taken = False

    def take() -> None:
        nonlocal is_taken
        if is_taken:
            return
        admission.wait_turn()
        at = clock.to_text(clock.now())
        starting = replace(session, status=Starting(at))
        if context.store.queue.begin(starting, at, admission.guard, admission.fence) is None:
            raise TurnLost(f"{session.id} does not wait in the queue any more", f"see why: sc show {session.id}")
        is_taken = True
        admission.on_taken()
        _tell_mission(context, session, request)

    return take


@contextlib.contextmanager
def _recorded(context: Context, session: Session, request: StartRequest, chosen: Chosen) -> Iterator[Session]:
    """The session in the store, its lock held; what the store refuses leaves no folder."""
    folder = context.folder(session.id)
    if request.step is not None:
        refuse_recorded(context, session.id)
        clear_reserved(context, session.id)
    with contextlib.ExitStack() as stack:
        try:
            folder.make()
            if request.visitor is None:
                caller = callers_own(context, chosen) if request.admission else {}
                save_request(folder.path, request, caller)
            stack.enter_context(file_lock(folder.lock))
            created = _create(context, session, request.admission)
        except BaseException:  # raised again: an interruption, too, leaves no folder without a record
            with contextlib.suppress(StorageFailed):
                if context.store.get(session.id) is None:
                    shutil.rmtree(folder.path, ignore_errors=True)
            raise
        yield created


def _create(context: Context, session: Session, admission: Admission | None) -> Session:
    if admission is None:
        return context.store.create(session, session.created_at)
    return context.store.queue.create(session, session.created_at, admission.guard, admission.fence)


@contextlib.contextmanager
def _taken_up(context: Context, session: Session, request: StartRequest, chosen: Chosen) -> Iterator[Session]:  # noqa: ARG001
    """One that waits in the queue, its lock held; what a starter that was killed left in its folder is gone."""
    folder = context.folder(session.id)
    private_folder(folder.path)
    with file_lock(folder.lock):
        queued = context.store.get(session.id)
        if queued is None or not isinstance(queued.status, Queued):
            raise TurnLost(f"{session.id} does not wait in the queue any more", f"see why: sc show {session.id}")
        clear_start(context, queued)
        folder.make()
        yield replace(session, attempt=queued.attempt, created_at=queued.created_at)


def clear_reserved(context: Context, session_id: str) -> None:
    """What somebody who was killed before the record had made of a session whose id was reserved."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(context.folder(session_id).path)


def clear_start(context: Context, session: Session) -> None:
    """What a start that never ran has made in the session's folder; the record and the request stay."""
    give_back_half_done(context, session)
    with contextlib.suppress(FileNotFoundError):
        for entry in context.folder(session.id).path.iterdir():
            if entry.name not in _KEPT:
                remove_tree(entry)


def take_what_is_late(context: Context, mission: Mission) -> None:
    """Commits of the session before that could not be taken when it ended: the next one builds on them."""
    before = context.store.latest_begun_of(mission.id)
    if before is not None and any(alert.code == POSTPONED for alert in context.store.alerts_of(before.id)):
        from scopecraft.sessions.late_commits import take_late_commits  # much to import, and seldom needed

        take_late_commits(context, before)


def came_up(context: Context, session: Session, handle: Handle) -> Session:
    at = clock.to_text(clock.now())
    moved = context.store.move(session.id, Running(at, handle), "session_started", at)
    forget_caller(context.folder(session.id).path)
    return moved or session


def _new_session(request: StartRequest, chosen: Chosen, ready: ReadyMission, way: Way) -> Session:
    executor, mode, is_contained = WAYS[way]
    at = clock.now()
    created_at = clock.to_text(at)
    workspace = request.step.workspace if request.step else "codegen"
    return Session(
        id=_own_id(request) or new_session_id(at),
        mission_id=ready.mission.id,
        task=ready.mission.slug,
        project=ready.mission.project,
        step_id=step_of(request, ready.mission),
        attempt=1,  # the store counts
        agent=chosen.name if request.visitor is None else request.visitor.name,
        dialect=chosen.dialect.name if request.visitor is None else "plain",
        executor=executor,
        mode=mode,
        branch=ready.mission.branch,
        worktree=str(ready.worktree),
        created_at=created_at,
        status=Starting(created_at),
        model=request.model or chosen.settings.model,
        conversation_id=_conversation(request, chosen),
        timeout_seconds=request.timeout_seconds,
        is_contained=is_contained,
        origin=request.continues.origin if request.continues else "start",
        follows=request.continues.session_id if request.continues else None,
        workspace=workspace,
    )


def _own_id(request: StartRequest) -> str | None:
    """That of its place in line, else the one that was reserved for its step."""
    if request.admission is not None:
        return request.admission.session_id
    return request.step.run_id if request.step else None


def _conversation(request: StartRequest, chosen: Chosen) -> str | None:
    if request.continues is not None and request.continues.conversation_id is not None:
        return request.continues.conversation_id
    return str(uuid.uuid4()) if chosen.dialect.takes_conversation_id else None


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
