"""Sessions begin: a new one, or one that tries another again or goes on with its conversation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field, model_validator
from starlette.responses import Response

from scopecraft.api.answer import plain
from scopecraft.api.house import context_of
from scopecraft.api.problem import STARTING
from scopecraft.api.session_shapes import Body, SessionId, Started, require_session, shown_now
from scopecraft.api.slow import slow
from scopecraft.missions.finding import require_mission
from scopecraft.model.duration import seconds_of
from scopecraft.model.host_files import HostFile
from scopecraft.model.session import Session
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.continuing import GO_ON, Otherwise, began, resume_request, retry_request
from scopecraft.sessions.request import StartRequest
from scopecraft.sessions.settle import settle
from scopecraft.sessions.takeover import Way, going_on, handback, takeover
from scopecraft.sessions.task_requests import with_task
from scopecraft.supervisor.asking import Begun, ask_to_dispatch, ask_to_run

router = APIRouter(prefix="/api/sessions", tags=["sessions"])
NOWHERE = Path("/")  # who asks over HTTP stands in no repository: the mission or the body names the project
MOST_NOTES = 200
_TERMINAL_KEY = "Ctrl-C"  # a note that offers it is for who sits there while it takes its time
Prompt = Annotated[str | None, Field(max_length=10 * 1024**2)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


_ONE_OF: Any = {
    "oneOf": [
        {"required": ["task"], "properties": {"task": {"type": "string"}, "mission": {"type": "null"}}},
        {"required": ["mission"], "properties": {"mission": {"type": "string"}, "task": {"type": "null"}}},
    ]
}


class Start(Body):
    """`task` names a mission as `sc run` takes it, or makes one; `mission` is the id of one that is there."""

    model_config = ConfigDict(json_schema_extra=_ONE_OF)

    task: Name | None = None
    mission: Name | None = None
    prompt: Prompt = None
    agent: Name | None = None
    model: Name | None = None
    mode: Literal["autonomous", "dispatch"] = "autonomous"
    contained: bool | None = Field(default=None, description="whether a window's agent runs in a container")
    project: Name | None = None
    timeout: Annotated[str, Field(max_length=40)] | None = Field(default=None, description="such as 90s, 30m or 2h")
    arguments: Annotated[list[str], Field(max_length=1000)] = Field(default=[], description="for the agent's program")

    @model_validator(mode="after")
    def _makes_sense(self) -> Start:
        if (self.task is None) == (self.mission is None):
            raise ValueError("name either a task or a mission")
        if self.mode == "autonomous" and self.contained is False:
            raise ValueError("an autonomous session always runs in a container")
        if self.mode == "dispatch" and self.timeout is not None:
            raise ValueError("a dispatch session has no time limit of its own: leave timeout out")
        return self


class Prompted(Body):
    prompt: Prompt = None


class Retry(Prompted):
    """What is left out is as it was then."""

    agent: Name | None = None
    model: Name | None = None


class Takeover(Body):
    on_host: bool = Field(default=False, description="the window's agent works on this machine, in no container")


class Hearing:
    """What came up while a session began, for whoever asked."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def speak(self, request: StartRequest) -> StartRequest:
        return replace(request, on_note=self._hear, on_setup=self._hear, on_host_files=self._hear_files)

    def _hear(self, said: str) -> None:
        if _TERMINAL_KEY not in said and len(self.notes) < MOST_NOTES:
            self.notes.append(clean_line(said, 500))

    def _hear_files(self, _task: str, files: tuple[HostFile, ...]) -> None:
        for file in files:
            self._hear(f"{file.path} may run on this machine: {file.why}")


@router.post("", status_code=201, response_model=Started, responses=STARTING)
@slow
def start(request: Request, body: Start) -> Response:
    """Begin a session as `sc run` and `sc dispatch` do. Answers when it runs, or has its place in line.

    A full queue refuses it with 429. Settings that a repository brings count only where they were confirmed before.
    """

    def begin(context: Context, hearing: Hearing) -> Begun:
        asked = _request_of(context, body)
        needs_prompt = body.mode == "autonomous"
        wanted = with_task(context, hearing.speak(asked), needs_prompt=needs_prompt)
        if needs_prompt:
            return ask_to_run(context, wanted)
        return Begun(ask_to_dispatch(context, wanted, contained=bool(body.contained)))

    return _begun(request, begin)


@router.post("/{session_id}/retry", status_code=201, response_model=Started, responses=STARTING)
@slow
def retry(request: Request, session_id: SessionId, body: Retry | None = None) -> Response:
    """Try it once more from the beginning, as a new attempt with a new conversation."""
    said = body or Retry()

    def begin(context: Context, hearing: Hearing) -> Begun:
        found = began(context, _settled(context, session_id))
        wanted = retry_request(context, found, Otherwise(said.prompt, said.agent, said.model))
        return _begin_like(context, found, hearing.speak(wanted))

    return _begun(request, begin)


@router.post("/{session_id}/resume", status_code=201, response_model=Started, responses=STARTING)
@slow
def resume(request: Request, session_id: SessionId, body: Prompted | None = None) -> Response:
    """Go on with the conversation of one that has ended, in a new session of the same task."""
    prompt = body.prompt if body else None

    def begin(context: Context, hearing: Hearing) -> Begun:
        found = _settled(context, session_id)
        is_alone = found.mode == "autonomous"
        wanted = hearing.speak(resume_request(context, found, prompt or (GO_ON if is_alone else None)))
        with going_on(context, found, wanted, on_host=not is_alone and not found.is_contained):
            return _begin_like(context, found, wanted)

    return _begun(request, begin)


@router.post("/{session_id}/takeover", status_code=201, response_model=Started, responses=STARTING)
@slow
def take_over(request: Request, session_id: SessionId, body: Takeover | None = None) -> Response:
    """End it politely; its conversation goes on in a window, in a container like the one before."""
    on_host = body is not None and body.on_host

    def begin(context: Context, hearing: Hearing) -> Begun:
        def open_window(within: Context, wanted: StartRequest) -> Session:
            return ask_to_dispatch(within, wanted, contained=not on_host)

        way = Way(hearing.speak, open_window)
        return Begun(takeover(context, _settled(context, session_id), way, on_host=on_host))

    return _begun(request, begin)


@router.post("/{session_id}/handback", status_code=201, response_model=Started, responses=STARTING)
@slow
def hand_back(request: Request, session_id: SessionId, body: Prompted | None = None) -> Response:
    """Close the window of a dispatch session; its agent goes on alone, in a container, with the same conversation."""
    prompt = body.prompt if body else None

    def begin(context: Context, hearing: Hearing) -> Begun:
        return handback(context, _settled(context, session_id), prompt, Way(hearing.speak, ask_to_run))

    return _begun(request, begin)


def _begun(request: Request, begin: Callable[[Context, Hearing], Begun]) -> Response:
    context, hearing = context_of(request), Hearing()
    begun = begin(context, hearing)
    shown = shown_now(context, begun.session.id)
    answer = {"session": shown, "place": begun.place or None, "because": begun.because, "notes": hearing.notes}
    return plain(answer, 201)


def _begin_like(context: Context, session: Session, request: StartRequest) -> Begun:
    """Alone, or in a window on the same side as the session that it follows."""
    if session.mode == "autonomous":
        return ask_to_run(context, request)
    return Begun(ask_to_dispatch(context, request, contained=session.is_contained))


def _request_of(context: Context, body: Start) -> StartRequest:
    task, project = body.task, body.project
    if body.mission is not None:
        mission = require_mission(context.home, body.mission, body.project)
        task, project = mission.id, mission.project
    assert task is not None
    return StartRequest(
        task=task,
        prompt=body.prompt,
        cwd=NOWHERE,
        agent=body.agent,
        model=body.model,
        project=project,
        timeout_seconds=seconds_of(body.timeout) if body.timeout else None,
        arguments=tuple(body.arguments),
    )


def _settled(context: Context, session_id: str) -> Session:
    """As it is now. Raises NotFound."""
    return settle(context, require_session(context, session_id).id)
