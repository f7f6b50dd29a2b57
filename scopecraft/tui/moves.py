"""What a person's keys do to a mission, beside the screen: each returns the sentence that tells what is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scopecraft.missions.finding import require_mission
from scopecraft.model.mission import Mission
from scopecraft.model.session import Queued, Session
from scopecraft.sessions.context import Context
from scopecraft.sessions.person import person_name
from scopecraft.supervisor.asking import ask_to_carry_on

if TYPE_CHECKING:
    from scopecraft.errors import ScopecraftError
    from scopecraft.model.mission import MissionType
    from scopecraft.sessions.gate_content import OpenGate
    from scopecraft.sessions.gates import Uncommitted
    from scopecraft.sessions.recipes import AskRecipe
    from scopecraft.sessions.request import StartRequest

Hearing = Callable[["StartRequest"], "StartRequest"]


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, what began because of it, and what could not begin."""

    sentence: str
    refusals: tuple[ScopecraftError, ...] = ()
    mission_id: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A gate with what is to be approved, as it is now; of code also the changes, as lines."""

    gate: OpenGate
    changes: tuple[str, ...] = ()


def waiting_at(context: Context, mission_id: str, step_id: str | None) -> Waiting:
    """Raises what `gate_of` raises."""
    from scopecraft.sessions.gate_content import gate_of

    gate = gate_of(context, require_mission(context.home, mission_id, None), step_id)
    if gate.work is None:
        return Waiting(gate)
    from scopecraft.tui.changes import patches_of

    return Waiting(gate, patches_of(context, gate.mission))


def approve(context: Context, gate: OpenGate, uncommitted: Uncommitted, hearing: Hearing) -> Done:
    from scopecraft.sessions.gates import approve as approve_gate

    after = approve_gate(context, gate.mission.id, gate.seen, person_name(context), uncommitted)
    return _carried_on(context, after, f"{gate.step.name} of {gate.mission.slug} is approved", hearing)


def reject(context: Context, gate: OpenGate, why: str, hearing: Hearing) -> Done:
    from scopecraft.sessions.gates import reject as reject_gate

    after = reject_gate(context, gate.mission.id, gate.step.id, why, person_name(context))
    return _carried_on(context, after, f"{gate.step.name} of {gate.mission.slug} is rejected", hearing)


def go_on(context: Context, mission_id: str, hearing: Hearing) -> Done | Waiting:
    """Whatever comes next, as `sc mission continue` has it."""
    from scopecraft.sessions.finishing import finish_window
    from scopecraft.sessions.gate_content import is_at_gate
    from scopecraft.sessions.mission_moves import go_on as let_go_on
    from scopecraft.sessions.mission_moves import see_how_it_is

    is_due = see_how_it_is(context, mission_id)
    mission = require_mission(context.home, mission_id, None)
    if is_due:
        return _carried_on(context, mission, f"{mission.slug} goes on", hearing)
    if is_at_gate(context, mission):
        return waiting_at(context, mission_id, None)
    finished = finish_window(context, mission)
    if finished is not None:
        return _carried_on(context, mission, f"{finished.step_id} of {mission.slug} is done", hearing)
    after = let_go_on(context, mission_id, person_name(context))
    return _carried_on(context, after, f"{mission.slug} goes on", hearing)


def retry(context: Context, mission_id: str, hearing: Hearing) -> Done:
    from scopecraft.sessions.mission_moves import try_again

    after = try_again(context, mission_id, person_name(context))
    return _carried_on(context, after, f"{after.slug}: what failed is tried again", hearing)


def complete(context: Context, mission_id: str, hearing: Hearing) -> Done:
    from scopecraft.sessions.mission_moves import complete as complete_mission

    after = complete_mission(context, mission_id, person_name(context))
    return _carried_on(context, after, f"{after.slug} is complete", hearing)


def reopen(context: Context, mission_id: str, hearing: Hearing) -> Done:
    from scopecraft.sessions.mission_moves import reopen as reopen_mission

    after = reopen_mission(context, mission_id, person_name(context))
    return _carried_on(context, after, f"{after.slug} is open again", hearing)


@dataclass(frozen=True, slots=True)
class Idea:
    """What the form for a new mission says; empty words are for the default."""

    title: str
    text: str
    type: MissionType
    project: str
    workflow: str
    starts: bool


def make(context: Context, idea: Idea, hearing: Hearing, on_recipe: AskRecipe) -> Done:
    """Raises what `create` raises; where it cannot begin, it is made and says why."""
    from pathlib import Path

    from scopecraft.errors import BadInput
    from scopecraft.sessions.mission_moves import go_on as let_go_on
    from scopecraft.sessions.new_mission import NewMission, create
    from scopecraft.sessions.request import StartRequest

    if idea.starts and not idea.text.strip():
        raise BadInput("a mission without a text cannot begin", "write what is to be done, or do not begin it yet")
    ears = hearing(StartRequest("", None, context.home.root))
    wanted = NewMission(
        title=idea.title.strip() or None,
        text=idea.text.strip() + "\n" if idea.text.strip() else "",
        cwd=Path.cwd(),
        type=idea.type,
        workflow=idea.workflow or None,
        project=idea.project or None,
        on_settings=ears.on_settings,
        on_recipe=on_recipe,
    )
    mission = create(context, wanted)
    if not idea.starts:
        return Done(f"{mission.slug} is made; c begins it", mission_id=mission.id)
    after = let_go_on(context, mission.id, person_name(context))
    return replace(_carried_on(context, after, f"{mission.slug} is made", hearing), mission_id=mission.id)


def _carried_on(context: Context, mission: Mission, done: str, hearing: Hearing) -> Done:
    """What the move lets begin begins."""
    carried = ask_to_carry_on(context, mission.id, hearing)
    begun = [_begun(session) for session in carried.begun]
    return Done("; ".join([done, *begun]), tuple(carried.refusals), mission.id)


def _begun(session: Session) -> str:
    return f"{session.step_id} {'stands in line' if isinstance(session.status, Queued) else 'has begun'}"
