"""Asking for a session: the warm supervisor starts it where one is up, else this process does it by the same rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scopecraft.errors import NotConfirmed, Refused
from scopecraft.sessions.kept_request import request_dict
from scopecraft.supervisor import client
from scopecraft.supervisor.background import ensure_up

if TYPE_CHECKING:
    from scopecraft.model.host_files import HostFile
    from scopecraft.model.session import Session
    from scopecraft.model.workflow import Step
    from scopecraft.sessions.carrying_on import Carried
    from scopecraft.sessions.context import Context
    from scopecraft.sessions.project_settings import Answer, Question
    from scopecraft.sessions.request import StartRequest


@dataclass(frozen=True, slots=True)
class Begun:
    """A session that runs, or waits in line at a place, 1 being the next, because of something."""

    session: Session
    place: int = 0
    because: str = ""


def ask_to_run(context: Context, request: StartRequest) -> Begun:
    """An autonomous session: started, or in line. Raises what a start raises, QueueFull and SupervisorFailed.

    Where no supervisor is up and none may be started, what would have to wait is Refused.
    """
    if not ensure_up(context.home, context.environ):
        return _run_alone(context, request)
    answer = _ask(context, request, "run", {})
    return Begun(_session(answer), int(answer.get("place", 0)), str(answer.get("because", "")))


@dataclass(frozen=True, slots=True)
class Ears:
    """Who puts several requests in line hears which one is being checked, from 0 on, and each that has its place."""

    checking: Callable[[int], None]
    entered: Callable[[Session, int], None]


def ask_to_wait(context: Context, requests: Sequence[StartRequest], ears: Ears) -> bool:
    """Put all of them in line; nothing is made before all were checked. Whether the queue is paused.

    Raises what `Several` raises.

    Their settings are asked about in this process, should a repository bring any.
    """
    if client.is_up(context):

        def heard(kind: str, data: Any) -> None:
            if kind == "checking":
                ears.checking(int(data))
            elif kind == "entered":
                ears.entered(_session(data), int(data["place"]))

        body = {"requests": [request_dict(each) for each in requests], "environ": dict(context.environ)}
        with suppress(NotConfirmed):  # raised before any of them is in line
            return bool(client.ask(context, "enqueue", body, heard).get("is_paused"))
    from scopecraft.sessions.enqueueing_several import Several

    several = Several(context)
    for number, each in enumerate(requests):
        ears.checking(number)
        several.add(each)
    for item in several.enter():
        ears.entered(item.session, item.place)
    return context.store.queue.rules().is_paused


Hearing = Callable[["StartRequest"], "StartRequest"]  # the same request, of which somebody hears


def _unheard(request: StartRequest) -> StartRequest:
    return request


def ask_to_carry_on(context: Context, mission_id: str, hearing: Hearing = _unheard) -> Carried:
    """Whatever is due of the mission begins, or stands in line: by the supervisor, or by this process without one.

    Raises StateUnreadable, StorageFailed and SupervisorFailed.
    """
    from scopecraft.sessions.carrying_on import Carried, carry_on, is_window, open_window

    def begin_alone(context: Context, request: StartRequest, step: Step) -> Session:
        heard = hearing(request)
        return open_window(context, heard) if is_window(step) else _run_alone(context, heard).session

    if not ensure_up(context.home, context.environ):
        return carry_on(context, mission_id, begin_alone)
    from scopecraft.missions.finding import require_mission
    from scopecraft.sessions.request import StartRequest
    from scopecraft.supervisor.wire import error_of

    heard = _ears(hearing(StartRequest("", None, context.home.root)))
    answer = client.ask(context, "carry_on", {"mission_id": mission_id, "environ": dict(context.environ)}, heard)
    begun = tuple(_session({"session": row}) for row in answer.get("begun", ()))
    refusals = tuple(error_of(row) for row in answer.get("refusals", ()))
    return Carried(require_mission(context.home, mission_id, None), begun, refusals)


def ask_to_dispatch(context: Context, request: StartRequest, *, contained: bool) -> Session:
    """A session in a window. It needs no supervisor: this process starts it where none is up."""
    if client.is_up(context):
        return _session(_ask(context, request, "dispatch", {"contained": contained}))
    from scopecraft.queueing.admission import require_floors
    from scopecraft.sessions.floors import floors_of
    from scopecraft.supervisor.requests import start_dispatch

    require_floors(floors_of(context))
    session = start_dispatch(context, request, contained=contained)
    ensure_up(context.home, context.environ, wait_seconds=0)  # it keeps an eye on what waits for a person
    return session


def _session(answer: Mapping[str, Any]) -> Session:
    from scopecraft.model.codec import session_from_dict  # only now: the agent begins while it is loaded

    return session_from_dict(answer["session"])


def _run_alone(context: Context, request: StartRequest) -> Begun:
    from scopecraft.queueing.admission import require_floors
    from scopecraft.sessions.floors import floors_of
    from scopecraft.supervisor.requests import Doorkeeper, obstacle_now, start_now

    require_floors(floors_of(context))
    obstacle = obstacle_now(context)
    if obstacle is not None:
        raise Refused(
            f"it would have to wait, and no supervisor is there to start it then: {obstacle.because}",
            "start one: sc up   or see what is in the way: sc queue",
        )
    return Begun(start_now(context, request, Doorkeeper()))


def _ask(context: Context, request: StartRequest, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """What a repository's settings are to count for is asked here, where the person is."""
    heard = _ears(request)
    whole = {**body, "request": request_dict(request), "environ": dict(context.environ)}
    try:
        return client.ask(context, name, whole, heard)
    except NotConfirmed:
        ignores = _ask_the_person(context, request)
        return client.ask(context, name, {**whole, "ignores_settings": ignores}, heard)


def _ask_the_person(context: Context, request: StartRequest) -> bool:
    """Whether to leave the repository's settings out this time. Raises NotConfirmed when the person says stop."""
    from scopecraft.sessions.places import within_project_of

    answers: list[Answer] = []

    def ask(question: Question) -> Answer:
        answers.append(request.on_settings(question))
        return answers[-1]

    within_project_of(context, replace(request, on_settings=ask))
    return "ignore" in answers


def _ears(request: StartRequest) -> Callable[[str, Any], None]:
    def included(data: Mapping[str, Any]) -> None:
        if not data["copied"] and not data["skipped"]:
            return  # nothing to hear, and its type takes git along
        from scopecraft.worktrees.include import Included, Skipped

        request.on_included(Included(tuple(data["copied"]), tuple(Skipped(**each) for each in data["skipped"])))

    def host_files(data: Mapping[str, Any]) -> None:
        files: tuple[HostFile, ...] = ()
        if data["files"]:
            from scopecraft.model.host_files import HostFile  # with a long list of patterns

            files = tuple(HostFile(**each) for each in data["files"])
        request.on_host_files(str(data["task"]), files)

    by_kind: dict[str, Callable[[Any], None]] = {
        "included": included,
        "host_files": host_files,
        "note": request.on_note,
        "setup": request.on_setup,
    }

    def heard(kind: str, data: Any) -> None:
        if kind in by_kind:
            by_kind[kind](data)

    return heard
