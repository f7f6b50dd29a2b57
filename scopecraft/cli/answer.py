"""`sc answer`: what a waiting agent asks, and your answer to it."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scopecraft.cli.choice import can_ask
from scopecraft.cli.command import command
from scopecraft.cli.say import note, say
from scopecraft.cli.table import print_json
from scopecraft.errors import BadInput
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import session_named

if TYPE_CHECKING:
    from scopecraft.agents.talk import Inquiry, Question


@command(
    "answer",
    examples=(
        ("sc answer fix-login", "show what it asks, and be asked for the answer"),
        ("sc answer fix-login allow", "for a permission; deny refuses it and ends the turn"),
        ("sc answer fix-login 'No: use the test database'", "refuse, and say what to do instead"),
        ("sc answer fix-login Blue 'S, L'", "two questions: a choice, and several"),
    ),
)
@click.argument("session")
@click.argument("answers", nargs=-1, metavar="[allow|deny|TEXT]...")
@click.option("--json", "as_json", is_flag=True, help="Print the question as JSON, and answer nothing without ANSWER.")
@click.option("--project", help="Of the project by this name, wherever you are.")
def answer(session: str, answers: tuple[str, ...], as_json: bool, project: str | None) -> None:
    """Answer the question that SESSION (an id, or a task's latest session) waits with, after showing it.

    A permission takes allow, deny, or words that say what to do instead. A question takes one of its choices, by name
    or number, or words of your own; where it asks several, one answer for each. The keys go to that very question:
    if it was answered meanwhile, nothing is pressed.
    """
    from scopecraft.sessions.answering import answer_question, open_question

    context = Context.of(os.environ)
    found = session_named(context, session, Path.cwd(), project)
    question = open_question(context, found)
    if as_json:
        print_json({"session": found.id, **asdict(question)})
        if not answers:
            return
    else:
        _show(question)
    given = answers or _asked(question)
    sent = answer_question(context, found, question, given)
    say(f"{found.id} goes on" if given != ("deny",) else f"{found.id}: refused")
    if sent is not None:
        say("and it has your words")


def _show(question: Question) -> None:
    if question.kind == "permission":
        say(f"may it? {question.text}")
    elif not question.inquiries:
        say(question.text)
    for inquiry in question.inquiries:
        say(inquiry.text)
        for number, choice in enumerate(inquiry.choices, 1):
            note(f"  {number}. {clean_line(choice.label)}   {clean_line(choice.description, 100)}")


def _asked(question: Question) -> tuple[str, ...]:
    if not can_ask():
        choices = "allow, deny, or what to do instead" if question.kind == "permission" else "one for each question"
        raise BadInput("there is no answer", f"give it behind the session: {choices}")
    if question.kind == "permission":
        return (_line("allow, deny, or what to do instead:"),)
    return tuple(_line(_prompt(inquiry)) for inquiry in question.inquiries) or (_line("deny, or go to its window:"),)


def _prompt(inquiry: Inquiry) -> str:
    what = "numbers with commas between them" if inquiry.is_many else "a number, or your own words"
    return f"{clean_line(inquiry.text, 60)} {what}:"


def _line(question: str) -> str:
    """What the person types; nothing at all leaves the question open."""
    click.echo(question + " ", nl=False, err=True)
    line = sys.stdin.readline()
    if not line.strip():
        raise click.Abort
    return line.strip()
