"""A workflow drawn for a person: its steps with what each reads and writes, and all that is particular to one. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scopecraft.cli.table import Cell, Column, Row, table_lines
from scopecraft.cli.terminal import fit
from scopecraft.model.duration import duration_text
from scopecraft.model.text import clean, clean_line
from scopecraft.model.workflow import Role, Step, Workflow

_COLUMNS = (
    Column("", right=True),
    Column("STEP"),
    Column("WHAT"),
    Column("READS", least=12),
    Column("WRITES", least=12),
    Column("ROLE", least=6),
)
_KINDS = {"human-gate": "waits for you", "code-review": "you review the code", "llm": "one call of a model"}


def workflow_lines(workflow: Workflow, roles: Mapping[str, Role], *, width: int, colour: bool) -> list[str]:
    """Whatever has an effect, but the texts of prompts; cut to `width` cells, 0: not at all."""
    rows = [_row(number, step, roles) for number, step in enumerate(workflow.steps, start=1)]
    lines = table_lines(_COLUMNS, rows, width=width, colour=colour)
    told = [f"  {step.id}: {line}" for number, step in enumerate(workflow.steps) for line in _notes(workflow, number)]
    told = [fit(line, width) for line in told] if width else told
    return [*lines, *(["", *told] if told else [])]


def prompt_lines(text: str) -> list[str]:
    """The whole of it, each line marked, so that none looks like one of ours."""
    return [f"  | {line}".rstrip() for line in clean(text).splitlines()]


def _row(number: int, step: Step, roles: Mapping[str, Role]) -> Row:
    role = roles.get(step.role or "")
    if step.is_gate:
        reads = step.review or ("" if step.type == "human-gate" else "the changes")
        return (f"{number}", Cell(step.id, ("bold", "yellow")), _KINDS[step.type], reads, "", "")
    played = "own prompt" if step.prompt else ""
    if role is not None:
        played = ", ".join(part for part in (f"{role.name} ({role.source})", played) if part)
    writes = ", ".join((*step.outputs, *(["code"] if _writes_code(step) else [])))
    return (f"{number}", Cell(step.id, ("bold",)), _what(step), ", ".join(step.inputs), writes, played)


def _writes_code(step: Step) -> bool:
    return step.type == "agent" and step.workspace == "codegen"


def _what(step: Step) -> str:
    if step.type == "llm":
        return _KINDS["llm"]
    return "agent in a window, with you" if step.mode == "dispatch" else "agent"


def _notes(workflow: Workflow, number: int) -> Iterator[str]:
    """What a reader would not assume."""
    step = workflow.steps[number]
    if step.needs is not None:
        yield f"begins after {', '.join(step.needs)}" if step.needs else "needs no other step"
    if step.autostart:
        yield "begins without asking you"
    if step.loop is not None:
        words, times = " or ".join(step.loop.when), "once" if step.loop.at_most == 1 else f"{step.loop.at_most} times"
        place = f"{step.loop.artifact}, field {step.loop.field}" if step.loop.field != "verdict" else step.loop.artifact
        yield clean_line(f"goes back to {step.loop.to} when {place} says {words}, at most {times}")
    for what, value in (("agent", step.dialect), ("model", step.model), ("effort", step.effort)):
        if value is not None:
            yield f"{what} {clean_line(value)}"
    if step.timeout_seconds is not None:
        yield f"at most {duration_text(step.timeout_seconds)}"
    yield from (clean_line(word) for word in step.settings)
    for command in step.quick_commands:
        where = " (on your machine)" if command.where == "host" else ""
        yield clean_line(f"check {command.name}{where}: {command.command}")
