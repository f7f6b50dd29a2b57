"""What `sc run` and `sc dispatch` are asked alike: their options, and the request that these make."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any, TypedDict, TypeVar

import click

from scopecraft.cli.included import tell_included
from scopecraft.cli.prompt import prompt_from
from scopecraft.model.mission import MISSION_TYPES, MissionType
from scopecraft.sessions.request import StartRequest

F = TypeVar("F", bound=Callable[..., Any])


class StartOptions(TypedDict):
    """By click's names of the parameters."""

    task: str
    arguments: tuple[str, ...]
    message: str | None
    file: Path | None
    agent: str | None
    model: str | None
    base: str | None
    project: str | None
    type_: MissionType | None


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.argument("task"),
    click.argument("arguments", nargs=-1, type=click.UNPROCESSED),
    click.option("-m", "--message", metavar="PROMPT", help="What to do."),
    click.option("-f", "--file", type=click.Path(path_type=Path), metavar="FILE", help="The prompt, from a file."),
    click.option("--agent", help="Which agent; the default is a setting."),
    click.option("--model", help="Which model the agent uses."),
    click.option("--base", help="The commit or branch that a new mission begins at; default: the repository's HEAD."),
    click.option("--project", help="The project, when you are not inside its repository."),
    click.option(
        "--type", "type_", type=click.Choice(MISSION_TYPES), help="The type of a new mission; default: feature."
    ),
)


def start_options(function: F) -> F:
    """In the order in which the help shows them."""
    return reduce(lambda decorated, option: option(decorated), reversed(_OPTIONS), function)


def request_of(options: StartOptions, *, may_read_stdin: bool, timeout_seconds: int | None = None) -> StartRequest:
    """Raises BadInput for a prompt that cannot be read."""
    message, file = options["message"], options["file"]
    is_given = message is not None or file is not None or may_read_stdin
    return StartRequest(
        task=options["task"],
        prompt=prompt_from(message, file) if is_given else None,
        cwd=Path.cwd(),
        agent=options["agent"],
        model=options["model"],
        base=options["base"],
        timeout_seconds=timeout_seconds,
        project=options["project"],
        type=options["type_"],
        arguments=options["arguments"],
        on_included=tell_included,
    )
