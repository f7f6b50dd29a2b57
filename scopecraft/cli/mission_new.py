"""`sc mission new`: an idea, written down as a mission."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TypedDict, Unpack

import click

from scopecraft.cli.command import command
from scopecraft.cli.prompt import prompt_from
from scopecraft.cli.recipe_question import ask_about_recipe
from scopecraft.cli.say import say
from scopecraft.cli.settings_question import ask_about_settings
from scopecraft.cli.table import print_json
from scopecraft.cli.terminal import is_terminal
from scopecraft.errors import BadInput
from scopecraft.model.mission import MISSION_TYPES, Mission, MissionType
from scopecraft.sessions.context import Context

_COMMENT = "<!-- What is to be done? Write it above; this line is taken out. Nothing written: no mission is made. -->"


class _Options(TypedDict):
    type_: MissionType
    workflow: str | None
    project: str | None
    parent: str | None
    base: str | None


@command(
    "new",
    examples=(
        ("sc mission new -f idea.md", "called by the first line of the text"),
        ("sc mission new 'Fix the login' --type fix", "opens your editor for the text"),
        ("pbpaste | sc mission new --start", "what is on standard input, and begin"),
        ("sc mission new 'Add tests' --parent fix-login", "as a part of another mission"),
    ),
)
@click.argument("title", required=False)
@click.option("-f", "--file", type=click.Path(path_type=Path), metavar="FILE", help="The text, from a file.")
@click.option("--type", "type_", type=click.Choice(MISSION_TYPES), default="feature", help="Default: feature.")
@click.option("--workflow", metavar="ID", help="The workflow that it follows; sc workflow ls has them.")
@click.option("--project", help="The project, when you are not inside its repository.")
@click.option("--parent", metavar="TASK", help="The mission that it is a part of.")
@click.option("--base", help="The commit or branch that its branch begins at; default: the repository's HEAD.")
@click.option("--start", is_flag=True, help="Begin with its first step at once.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def new(title: str | None, file: Path | None, *, start: bool, as_json: bool, **options: Unpack[_Options]) -> int | None:
    """Write down a mission: what is to be done, in as many words as you like. Its id is printed.

    The text comes from -f FILE, from standard input, or from your editor; it becomes raw-input.md of the mission. One
    without any text is a draft. Its branch begins at what the base is now; the worktree is made when its first step
    begins, with --start or sc mission continue.
    """
    from scopecraft.sessions.new_mission import NewMission, create

    context = Context.of(os.environ)
    text = _text(context, title, file)
    if start and not text.strip():
        raise BadInput("a mission without a text cannot begin", "give it one with -f FILE, or leave --start out")
    wanted = NewMission(
        title=title,
        text=text,
        cwd=Path.cwd(),
        type=options["type_"],
        workflow=options["workflow"],
        project=options["project"],
        parent=options["parent"],
        base=options["base"],
        on_settings=ask_about_settings,
        on_recipe=ask_about_recipe,
    )
    return _tell(context, create(context, wanted), start=start, as_json=as_json)


def _tell(context: Context, mission: Mission, *, start: bool, as_json: bool) -> int | None:
    from scopecraft.cli.mission_moved import moved, tell_next, whats_next
    from scopecraft.sessions.mission_json import meta_dict

    made = f"{mission.slug} is made, a {mission.type} of {mission.project}, by the workflow {mission.workflow_id}"
    if not as_json:
        click.echo(mission.id)
    if start:
        from scopecraft.sessions.mission_moves import go_on
        from scopecraft.sessions.person import person_name

        return moved(context, go_on(context, mission.id, person_name(context)), made, as_json=as_json)
    if as_json:
        print_json(meta_dict(mission))
        return None
    say(made)
    tell_next(whats_next(context, mission))
    return None


def _text(context: Context, title: str | None, file: Path | None) -> str:
    if file is not None or not is_terminal(sys.stdin):
        return prompt_from(None, file) or ""
    from scopecraft.cli.editor import edited

    heading = f"# {title}\n\n" if title else "\n"
    left = edited(f"{heading}\n{_COMMENT}\n".encode(), context.home.config, "mission.md", "name a file: -f FILE")
    try:
        text = left.decode("utf-8").replace(_COMMENT, "").strip()
    except UnicodeDecodeError as error:
        raise BadInput("what the editor left is not UTF-8 text", "a mission's text is text") from error
    if not text or text == heading.strip():
        raise BadInput("nothing was written, so no mission is made", "a draft: sc mission new TITLE -f /dev/null")
    return text + "\n"
