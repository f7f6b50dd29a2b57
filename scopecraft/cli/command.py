"""What every command of `sc` has: examples under its help, and `-v` for the traceback of a fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click

Example = tuple[str, str]  # what to type, what it does


@dataclass(slots=True)
class Invocation:
    """The root context's object; what one call of `sc` was asked for beside its command."""

    verbose: bool = False


class Command(click.Command):
    examples: Sequence[Example] = ()

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.examples:
            with formatter.section("Examples"):
                formatter.write_dl(list(self.examples), col_max=44)
        super().format_epilog(ctx, formatter)


def command(
    name: str, *, examples: Sequence[Example] = (), **settings: Any
) -> Callable[[Callable[..., int | None]], Command]:
    """Like `click.command`; `cls` is a Command. The function may return its exit code; None is 0."""
    cls: type[Command] = settings.pop("cls", Command)

    def made(function: Callable[..., int | None]) -> Command:
        built = click.command(name, cls=cls, **settings)(function)
        built.examples = examples
        return built

    return made


def with_verbose(command: click.Command) -> click.Command:
    """The same command, which also takes `-v` after its name; so do the commands of a group."""
    taken = {option for parameter in command.params for option in parameter.opts}
    if not {"-v", "--verbose"} & taken:
        command.params.append(verbose_option())
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            with_verbose(inner)
    return command


def verbose_option() -> click.Option:
    return click.Option(
        ["-v", "--verbose"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_set_verbose,
        help="Show the traceback of an error.",
    )


def _set_verbose(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    invocation = ctx.find_root().obj
    if value and isinstance(invocation, Invocation):
        invocation.verbose = True
