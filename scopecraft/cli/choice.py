"""Questions to a person at a terminal, asked again until the answer is understood."""

from __future__ import annotations

import contextlib
import sys
import termios
from collections.abc import Sequence

import click

from scopecraft.cli.say import say
from scopecraft.cli.terminal import is_terminal


def can_ask() -> bool:
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


def choose(question: str, answers: Sequence[str], *, default: str) -> str:
    """One of the answers; a beginning of it is enough, Enter is the default. Raises click.Abort at the end of input."""
    _drop_typed_ahead()
    while True:
        typed = _line(question).casefold()
        if not typed:
            return default
        fitting = [answer for answer in answers if answer.startswith(typed)]
        if len(fitting) == 1:
            return fitting[0]
        say(f"please type one of: {', '.join(answers)}")


def choose_number(question: str, most: int) -> int | None:
    """From 1 to `most`; None when Enter alone was typed, or `q`. Raises click.Abort at the end of input."""
    while True:
        typed = _line(question).casefold()
        if typed in ("", "q"):
            return None
        if typed.isdecimal() and 1 <= int(typed) <= most:
            return int(typed)
        say(f"please type a number from 1 to {most}, or Enter to leave it")


def _line(question: str) -> str:
    click.echo(question + " ", nl=False, err=True)
    try:
        line = sys.stdin.readline()
    except KeyboardInterrupt:
        say("")  # what is said next begins a line
        raise
    if not line:
        say("")
        raise click.Abort
    return line.strip()


def _drop_typed_ahead() -> None:
    """Keys that were pressed before the question are no answer to it."""
    with contextlib.suppress(OSError, ValueError, termios.error):
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
