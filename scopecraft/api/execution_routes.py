"""Commands that a person runs in a mission's worktree: checks, of which each leaves a record and its output."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from scopecraft.api.answer import enveloped
from scopecraft.api.answer_models import Enveloped
from scopecraft.api.house import House, context_of, house_of
from scopecraft.api.mission_found import MissionId, mission_of
from scopecraft.api.slow import slow
from scopecraft.errors import BadInput, NotFound, ScopecraftError
from scopecraft.missions.check_record import Execution, execution_dict, output_file
from scopecraft.missions.folder import folder_of
from scopecraft.model.mission import Mission
from scopecraft.model.text import clean_line
from scopecraft.model.workflow import QuickCommand
from scopecraft.sessions.checking import CheckRun, checks_of, executions, new_execution_id, run_check
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import within_project_of
from scopecraft.sessions.request import StartRequest

router = APIRouter(tags=["commands"])
MOST_OUTPUT_BYTES = 1024**2
LONGEST_MILLISECONDS = 24 * 3600 * 1000
LONGEST_COMMAND = 64 * 1024
_LONGEST_NAME = 60


class CommandAsked(BaseModel):
    command: Annotated[str, Field(max_length=LONGEST_COMMAND, json_schema_extra={"minLength": 1})] = ""
    timeout: Annotated[int, Field(gt=0, le=LONGEST_MILLISECONDS, description="milliseconds")] = 60_000


class CommandBegun(BaseModel):
    executionId: str


class ExecutionListed(BaseModel):
    """`exitCode` and `finishedAt` are there once it is over, `error` where there is no exit code then."""

    id: str
    name: str
    command: str
    status: Literal["running", "completed", "failed"]
    where: Literal["container", "host"]
    startedAt: str
    exitCode: int | None = None
    finishedAt: str | None = None
    error: str | None = None


class ExecutionShown(ExecutionListed):
    output: str = Field(description="what was printed so far; of a lot the end")


@dataclass(frozen=True, slots=True)
class _Run:
    """A check that a thread of its own runs; `recorded` is done once it can be asked for, or was refused."""

    mission: Mission
    check: QuickCommand
    id: str
    seconds: float
    recorded: Future[None]


@router.post("/api/missions/{mission_id}/run-command", response_model=Enveloped[CommandBegun])
@slow
def run_command(request: Request, mission_id: MissionId, body: CommandAsked | None = None) -> Response:
    """Run a shell command in the mission's worktree, in a container. It is answered when that has begun."""
    if body is None or not body.command.strip():
        raise BadInput("Command is required")
    context = context_of(request)
    mission = mission_of(context, mission_id)
    check = _check(context, mission, body.command)
    run = _Run(mission, check, new_execution_id(check), body.timeout / 1000, Future())
    # no daemon, as the thread of this request is: who leaves tells it to end, and waits until its container is gone
    threading.Thread(target=_carry_out, args=(house_of(request), run), name="check", daemon=False).start()
    run.recorded.result()
    return enveloped({"executionId": run.id})


@router.get("/api/missions/{mission_id}/executions", response_model=Enveloped[list[ExecutionListed]])
def listed(request: Request, mission_id: MissionId) -> Response:
    """All commands that were run for the mission, the oldest first."""
    context = context_of(request)
    return enveloped([execution_dict(each) for each in executions(context, mission_of(context, mission_id))])


@router.get("/api/missions/{mission_id}/execution/{execution_id}", response_model=Enveloped[ExecutionShown])
def show(request: Request, mission_id: MissionId, execution_id: str) -> Response:
    """One of them, with its output while it runs."""
    context = context_of(request)
    mission = mission_of(context, mission_id)
    found = next((each for each in executions(context, mission) if each.id == execution_id), None)
    if found is None:
        raise NotFound(f"Execution not found: {execution_id}", "GET …/executions lists those that there are")
    return enveloped(execution_dict(found) | {"output": _output(context, mission, found)})


def _check(context: Context, mission: Mission, command: str) -> QuickCommand:
    """The mission's own check with that command, so that it counts as that one, else one without a name."""
    known = next((each for each in checks_of(context, mission) if each.command == command), None)
    if known is not None:
        return replace(known, where="container")
    return QuickCommand(clean_line(command, _LONGEST_NAME), command)


def _carry_out(house: House, run: _Run) -> None:
    context = house.contexts.fresh()  # of this thread
    try:
        within = within_project_of(
            context, StartRequest(run.mission.id, None, context.home.root, project=run.mission.project)
        )
        how = CheckRun(
            recorded=lambda: run.recorded.set_result(None),
            seconds=run.seconds,
            should_end=lambda: house.feed.is_over,
            id=run.id,
        )
        run_check(within, run.mission, run.check, how)
    except ScopecraftError as error:
        if not run.recorded.done():  # else its record says so
            run.recorded.set_exception(error)
    finally:
        if not run.recorded.done():
            run.recorded.set_exception(ScopecraftError("the command could not be run", "what it was: sc status"))
        context.store.close()


def _output(context: Context, mission: Mission, execution: Execution) -> str:
    """What it has printed, made safe to show when it was written. Empty while there is none."""
    try:
        with output_file(folder_of(context.home, mission), execution.id).open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - MOST_OUTPUT_BYTES))
            text = file.read(MOST_OUTPUT_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
    # the log tells the command and its exit code too, which have fields of their own here
    echoed = f"$ {execution.command}".replace("\n", "\n> ")
    return text.removeprefix(f"{echoed}\n").removesuffix(f"exit code {execution.exit_code}\n")
