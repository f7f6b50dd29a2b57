"""`sc config trust` and `untrust`: what a repository brings, seen and confirmed by a person, or taken back."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import note, say
from scopecraft.errors import NotConfirmed

_PROJECT = click.option("--project", metavar="NAME", help="The project, when you are not inside its repository.")


@command(
    "trust",
    examples=(
        ("sc config trust", "see what this repository brings, and confirm it"),
        ("sc config trust --yes", "without being asked, for scripts"),
    ),
)
@_PROJECT
@click.option("--host-setup", is_flag=True, help="Its set-up commands may also run on this machine itself.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def trust(project: str | None, host_setup: bool, yes: bool) -> int | None:
    """Show the settings that a repository brings (.scopecraft.toml), and confirm exactly these.

    They count from then on, until the file changes. Its set-up commands run in a container unless you confirm with
    --host-setup that they may run here.
    """
    from scopecraft.cli.choice import can_ask, choose
    from scopecraft.cli.settings_question import show_question
    from scopecraft.sessions.context import Context
    from scopecraft.sessions.places import project_here
    from scopecraft.sessions.project_settings import Question, confirm, question_about

    context = Context.of(os.environ)
    place = project_here(context, Path.cwd(), project)
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
    if not yes and not can_ask():
        raise NotConfirmed("nobody is there to confirm these settings", "read them, then: sc config trust --yes")
    if not yes and choose("confirm exactly this: (y)es or (n)o?", ("yes", "no"), default="no") == "no":
        note("nothing is confirmed")
        return 1
    confirm(context, question, host_setup=host_setup)
    say(f"confirmed for {question.project}: {question.file.where}")
    return None


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
