"""What the end of a session means for the step that it carried out, and for its mission."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from scopecraft.errors import BadName, NotFound, Refused, StateUnreadable, StorageFailed
from scopecraft.missions.advance import FINISHED, is_put_down, when_ended
from scopecraft.missions.artifacts import list_artifacts, open_artifact
from scopecraft.missions.folder import changing, folder_of, save_mission
from scopecraft.missions.moves import StepEnd, ended
from scopecraft.missions.recipe import load_workflow
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.mission import Mission
from scopecraft.model.session import Completed, Ended, Killed, Outcome, Session
from scopecraft.model.session_words import outcome_sentence
from scopecraft.model.text import clean_line

if TYPE_CHECKING:
    from scopecraft.model.workflow import Loop, Step, Workflow
    from scopecraft.sessions.context import Context

_VERDICT_BYTES = 1 << 20
# what may stand before it is of its own line: over several, the empty lines of a long text would be read for each
_VERDICT = re.compile(r"^[ \t>*_`#-]*VERDICT:[\s*_`]*([A-Za-z][A-Za-z_-]*)", re.MULTILINE)


def mission_ended(context: Context, mission: Mission, session: Session, outcome: Outcome, at: str) -> tuple[Event, ...]:
    """Saves the mission as it is after the session; what that means for a person, as events for the journal.

    The caller holds the mission. The same again comes to the same, and to the same events.
    """
    if not mission.steps:
        save_mission(context.home, when_ended(mission, outcome, at, session.mode))
        return ()
    workflow = load_workflow(folder_of(context.home, mission))
    end = step_end(context, mission, workflow, session, outcome)
    after = ended(mission, workflow, session.id, end, at)
    if after != mission:
        _keep_versions(context, mission, workflow.step(session.step_id), session, at)
        save_mission(context.home, after)
    return step_events(after, workflow, session, at)


def left_line(context: Context, session: Session, at: str) -> None:
    """The step of a session that was taken out of the queue is as it was. Nothing, where its mission is not there."""
    with suppress(StateUnreadable), changing(context.home, session.mission_id) as mission:
        workflow = load_workflow(folder_of(context.home, mission))
        after = ended(mission, workflow, session.id, StepEnd("put down"), at)
        if after != mission:
            save_mission(context.home, after)


def step_end(context: Context, mission: Mission, workflow: Workflow, session: Session, outcome: Outcome) -> StepEnd:
    """A success is one only with the artifacts that the step is to write, whatever the agent says."""
    is_finished = isinstance(outcome, Killed) and outcome.by.startswith(FINISHED)
    if is_put_down(outcome, session.mode) and not is_finished:
        return StepEnd("put down")
    if not isinstance(outcome, Completed) and not is_finished:
        return StepEnd("failed", outcome_sentence(outcome))
    step = workflow.step(session.step_id)
    if step is None:
        return StepEnd("done")
    missing = missing_output(context, mission, step, session)
    if missing:
        return StepEnd("failed", f"{step.name} ended, and {missing}")
    return StepEnd("done", verdict=_verdict(context, mission, step.loop) if step.loop else None)


def step_events(mission: Mission, workflow: Workflow, session: Session, at: str) -> tuple[Event, ...]:
    """What a person should hear of the mission after this session of it."""
    state = mission.state(session.step_id)
    if state is None or state.run_id != session.id:
        return ()
    data: dict[str, Any] = {"step": session.step_id}
    if state.phase == "failed":
        return (Event(0, at, "step_failed", mission.id, session.id, data | {"reason": mission.errors[-1]}),)
    if mission.status in ("waiting_human", "waiting_code_review"):
        gate = workflow.steps[mission.current_step]
        return (Event(0, at, "gate_opened", mission.id, session.id, {"step": gate.id, "gate": gate.name}),)
    if mission.status == "completed":
        return (Event(0, at, "mission_completed", mission.id, session.id, data),)
    return ()


def missing_output(context: Context, mission: Mission, step: Step, session: Session) -> str:
    """Why the step's outputs do not count; empty when they do."""
    there = {artifact.name: artifact for artifact in list_artifacts(context.home, mission)}
    asked = _asked_at(context, session)
    for name in step.outputs:
        artifact = there.get(name)
        if artifact is None:
            return f"{name} was not written"
        if artifact.refusal:
            return f"{name} is {artifact.refusal}"
        try:
            if artifact.size == 0 or _is_blank(context, mission, name):
                return f"{name} is empty"
        except (NotFound, Refused, OSError):  # whoever lives beside it put something else there in this very moment
            return f"{name} cannot be read"
        if artifact.modified_at < asked:
            return f"{name} was not written: the one that is there is from before"
    return ""


def _asked_at(context: Context, session: Session) -> float:
    """Seconds since 1970 (an agent may be quicker than who records its start).

    Of one that goes on with a conversation which was cut off, when that began: what it had written then counts.
    """
    seen = {session.id}
    while session.origin in ("resume", "takeover", "handback") and session.follows and session.follows not in seen:
        before = context.store.get(session.follows)
        if before is None or (isinstance(before.status, Ended) and isinstance(before.status.outcome, Completed)):
            break
        seen.add(before.id)
        session = before
    return clock.from_text(session.created_at).timestamp()


def _is_blank(context: Context, mission: Mission, name: str) -> bool:
    with open_artifact(context.home, mission, name) as pieces:
        return not any(piece.strip() for piece in pieces)


def _verdict(context: Context, mission: Mission, loop: Loop) -> str | None:
    """The word that the artifact says; None where it says none."""
    try:
        with open_artifact(context.home, mission, loop.artifact) as pieces:
            text = b"".join(piece for _, piece in zip(range(_VERDICT_BYTES >> 16), pieces, strict=False))
    except (NotFound, Refused, BadName, OSError):
        return None
    return verdict_in(text, loop.field)


def verdict_in(text: bytes, field: str) -> str | None:
    """Of an object of JSON its field, else what the last `VERDICT:` line says. Pure."""
    with suppress(ValueError, RecursionError):
        document = json.loads(text)
        if isinstance(document, dict):
            said = document.get(field)
            return clean_line(said, 80) if isinstance(said, str) else None
    found = _VERDICT.findall(text.decode("utf-8", "replace"))
    return str(found[-1]) if found else None


def _keep_versions(context: Context, mission: Mission, step: Step | None, session: Session, at: str) -> None:
    """What the agent wrote, so that a person's changes can be told from it. A full disk does not hold up the end."""
    from scopecraft.missions.versions import keep_version

    for name in step.outputs if step else ():
        with suppress(NotFound, Refused, BadName, StorageFailed, OSError):
            keep_version(context.home, mission, name, by=session.agent, at=at, run_id=session.id)
