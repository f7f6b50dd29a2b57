"""A mission as `--json` shows it: what the HTTP contract names, ours beside it."""

from __future__ import annotations

from typing import Any

from scopecraft.missions.planner import current_step
from scopecraft.model.mission import Mission
from scopecraft.model.workflow import FINISHED
from scopecraft.sessions.missions_seen import MissionView


def list_item_dict(view: MissionView) -> dict[str, Any]:
    """A MissionListItem of the HTTP contract, and little more: there may be thousands of them."""
    mission = view.mission
    return {
        "mission_id": mission.id,
        "title": mission.title,
        "type": mission.type,
        "status": mission.status,
        "current_step_name": current_step_name(view),
        "updated_at": mission.updated_at,
        "task": mission.slug,
        "project": mission.project,
        "stage": view.next.stage,
        "current_step": mission.current_step,
        "step_count": len(view.workflow.steps),
        "cost_usd": view.cost_usd,
    }


def item_dict(view: MissionView) -> dict[str, Any]:
    """The same with what a person may want beside it: `next` says what happens next, `commands` what to type."""
    mission = view.mission
    return list_item_dict(view) | {
        "created_at": mission.created_at,
        "branch": mission.branch,
        "workflow_id": mission.workflow_id,
        "parent": mission.parent,
        "finished_steps": view.finished,
        "needs_person": view.next.needs_person,
        "next": view.next.sentence,
        "commands": list(view.next.commands),
        "sessions": [session.id for session in view.live],
        "is_archived": mission.is_frozen,
    }


def current_step_name(view: MissionView) -> str:
    """Of the first unfinished one; `Complete` after the last one."""
    step = current_step(view.mission, view.workflow)
    return step.name if step else FINISHED


def meta_dict(mission: Mission) -> dict[str, Any]:
    """MissionMeta of the HTTP contract, ours beside it."""
    last = {"last_error": mission.errors[-1]} if mission.errors else {}
    return {
        "mission_id": mission.id,
        "title": mission.title,
        "type": mission.type,
        "workflow_id": mission.workflow_id,
        "current_step": mission.current_step,
        "status": mission.status,
        "created_at": mission.created_at,
        "updated_at": mission.updated_at,
        "errors": list(mission.errors),
        **last,
        "task": mission.slug,
        "project": mission.project,
        "branch": mission.branch,
        "parent": mission.parent,
    }
