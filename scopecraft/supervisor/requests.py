"""What commands ask the supervisor to do for them: the warm process does it, with the caller's environment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from scopecraft.errors import Refused, SupervisorFailed, TurnLost
from scopecraft.model import clock
from scopecraft.model.codec import session_to_dict
from scopecraft.model.host_files import HostFile
from scopecraft.model.ids import new_session_id
from scopecraft.model.queue import Occupancy, QueueRules
from scopecraft.model.session import Session
from scopecraft.queueing.admission import Wait, may_begin_now, require_floors
from scopecraft.sessions.context import Context
from scopecraft.sessions.enqueueing import enqueue
from scopecraft.sessions.floors import floors_of
from scopecraft.sessions.kept_request import request_of_dict
from scopecraft.sessions.places import project_here
from scopecraft.sessions.present_mission import would_begin
from scopecraft.sessions.request import Admission, StartRequest
from scopecraft.supervisor.handling import Caller, Handler

if TYPE_CHECKING:
    # a command that does without a supervisor comes here, too, and needs no engine for a window
    from scopecraft.supervisor.contexts import Contexts


class Requests:
    """Handlers, each called in a thread of its caller; after `left` nothing begins, and what comes waits in line."""

    def __init__(self, contexts: Contexts, fence: int, left: threading.Event) -> None:
        self._contexts, self._fence, self._left = contexts, fence, left

    def handlers(self) -> Mapping[str, Handler]:
        return {"run": self._run, "enqueue": self._enqueue, "dispatch": self._dispatch}

    def _run(self, caller: Caller, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """An autonomous session: started at once where nothing is in the way, else in line."""
        context = self._context_of(body)
        request = heard_by(caller, _request_of(body.get("request")), body)
        return run(context, request, Doorkeeper(self._fence, self._left.is_set, lambda: caller.is_gone))

    def _enqueue(self, caller: Caller, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """All of `requests` are checked before one stands in line; `checking` and `entered` tell how far it is."""
        from scopecraft.sessions.enqueueing_several import Several

        context = self._context_of(body)
        several = Several(context)
        requests = body.get("requests")
        for number, each in enumerate(requests if isinstance(requests, list) else [None]):
            caller.tell("checking", number)
            several.add(_request_of(each))
        _refuse_gone(caller.is_gone, "sc queue add")
        for item in several.enter():
            caller.tell("entered", {"session": session_to_dict(item.session), "place": item.place})
        return {"is_paused": context.store.queue.rules().is_paused}

    def _dispatch(self, caller: Caller, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """A window; it waits for no slot, and begins below no floor."""
        context = self._context_of(body)
        request = heard_by(caller, _request_of(body.get("request")), body)
        require_floors(floors_of(context))
        _refuse_gone(caller.is_gone, "sc dispatch")
        return {"session": session_to_dict(start_dispatch(context, request, contained=bool(body.get("contained"))))}

    def _context_of(self, body: Mapping[str, Any]) -> Context:
        environ = body.get("environ")
        if not (isinstance(environ, dict) and all(isinstance(value, str) for value in environ.values())):
            raise _unreadable("it does not say in which environment")
        return self._contexts.fresh(environ)


def _request_of(values: object) -> StartRequest:
    try:
        return request_of_dict(values if isinstance(values, dict) else {})
    except ValueError as error:
        raise _unreadable(str(error)) from error


def _unreadable(why: str) -> SupervisorFailed:
    return SupervisorFailed(
        f"this supervisor cannot read the request: {why}",
        "if it is of another version than this command: sc down, then sc up",
    )


def _nobody() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Who lets a request in: a supervisor with its fence, which may be leaving, or the command itself."""

    fence: int | None = None
    is_leaving: Callable[[], bool] = _nobody
    is_unwanted: Callable[[], bool] = _nobody  # whoever asked has gone away


def run(context: Context, request: StartRequest, door: Doorkeeper) -> dict[str, Any]:
    """`session` as it is now and, for one that waits, its `place` in line and `because` of what."""
    obstacle = obstacle_now(context)
    if obstacle is None and not door.is_leaving():
        try:
            return {"session": session_to_dict(start_now(context, request, door))}
        except TurnLost as lost:
            obstacle = Wait("slots", lost.message)
    else:
        _check(context, request)
    _refuse_gone(door.is_unwanted(), "sc run")
    item = enqueue(context, request)
    because = obstacle.because if obstacle else "the supervisor is leaving"
    return {"session": session_to_dict(item.session), "place": item.place, "because": because}


def _refuse_gone(is_gone: bool, again: str) -> None:
    """Whoever gave up on an answer was told so: it must not happen behind their back."""
    if is_gone:
        raise Refused("whoever asked for it has gone away", f"ask again: {again}")


def start_dispatch(context: Context, request: StartRequest, *, contained: bool) -> Session:
    if contained:
        from scopecraft.sessions.contained_start import start_contained_window

        return start_contained_window(context, request)
    from scopecraft.sessions.window_start import start_window

    return start_window(context, request)


def obstacle_now(context: Context) -> Wait | None:
    queue = context.store.queue
    return may_begin_now(queue.occupancy(), queue.rules(), floors_of(context), clock.to_text(clock.now()))


def start_now(context: Context, request: StartRequest, door: Doorkeeper) -> Session:
    """Raises TurnLost when somebody else took the slot meanwhile; then nothing is left of it."""
    from scopecraft.sessions.autonomous_start import start_autonomous

    def guard(occupancy: Occupancy, rules: QueueRules) -> None:
        found = may_begin_now(occupancy, rules, floors_of(context), clock.to_text(clock.now()))
        if found is not None:
            raise TurnLost(found.because, "see the queue: sc queue")
        _refuse_gone(door.is_unwanted(), "sc run")

    reserved = request.step.run_id if request.step else None
    admission = Admission(reserved or new_session_id(clock.now()), guard=guard, fence=door.fence)
    return start_autonomous(context, replace(request, admission=admission))


def _check(context: Context, request: StartRequest) -> None:
    """What would be refused now is not taken into the line. Raises what a start raises before it makes anything."""
    from scopecraft.sessions.container_start import choose_container

    inner, _, _ = choose_container(context, request)
    project, repository = project_here(inner, request.cwd, request.project)
    would_begin(inner, request, project, repository)


def heard_by(caller: Caller, request: StartRequest, body: Mapping[str, Any]) -> StartRequest:
    """The request with the caller's ears; what a repository's settings are to count for, the caller has asked."""

    def host_files(task: str, files: tuple[HostFile, ...]) -> None:
        caller.tell("host_files", {"task": task, "files": [asdict(file) for file in files]})

    ignores = bool(body.get("ignores_settings"))
    return replace(
        request,
        on_settings=(lambda _: "ignore") if ignores else request.on_settings,
        on_included=lambda included: caller.tell("included", asdict(included)),
        on_host_files=host_files,
        on_note=_teller(caller, "note"),
        on_setup=_teller(caller, "setup"),
    )


def _teller(caller: Caller, kind: str) -> Callable[[str], None]:
    return lambda said: caller.tell(kind, said)
