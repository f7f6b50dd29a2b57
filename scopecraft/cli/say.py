"""Talk goes to stderr, so that stdout carries data only. Every word is made safe to show."""

from __future__ import annotations

import sys

import click

from scopecraft.cli.terminal import Tone, has_colour, paint
from scopecraft.model.text import clean


def say(text: str) -> None:
    _tell("", text)


def note(text: str) -> None:
    """A quiet line."""
    _tell("", text, "dim")


def warn(text: str, hint: str = "") -> None:
    _tell("warning: ", text, "yellow")
    if hint:
        _tell("hint: ", hint, "cyan")


def complain(message: str, hint: str = "") -> None:
    """An error: `error: …` and, where there is one, `hint: …`."""
    _tell("error: ", message, "red")
    if hint:
        _tell("hint: ", hint, "cyan")


def _tell(label: str, text: str, *tones: Tone) -> None:
    # a further line of the same message stands under its first one
    body = clean(text.strip()).replace("\n", "\n  ")
    if has_colour(sys.stderr) and tones:
        shown = paint(label, *tones, "bold") + body if label else paint(body, *tones)
    else:
        shown = label + body
    click.echo(shown, err=True, color=True)
