"""`sc pr`: a mission's branch is offered as a pull request."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import note, say
from scopecraft.cli.table import print_json
from scopecraft.errors import BadInput
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.moves_json import offered_dict
from scopecraft.sessions.places import mission_named

if TYPE_CHECKING:
    from scopecraft.sessions.offering import Offered

MOST_BODY_BYTES = 200_000


@command(
    "pr",
    examples=(
        ("sc pr fix-login", "push it, and open a pull request"),
        ("sc pr fix-login --draft --title 'Fix the login'", "as a draft, under another title"),
        ("sc pr fix-login --web", "push it, and print where a browser opens one"),
    ),
)
@click.argument("task")
@click.option("--draft", is_flag=True, help="As a draft.")
@click.option("--title", help="Its title; without it the task's.")
@click.option("--body", metavar="FILE", help="The file with its text, - for standard input.")
@click.option("--base", metavar="BRANCH", help="Into this branch; without it into the project's main branch.")
@click.option("--remote", metavar="REMOTE", help="To this remote; without it to origin, or the only one.")
@click.option("--force-with-lease", "force", is_flag=True, help="Replace what is there, unless it has moved.")
@click.option("--web", is_flag=True, help="Only push, and print the link by which a browser opens it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--project", help="Of the project by this name, wherever you are.")
def pr(
    task: str,
    title: str | None,
    body: str | None,
    base: str | None,
    remote: str | None,
    project: str | None,
    **how: bool,
) -> None:
    """Push the branch of TASK, and open a pull request for it; one that is open already is shown.

    On GitHub with a token of $GITHUB_TOKEN, $GH_TOKEN, config/secrets.env or gh. For other hosts the link is printed by
    which a browser opens it. Its text is what was asked, and what the last steps wrote.
    """
    from scopecraft.cli.push import tell_waiting
    from scopecraft.sessions.offering import OfferAs, offer_mission
    from scopecraft.worktrees.pushing import PushAs

    if title is not None and not title.strip():
        raise BadInput("the title is empty", "leave --title out for the task's own")
    text = _text_of(body) if body is not None else None
    context = Context.of(os.environ)
    mission = mission_named(context, task, Path.cwd(), project)
    wish = OfferAs(remote, base, title, text, how["draft"], how["web"], PushAs(how["force"], tell_waiting))
    if not how["as_json"]:
        note(f"pushing {clean_line(mission.branch)} …")
    offered = offer_mission(context, mission, wish)
    if how["as_json"]:
        print_json(offered_dict(offered))
        return
    _tell(offered)
    if offered.url is not None:
        click.echo(clean_line(offered.url))


def _tell(offered: Offered) -> None:
    where = f"{clean_line(offered.pushed.branch)} is on {clean_line(offered.pushed.remote)}"
    if offered.came == "opened":
        say(f"pull request {offered.number} is open, into {clean_line(offered.base)}")
    elif offered.came == "there":
        say(f"pull request {offered.number} is open already, into {clean_line(offered.base)}")
    elif offered.url is None:
        say(f"{where}; nobody knows how to open a pull request there")
    else:
        say(f"{where}; open a pull request there:")


def _text_of(body: str) -> str:
    """Raises BadInput."""
    try:
        if body == "-":
            data = sys.stdin.buffer.read(MOST_BODY_BYTES + 1)
        else:
            with Path(body).open("rb") as file:
                data = file.read(MOST_BODY_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{body} cannot be read: {error.strerror}", "name a file, or - for standard input") from error
    if len(data) > MOST_BODY_BYTES:
        raise BadInput(f"{body} is longer than {MOST_BODY_BYTES:,} bytes", "a pull request takes less than that")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{body} is no text in UTF-8", "save it as UTF-8") from error
