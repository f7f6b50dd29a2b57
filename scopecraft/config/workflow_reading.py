"""Workflow files and agents.json, from bytes to values; every problem is told with file, line, place and reason."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scopecraft.config.workflow_rules import Flaw, Place, flaws_of, place_text
from scopecraft.config.workflow_steps import SAME_ARTIFACTS, flaws_of_type, step_of
from scopecraft.config.yaml_file import load_with_lines, load_yaml
from scopecraft.errors import BadWorkflow
from scopecraft.model.text import clean_line
from scopecraft.model.workflow import Source, Workflow

if TYPE_CHECKING:
    from pydantic import BaseModel

    from scopecraft.config.workflow_schema import RoleRow, WorkflowRow


@dataclass(frozen=True, slots=True)
class Entry:
    """A workflow of a file: with problems it is None. `id` is empty where the file does not tell one."""

    id: str
    workflow: Workflow | None
    where: str  # the file, as people know it
    source: Source
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleEntry:
    """What agents.json says of a role."""

    prompt_file: str
    dialect: str | None = None
    model: str | None = None
    effort: str | None = None


def read_workflows(text: bytes, where: str, source: Source) -> list[Entry]:
    """Of `{"workflows": […]}` or of one workflow. Raises BadWorkflow for what is neither."""
    document = load_yaml(text, where)
    if isinstance(document, dict) and "workflows" in document:
        rows = document["workflows"]
        strange = sorted(set(document) - {"workflows"})
        if not isinstance(rows, list) or strange:
            what = f"{clean_line(strange[0], 40)}: is not a field" if strange else "workflows: must be a list"
            raise BadWorkflow(
                f"{where}: {what}", 'it looks like this: {"workflows": [{"workflow_id": …, "steps": […]}]}'
            )
        return [_entry(text, where, source, ("workflows", number), row) for number, row in enumerate(rows)]
    if not isinstance(document, dict):
        raise BadWorkflow(f"{where} holds no workflow", "see how one looks: sc workflow show oneshot --json")
    return [_entry(text, where, source, (), document)]


def read_roles(text: bytes, where: str) -> dict[str, RoleEntry]:
    """Raises BadWorkflow, which tells all that is wrong."""
    from scopecraft.config.workflow_schema import RolesFile

    document = load_yaml(text, where)
    rows, flaws = _validated(RolesFile, document)
    if rows is None:
        raise BadWorkflow("\n".join(_told(text, where, (), flaws)), "every role needs a promptFile")
    return {name: _role(row) for name, row in rows.agents.items()}


def _role(row: RoleRow) -> RoleEntry:
    return RoleEntry(row.promptFile, row.dialect, row.model, row.effort)


def _entry(text: bytes, where: str, source: Source, root: Place, row: Any) -> Entry:
    from scopecraft.config.workflow_schema import WorkflowRow

    given = row.get("workflow_id") if isinstance(row, dict) else None
    name = clean_line(given, 64) if isinstance(given, str) else ""
    checked, flaws = _validated(WorkflowRow, _of_person(row))
    workflow = None
    if checked is not None:
        flaws = [flaw for number, step in enumerate(checked.steps) for flaw in flaws_of_type(step, ("steps", number))]
        workflow = _workflow(checked, source)
        flaws += flaws_of(workflow)
    if flaws:
        return Entry(name, None, where, source, tuple(_told(text, where, root, flaws)))
    return Entry(name, workflow, where, source)


def _of_person(row: Any) -> Any:
    """A workflow as a mission keeps it, or `sc workflow show --json` prints it, as a person would write it."""
    if not isinstance(row, dict):
        return row
    row = {name: value for name, value in row.items() if name != "source"}
    if isinstance(row.get("steps"), list):
        row["steps"] = [_step_of_person(step) for step in row["steps"]]
    return row


def _step_of_person(step: Any) -> Any:
    if not isinstance(step, dict):
        return step
    step = dict(step)
    for one, several in SAME_ARTIFACTS:
        given = step.get(several)
        if one in step and isinstance(given, list) and given[:1] == [step[one]]:
            del step[one]
    loop = step.get("loop")
    if isinstance(loop, dict) and "at_most" in loop:
        step["loop"] = {"atMost" if name == "at_most" else name: value for name, value in loop.items()}
    return step


def _validated(model: type[Any], document: object) -> tuple[Any, list[Flaw]]:
    # looking for plugins of pydantic reads the metadata of every installed package
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from pydantic import ValidationError

    try:
        checked: BaseModel = model.model_validate(document)
        return checked, []
    except ValidationError as error:
        return None, [_flaw(each) for each in error.errors(include_url=False)]


def _flaw(error: Mapping[str, Any]) -> Flaw:
    place = tuple(error["loc"])
    match error["type"]:
        case "extra_forbidden":
            reason = "is not a field"
        case "missing":
            reason = "is missing"
        case "string_pattern_mismatch":
            reason = f"{clean_line(str(error['input']), 60)!r} is no name: {_PATTERNS.get(str(place[-1]), _A_NAME)}"
        case "too_short" | "string_too_short":
            reason = "is empty"
        case "model_type" | "dict_type":
            reason = "must be fields and their values"
        case "list_type":
            reason = "must be a list"
        case "string_type":
            reason = "must be a text"
        case _:
            reason = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return Flaw(place, clean_line(reason, 300))


_A_NAME = "letters, digits, - and _"
_PATTERNS = {
    "model": "no spaces, and no dash in front",
    "image": "no spaces, and no dash in front",
    "network": "no spaces, and no dash in front",
    "effort": "small letters",
}


def _told(text: bytes, where: str, root: Place, flaws: list[Flaw]) -> list[str]:
    """One sentence each, with the nearest line that there is."""
    _, lines = load_with_lines(text, where)
    told = []
    for flaw in flaws:
        place = (*root, *flaw.place)
        line = next((lines[place[:end]] for end in range(len(place), -1, -1) if place[:end] in lines), None)
        file = where if line is None else f"{where}:{line}"
        at = clean_line(place_text(place), 120)
        told.append(f"{file}: {at}: {flaw.reason}" if at else f"{file}: {flaw.reason}")
    return told


def _workflow(row: WorkflowRow, source: Source) -> Workflow:
    return Workflow(
        id=row.workflow_id,
        name=row.name or row.workflow_id,
        steps=tuple(step_of(step) for step in row.steps),
        description=row.description,
        source=source,
    )
