"""The recipe that a mission keeps from its beginning: `workflow.json` and `roles.json` in its folder.

Workflows are written in the names of the HTTP contract, ours beside them; a file of our own is read as we wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from scopecraft.atomic import replace_file
from scopecraft.errors import StateUnreadable
from scopecraft.model.workflow import DIRECT, Loop, QuickCommand, Recipe, Role, Step, Workflow

WORKFLOW = "workflow.json"
ROLES = "roles.json"


def save_recipe(folder: Path, recipe: Recipe) -> None:
    """Raises StorageFailed."""
    replace_file(folder / WORKFLOW, _json(workflow_dict(recipe.workflow)))
    replace_file(folder / ROLES, _json({name: asdict(role) for name, role in recipe.roles.items()}))


def load_workflow(folder: Path) -> Workflow:
    """That of the mission in the folder; what `sc run` gives where it keeps none. Raises StateUnreadable."""
    try:
        return _of_bytes((folder / WORKFLOW).read_bytes())
    except FileNotFoundError:
        return DIRECT
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(folder / WORKFLOW, error) from error


@lru_cache(maxsize=32)  # the missions of a home share a few workflows, byte for byte
def _of_bytes(data: bytes) -> Workflow:
    return workflow_of_dict(json.loads(data))


def load_recipe(folder: Path) -> Recipe:
    """Raises StateUnreadable."""
    workflow = load_workflow(folder)
    try:
        rows = json.loads((folder / ROLES).read_bytes())
        return Recipe(workflow, {str(name): Role(**row) for name, row in rows.items()})
    except FileNotFoundError:
        return Recipe(workflow)
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise _unreadable(folder / ROLES, error) from error


def workflow_dict(workflow: Workflow) -> dict[str, Any]:
    return {
        "workflow_id": workflow.id,
        "name": workflow.name,
        "description": workflow.description,
        "source": workflow.source,
        "steps": [step_dict(step) for step in workflow.steps],
    }


def step_dict(step: Step) -> dict[str, Any]:
    """What a step leaves at its default is left out."""
    row: dict[str, Any] = {"step_id": step.id, "name": step.name, "type": step.type}
    if not step.is_gate:
        row |= {"mode": step.mode, "workspaceMode": step.workspace}
    optional: dict[str, Any] = {
        "agent": step.role,
        "inputArtifact": step.inputs[0] if step.inputs else None,
        "inputArtifacts": list(step.inputs) if len(step.inputs) > 1 else None,
        "outputArtifact": step.outputs[0] if step.outputs else None,
        "outputArtifacts": list(step.outputs) if len(step.outputs) > 1 else None,
        "reviewArtifact": step.review,
        "quickCommands": [asdict(command) for command in step.quick_commands] or None,
        "needs": None if step.needs is None else list(step.needs),
        "autostart": step.autostart or None,
        "loop": asdict(step.loop) if step.loop else None,
        "prompt": step.prompt,
        "dialect": step.dialect,
        "model": step.model,
        "effort": step.effort,
        "timeoutSeconds": step.timeout_seconds,
        "settings": list(step.settings) or None,
    }
    return row | {name: value for name, value in optional.items() if value is not None}


def workflow_of_dict(row: Mapping[str, Any]) -> Workflow:
    """Of what `workflow_dict` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    return Workflow(
        id=row["workflow_id"],
        name=row["name"],
        steps=tuple(_step(step) for step in row["steps"]),
        description=row.get("description", ""),
        source=row.get("source", "shipped"),
    )


def _step(row: Mapping[str, Any]) -> Step:
    loop = row.get("loop")
    needs = row.get("needs")
    return Step(
        id=row["step_id"],
        name=row["name"],
        type=row["type"],
        role=row.get("agent"),
        mode=row.get("mode", "autonomous"),
        workspace=row.get("workspaceMode", "codegen"),
        inputs=_artifacts(row, "inputArtifact"),
        outputs=_artifacts(row, "outputArtifact"),
        review=row.get("reviewArtifact"),
        quick_commands=tuple(QuickCommand(**command) for command in row.get("quickCommands", ())),
        needs=None if needs is None else tuple(needs),
        autostart=bool(row.get("autostart", False)),
        loop=Loop(**{**loop, "when": tuple(loop["when"])}) if loop else None,
        prompt=row.get("prompt"),
        dialect=row.get("dialect"),
        model=row.get("model"),
        effort=row.get("effort"),
        timeout_seconds=row.get("timeoutSeconds"),
        settings=tuple(row.get("settings", ())),
    )


def _artifacts(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    one = row.get(name)
    return tuple(row.get(f"{name}s") or ([one] if one else ()))


def _json(document: object) -> bytes:
    return json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8", "surrogateescape") + b"\n"


def _unreadable(file: Path, error: Exception) -> StateUnreadable:
    return StateUnreadable(f"{file} cannot be read: {error}", "mend it; the mission and its artifacts are untouched")
