"""`sc config trust` and `untrust`: what a repository brings, seen and confirmed by a person, or taken back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import note, say
from scopecraft.errors import BadInput, NotConfirmed

if TYPE_CHECKING:
    from scopecraft.config.projects import Project
    from scopecraft.sessions.context import Context
    from scopecraft.worktrees.repository import Repository

_PROJECT = click.option("--project", metavar="NAME", help="The project, when you are not inside its repository.")


@command(
    "trust",
    examples=(
        ("sc config trust", "see what this repository brings, and confirm it"),
        ("sc config trust --yes", "without being asked, for scripts"),
        ("sc config trust --workflow quick", "a workflow of this repository, with its roles and prompts"),
    ),
)
@_PROJECT
@click.option("--host-setup", is_flag=True, help="Its set-up commands may also run on this machine itself.")
@click.option("--workflow", metavar="ID", help="This workflow, in place of the settings.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def trust(project: str | None, host_setup: bool, workflow: str | None, yes: bool) -> int | None:
    """Show the settings that a repository brings (.scopecraft.toml), and confirm exactly these.

    They count from then on, until the file changes. Its set-up commands run in a container unless you confirm with
    --host-setup that they may run here. With --workflow it is what the repository brings to that workflow: its steps,
    roles and prompts.
    """
    from scopecraft.sessions.context import Context
    from scopecraft.sessions.places import project_here

    context = Context.of(os.environ)
    place = project_here(context, Path.cwd(), project)
    if workflow is None:
        return _trust_settings(context, place, host_setup=host_setup, yes=yes)
    if host_setup:
        raise BadInput("a workflow has no set-up commands", "leave --host-setup out")
    return _trust_workflow(context, place, workflow, yes=yes)


def _trust_workflow(context: Context, place: tuple[Project, Repository], workflow: str, *, yes: bool) -> int | None:
    from scopecraft.cli.recipe_question import show_recipe
    from scopecraft.sessions.recipes import confirm_recipe, recipe_question

    question = recipe_question(context, *place, workflow)
    if not question.loaded.files:
        say(f"the repository of {place[0].name} brings nothing to the workflow {question.workflow_id}")
        return None
    show_recipe(question)
    if question.is_confirmed:
        note("nothing to do")
        return None
    if not _agreed(yes, "this workflow", f"sc config trust --workflow {question.workflow_id} --yes"):
        return 1
    confirm_recipe(context, question)
    say(f"confirmed for {question.project}: the workflow {question.workflow_id}")
    return None


def _trust_settings(context: Context, place: tuple[Project, Repository], *, host_setup: bool, yes: bool) -> int | None:
    from scopecraft.cli.settings_question import show_question
    from scopecraft.sessions.project_settings import Question, confirm, question_about

    question = question_about(context, place)
    if question is None:
        say(f"the repository of {place[0].name} brings no settings")
        return None
    show_question(question)
    if question.known is not None and question.known.host_setup == host_setup:
        note("nothing to do")
        return None
    if host_setup:
        show_question(Question("host", question.project, question.file, question.layer, question.below))
    if not _agreed(yes, "these settings", "sc config trust --yes"):
        return 1
    confirm(context, question, host_setup=host_setup)
    say(f"confirmed for {question.project}: {question.file.where}")
    return None


def _agreed(yes: bool, what: str, typed: str) -> bool:
    from scopecraft.cli.choice import can_ask, choose

    if not yes and not can_ask():
        raise NotConfirmed(f"nobody is there to confirm {what}", f"read what it says, then: {typed}")
    if yes or choose("confirm exactly this: (y)es or (n)o?", ("yes", "no"), default="no") == "yes":
        return True
    note("nothing is confirmed")
    return False


@command("untrust", examples=(("sc config untrust", "what this repository brings does not count any more"),))
@_PROJECT
def untrust(project: str | None) -> None:
    """Take back every confirmation for a project; the next start asks again."""
    from scopecraft.config.confirmed import forget_confirmations
    from scopecraft.sessions.context import Context
    from scopecraft.sessions.places import project_here

    context = Context.of(os.environ)
    found, _ = project_here(context, Path.cwd(), project)
    count = forget_confirmations(context.home, found.name)
    say(f"nothing that the repository of {found.name} brings counts now" if count else "nothing was confirmed")
