"""`sc workflow show`: the steps of a workflow, and what each reads and writes."""

from __future__ import annotations

import sys

import click

from scopecraft.cli.command import command
from scopecraft.cli.table import print_json, print_lines
from scopecraft.cli.terminal import has_colour, width_of
from scopecraft.cli.workflow_ground import ground_here, with_project
from scopecraft.cli.workflow_view import prompt_lines, workflow_lines
from scopecraft.model.text import clean, clean_line
from scopecraft.model.workflow import Recipe


@command(
    "show",
    examples=(
        ("sc workflow show oneshot", "its steps"),
        ("sc workflow show oneshot --prompts", "and what its agents are told"),
        ("sc workflow show oneshot --json", "as a workflow file could have it"),
    ),
)
@click.argument("name", required=False)
@click.option("--prompts", is_flag=True, help="The prompts, too.")
@with_project
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(name: str | None, prompts: bool, project: str | None, as_json: bool) -> None:
    """Show the steps of the workflow NAME, or of the default one: what each reads, writes, and who plays it."""
    from scopecraft.config.workflows import load_recipe
    from scopecraft.missions.recipe import workflow_dict

    ground = ground_here(project)
    recipe = load_recipe(ground.shelves, name or ground.default).recipe
    if as_json:
        print_json(workflow_dict(recipe.workflow))
        return
    workflow = recipe.workflow
    lines = [clean_line(f"{workflow.id} ({workflow.source}): {workflow.name}")]
    lines += clean(workflow.description).splitlines()
    lines += ["", *workflow_lines(workflow, recipe.roles, width=width_of(sys.stdout), colour=has_colour(sys.stdout))]
    print_lines([*lines, *(_prompts(recipe) if prompts else [])])


def _prompts(recipe: Recipe) -> list[str]:
    lines = []
    for step in recipe.workflow.steps:
        if step.prompt is not None:
            lines += ["", f"the prompt of the step {step.id}:", *prompt_lines(step.prompt)]
    for role in recipe.roles.values():
        lines += ["", f"the prompt of the role {clean_line(role.name)} ({role.source}):", *prompt_lines(role.prompt)]
    return lines
