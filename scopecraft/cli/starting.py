"""What `sc run` and `sc dispatch` are asked alike: their options, and the request that these make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, TypedDict, TypeVar

import click

from scopecraft.cli.command import Command
from scopecraft.cli.included import tell_included
from scopecraft.cli.prompt import prompt_from
from scopecraft.cli.say import say
from scopecraft.cli.settings_question import ask_about_settings
from scopecraft.cli.setup import tell_setup
from scopecraft.cli.start_from import start_from
from scopecraft.errors import BadInput
from scopecraft.model.mission import MISSION_TYPES, MissionType
from scopecraft.sessions.request import FromWorktree, StartRequest, own_task

F = TypeVar("F", bound=Callable[..., Any])


class StartOptions(TypedDict):
    """By click's names of the parameters."""

    task: str | None
    arguments: tuple[str, ...]
    message: str | None
    file: Path | None
    agent: str | None
    model: str | None
    base: str | None
    project: str | None
    type_: MissionType | None
    branch: str | None
    pr: int | None
    remote: str | None
    worktree: Path | None
    agents: str | None
    set_: tuple[str, ...]
    no_setup: bool


Decorator = Callable[[Any], Any]
_ARGUMENTS: tuple[Decorator, ...] = (
    click.argument("task", required=False),
    click.argument("arguments", nargs=-1, type=click.UNPROCESSED),
)
_WHAT: tuple[Decorator, ...] = (
    click.option("-m", "--message", metavar="PROMPT", help="What to do."),
    click.option("-f", "--file", type=click.Path(path_type=Path), metavar="FILE", help="The prompt, from a file."),
    click.option("--agent", help="Which agent; the default is a setting."),
    click.option("--model", help="Which model the agent uses."),
)
_SEVERAL: tuple[Decorator, ...] = (
    click.option("--agents", metavar="A,B,…", help="Several agents, each on a mission of its own: TASK-A, TASK-B."),
)
_WHERE: tuple[Decorator, ...] = (
    click.option("--base", help="The commit or branch that a new mission begins at; default: the repository's HEAD."),
    click.option("--branch", help="Work on this existing branch, local or of a remote."),
    click.option("--pr", type=int, metavar="N", help="Work on pull (or merge) request N."),
    click.option("--remote", help="Where the pull request is; default: origin, or the only remote."),
    click.option(
        "--worktree",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="Work in this worktree, which you made with git worktree add.",
    ),
    click.option("--project", help="The project, when you are not inside its repository."),
    click.option(
        "--type", "type_", type=click.Choice(MISSION_TYPES), help="The type of a new mission; default: feature."
    ),
    click.option(
        "--set",
        "set_",
        multiple=True,
        metavar="KEY=VALUE",
        help="A setting for this time, such as container.memory=8g.",
    ),
    click.option("--no-setup", is_flag=True, help="Leave out the set-up commands of a new worktree."),
)


class StartCommand(Command):
    """TASK may be left out, so what stands behind `--` is never taken for it unless nothing else can be."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = args.index("--") if "--" in args else len(args)
        behind = tuple(args[at + 1 :])
        rest = super().parse_args(ctx, args[:at])
        names_itself = any(ctx.params.get(name) is not None for name in ("branch", "pr", "worktree"))
        if ctx.params.get("task") is None and behind and not names_itself:
            ctx.params["task"], behind = behind[0], behind[1:]
        ctx.params["arguments"] = (*(ctx.params.get("arguments") or ()), *behind)
        return rest


def start_options(function: F) -> F:
    """In the order in which the help shows them."""
    return _decorated(function, (*_ARGUMENTS, *_WHAT, *_SEVERAL, *_WHERE))


def one_agent_options(function: F) -> F:
    """The same without `--agents` and without the arguments, which the command takes in its own way."""
    return _decorated(function, (*_WHAT, *_WHERE))


def _decorated(function: F, options: Sequence[Decorator]) -> F:
    return reduce(lambda decorated, option: option(decorated), reversed(options), function)


def request_of(options: StartOptions, *, may_read_stdin: bool, timeout_seconds: int | None = None) -> StartRequest:
    """Raises BadInput for a prompt that cannot be read, options that exclude each other, and a missing task."""
    start = start_from(options)
    task = options["task"] if options["task"] is not None or start is None else own_task(start)
    if task is None:
        name = click.get_current_context().info_name
        raise BadInput("missing argument 'TASK'", f"name what is to be done: sc {name} fix-login -m 'the login page …'")
    message, file = options["message"], options["file"]
    is_given = message is not None or file is not None or may_read_stdin
    return StartRequest(
        task=task,
        prompt=prompt_from(message, file) if is_given else None,
        # a worktree tells its own project
        cwd=start.path if isinstance(start, FromWorktree) else Path.cwd(),
        agent=options["agent"],
        model=options["model"],
        base=options["base"],
        timeout_seconds=timeout_seconds,
        project=options["project"],
        type=options["type_"],
        arguments=options["arguments"],
        overrides=options["set_"],
        on_settings=ask_about_settings,
        on_included=tell_included,
        on_note=say,
        should_set_up=not options["no_setup"],
        on_setup=tell_setup,
        start_from=start,
        is_task_given=options["task"] is not None,
    )
