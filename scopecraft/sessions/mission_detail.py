"""One mission as `sc mission show --json` has it: a MissionDetail of the HTTP contract, ours beside it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from scopecraft.errors import ScopecraftError
from scopecraft.missions.artifacts import open_artifact
from scopecraft.missions.folder import recorded_run
from scopecraft.missions.recipe import workflow_dict
from scopecraft.model.handle import ContainerHandle
from scopecraft.model.mission import Mission, StepState
from scopecraft.model.session import Ended, Queued, Session, handle_of
from scopecraft.model.text import clean
from scopecraft.sessions.context import Context
from scopecraft.sessions.folder import last_words
from scopecraft.sessions.mission_json import item_dict
from scopecraft.sessions.mission_page import Kept, MissionPage, Run
from scopecraft.sessions.settle import step_run

LONGEST_CONTENT = 1024**2  # a longer artifact is named with its size, and read by its own command
TAIL_CHARACTERS = 2000


def detail_dict(context: Context, page: MissionPage) -> dict[str, Any]:
    """`artifacts` are contents by name, `artifact_files` says of each its size and how many versions there are."""
    mission = page.view.mission
    tail = _log_tail(context, page)
    return {
        **item_dict(page.view),
        "errors": list(mission.errors),
        **({"last_error": mission.errors[-1]} if mission.errors else {}),
        "workflow": workflow_dict(page.view.workflow),
        "artifacts": _contents(context, mission, page.artifacts),
        "artifact_files": [asdict(each.artifact) | {"versions": each.versions} for each in page.artifacts],
        "runs": [_run_dict(context, mission, run) for run in page.runs if not isinstance(run.session.status, Queued)],
        **({"current_log_tail": tail} if tail is not None else {}),
        "steps": [
            asdict(mission.state(step.id) or StepState(step.id)) | {"name": step.name, "type": step.type, "is": mark}
            for step, mark in page.view.marks
        ],
        "reopened_gates": sorted(page.changed),
        "decisions": [
            {"kind": event.kind, "at": event.at, **event.data}
            for event in page.events
            if event.kind in ("gate_approved", "gate_rejected", "gate_opened", "check_ran")
        ],
        "base": mission.base,
        "worktree": mission.worktree,
    }


def _run_dict(context: Context, mission: Mission, run: Run) -> dict[str, Any]:
    """A StepRun of the contract with what the session used."""
    session = run.session
    row: dict[str, Any] = {"step_id": session.step_id, "run_id": session.id, "started_at": _started_at(session)}
    handle = handle_of(session.status)
    if isinstance(session.status, Ended):
        row = dict(step_run(session, session.status))
    elif isinstance(handle, ContainerHandle):
        row["container_id"] = handle.container_id
    # what is kept knows its container too, and is there before the mission moves on
    kept = recorded_run(context.home, mission, session.id)
    return {
        **row,
        **kept,
        "attempt": session.attempt,
        "agent": session.agent,
        "model": session.model,
        "state": session.status.kind,
        "usage": asdict(run.usage) if run.used else None,
    }


def _started_at(session: Session) -> str:
    return getattr(session.status, "started_at", None) or session.created_at


def _contents(context: Context, mission: Mission, kept: tuple[Kept, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in kept:
        if each.artifact.refusal or each.artifact.size > LONGEST_CONTENT:
            continue
        try:
            with open_artifact(context.home, mission, each.artifact.name) as pieces:
                found[each.artifact.name] = b"".join(pieces).decode("utf-8", "replace")
        except ScopecraftError:
            continue  # it was taken away, or changed into something else, this moment
    return found


def _log_tail(context: Context, page: MissionPage) -> str | None:
    """The end of what the unfinished run has printed; of one in line its place. None where none is unfinished."""
    for session in page.view.live:
        if recorded_run(context.home, page.view.mission, session.id):
            continue  # it is over: its record follows in a moment
        if isinstance(session.status, Queued):
            return page.view.next.sentence
        return clean(last_words(context.folder(session.id).stream))[-TAIL_CHARACTERS:]
    return None
