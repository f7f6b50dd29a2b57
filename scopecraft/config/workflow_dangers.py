"""What of a workflow reaches beyond an agent in its container: a person should look twice at it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from scopecraft.config.keys import parts_of
from scopecraft.config.repository_file import danger_of
from scopecraft.model.text import clean_line
from scopecraft.model.workflow import Recipe, Step


def dangers_of(recipe: Recipe) -> list[str]:
    """A sentence each, with the step that it is about."""
    return [
        f"{step.id}: {told}" for step in recipe.workflow.steps for told in (*_of_step(step), *_of_role(recipe, step))
    ]


def _of_step(step: Step) -> Iterator[str]:
    if not step.is_gate and step.mode == "dispatch":
        yield "opens in a window on your machine, with your rights"
    if step.autostart:
        yield "begins without asking you"
    if step.dialect is not None:
        yield f"agent {step.dialect}: chooses the program that runs"
    for word in step.settings:
        danger = danger_of(parts_of(word.partition("=")[0].strip()))
        if danger is not None:
            yield f"{clean_line(word)}: {danger}"
    for command in step.quick_commands:
        if command.where == "host":
            yield f"check {command.name}: runs on your machine, with your rights: {clean_line(command.command)}"


def _of_role(recipe: Recipe, step: Step) -> Iterator[str]:
    role = recipe.roles.get(step.role or "")
    if role is not None and role.dialect is not None and step.dialect is None:
        yield f"agent {role.dialect}, by its role {role.name}: chooses the program that runs"
