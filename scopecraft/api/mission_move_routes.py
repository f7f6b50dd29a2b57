"""A person's moves with a mission through its workflow: continue, approve, reject and the others."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from scopecraft.api.answer import enveloped
from scopecraft.api.answer_models import Enveloped, MissionMoved
from scopecraft.api.gate_models import GateShape, SeenAtGate
from scopecraft.api.house import context_of
from scopecraft.api.mission_found import MissionId, mission_of
from scopecraft.api.slow import slow
from scopecraft.missions.folder import folder_of
from scopecraft.missions.recipe import load_workflow
from scopecraft.sessions import gates, mission_moves
from scopecraft.sessions.carrying_on import Carried
from scopecraft.sessions.context import Context
from scopecraft.sessions.continuing_mission import AtGate, continue_mission
from scopecraft.sessions.gate_content import gate_of, waiting_gate
from scopecraft.sessions.gate_json import gate_dict
from scopecraft.sessions.mission_json import meta_dict
from scopecraft.sessions.person import person_name
from scopecraft.sessions.stepped import stepped
from scopecraft.supervisor.asking import ask_to_carry_on

router = APIRouter(tags=["moves"])
MOVED = Enveloped[MissionMoved]


class GateApproved(BaseModel):
    """Nothing of it need be said: then what waits is approved as it is now."""

    step: str | None = Field(default=None, description="the gate, where several wait")
    seen: SeenAtGate | None = Field(default=None, description="as `GET …/gate` told it; anything else answers 409")
    commit: bool | None = Field(
        default=None, description="take uncommitted work into a commit, or leave it as it is; unsaid it answers 409"
    )


class GateRejected(BaseModel):
    step: str | None = Field(default=None, description="the gate, where several wait")
    reason: str = Field(description="what is not right yet: the agent gets it")


class WentBack(BaseModel):
    step: str = Field(description="the step that is to be done again, with all that needs it")


@router.get("/api/missions/{mission_id}/gate", response_model=Enveloped[GateShape])
def gate(request: Request, mission_id: MissionId, step: str | None = None) -> Response:
    """What waits for a person, with all that an approval binds to. Where nothing waits it answers 409."""
    context = context_of(request)
    return enveloped(gate_dict(gate_of(context, mission_of(context, mission_id), step)))


@router.post("/api/missions/{mission_id}/continue", response_model=MOVED)
@slow
def continue_(request: Request, mission_id: MissionId) -> Response:
    """Whatever comes next comes now: a gate is passed, a step begins, or begins again. While one runs it answers 409.

    Who approves a gate in this way leaves work that is not committed where it is.
    """
    context = context_of(request)
    by = person_name(context)
    came = continue_mission(context, mission_of(context, mission_id).id, by)
    if isinstance(came, AtGate):
        gates.approve(context, mission_id, gate_of(context, came.mission).seen, by, "leave")
    return _gone_on(context, mission_id)


@router.post("/api/missions/{mission_id}/approve", response_model=MOVED)
@slow
def approve(request: Request, mission_id: MissionId, body: GateApproved | None = None) -> Response:
    """Pass a gate, for exactly what was seen: a changed artifact, branch or worktree answers 409."""
    context = context_of(request)
    said = body or GateApproved()
    found = gate_of(context, mission_of(context, mission_id), said.step)
    seen = said.seen.of_gate(found.step.id) if said.seen is not None else found.seen
    uncommitted: gates.Uncommitted = "refuse" if said.commit is None else "commit" if said.commit else "leave"
    gates.approve(context, mission_id, seen, person_name(context), uncommitted)
    return _moved(context, mission_id)


@router.post("/api/missions/{mission_id}/reject", response_model=MOVED)
@slow
def reject(request: Request, mission_id: MissionId, body: GateRejected) -> Response:
    """Send a mission back from a gate: the step before begins again, with the reason in its prompt."""
    context = context_of(request)
    mission = mission_of(context, mission_id)
    workflow = load_workflow(folder_of(context.home, mission))
    waiting = waiting_gate(stepped(context, mission, workflow), workflow, body.step)
    gates.reject(context, mission_id, waiting.id, body.reason, person_name(context))
    return _moved(context, mission_id)


@router.post("/api/missions/{mission_id}/retry", response_model=MOVED)
@slow
def retry(request: Request, mission_id: MissionId) -> Response:
    """Let the steps that failed begin again, each with a new session."""
    context = context_of(request)
    mission_moves.try_again(context, mission_of(context, mission_id).id, person_name(context))
    return _gone_on(context, mission_id)


@router.post("/api/missions/{mission_id}/back", response_model=MOVED)
@slow
def back(request: Request, mission_id: MissionId, body: WentBack) -> Response:
    """Set a mission back to a step. Artifacts and commits stay as they are."""
    context = context_of(request)
    mission_moves.go_back(context, mission_of(context, mission_id).id, body.step, person_name(context))
    return _moved(context, mission_id)


@router.post("/api/missions/{mission_id}/complete", response_model=MOVED)
@router.post("/api/missions/{mission_id}/mark-completed", response_model=MOVED)
@slow
def complete(request: Request, mission_id: MissionId) -> Response:
    """Say that a mission is complete, whatever its workflow still has; one that is stays as it is."""
    context = context_of(request)
    mission_moves.complete(context, mission_of(context, mission_id).id, person_name(context))
    return _moved(context, mission_id)


@router.post("/api/missions/{mission_id}/reopen", response_model=MOVED)
@slow
def reopen(request: Request, mission_id: MissionId) -> Response:
    """Take up a complete mission again: what was skipped is to be done, else its last gate waits."""
    context = context_of(request)
    mission_moves.reopen(context, mission_of(context, mission_id).id, person_name(context))
    return _moved(context, mission_id)


def _moved(context: Context, mission_id: str) -> Response:
    """What the move lets begin has begun, or it is said why not."""
    return enveloped(_dict(ask_to_carry_on(context, mission_id)))


def _gone_on(context: Context, mission_id: str) -> Response:
    """The same, where something was to begin: raises what kept everything from it."""
    carried = ask_to_carry_on(context, mission_id)
    if carried.refusals and not carried.begun:
        raise carried.refusals[0]
    return enveloped(_dict(carried))


def _dict(carried: Carried) -> dict[str, Any]:
    return {
        **meta_dict(carried.mission),
        "begun": [session.id for session in carried.begun],
        "refusals": [{"message": error.message, "hint": error.hint} for error in carried.refusals],
    }
