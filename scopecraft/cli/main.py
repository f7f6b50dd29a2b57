"""The command line, `sc`. Its first line costs Python and click, nothing else."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

import scopecraft
from scopecraft.cli.border import guarded
from scopecraft.cli.command import Invocation, verbose_option
from scopecraft.cli.commands import LazyGroup

_EPILOG = """\b
A first mission, in a repository of yours:
  sc init && sc link && sc doctor
  sc run fix-login -m 'the login page forgets its name: mend it'"""


@click.command(
    cls=LazyGroup,
    params=[verbose_option()],
    epilog=_EPILOG,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    subcommand_metavar="COMMAND …",
    options_metavar="[-v]",
)
@click.version_option(scopecraft.__version__, prog_name="sc", message="%(prog)s %(version)s")
@click.pass_context
def sc(ctx: click.Context) -> None:
    """A session manager for coding agents: a git worktree for each task, agents that work on their own in
    containers, and agents that you work with in tmux windows.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The entry point: runs a command and ends the process with its exit code."""
    _prepare_output()
    invocation = Invocation()

    def call() -> object:
        return sc.main(arguments, prog_name="sc", standalone_mode=False, obj=invocation)

    code = guarded(call, invocation)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is done: a late Ctrl-C does not change what came of it
    sys.exit(code)


def _prepare_output() -> None:
    """Make both outputs writable whatever they are: closed (`>&-`), or of an encoding that cannot spell a name."""
    # a file of ours that got the number of a closed output would be written to by whoever prints
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    # a closed output is None, whatever its type says
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
