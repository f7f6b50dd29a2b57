"""Following an autonomous session: its entries as they come, until it has ended or the person goes."""

from __future__ import annotations

import sys

import click

from scopecraft.agents.base import dialect
from scopecraft.cli.border import INTERRUPTED
from scopecraft.cli.progress import ProgressView, summary_lines
from scopecraft.cli.say import note, say, warn
from scopecraft.cli.terminal import has_colour, is_terminal, paint
from scopecraft.model import clock
from scopecraft.model.activity import Activity
from scopecraft.model.event import Alert
from scopecraft.model.session import Completed, Ended, Session, is_live
from scopecraft.model.session_words import outcome_sentence
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.details import details_of
from scopecraft.sessions.ending import Ending
from scopecraft.sessions.settle import raise_alert
from scopecraft.sessions.stop import stop_session
from scopecraft.streams.activity import ActivityFold
from scopecraft.streams.follow import Replaced, follow
from scopecraft.streams.lines import Line


def follow_session(context: Context, session: Session) -> int:
    """The exit code: 0 only when it completed, 130 when the person left it running."""
    with ProgressView(sys.stdout) as view:
        while is_live(session.status):
            try:
                session = _follow(context, session, view)
            except KeyboardInterrupt:
                view.clear()
                if not _goes_on(context, session):
                    return INTERRUPTED
                session = context.store.get(session.id) or session
    return _tell_end(context, session)


def _follow(context: Context, session: Session, view: ProgressView) -> Session:
    """Returns when the session has ended and its stream was shown to the end."""
    fold = ActivityFold(dialect(session.dialect).entries)
    began = clock.from_text(session.created_at)
    ending = Ending(context, session)
    for item in follow(context.folder(session.id).stream, stop=ending.is_over):
        now = clock.now()
        if isinstance(item, Line):
            for entry in fold.feed(item):
                view.entry(entry, now)
        elif isinstance(item, Replaced | Alert):
            view.clear()
            alert = item if isinstance(item, Alert) else _rewritten(item)
            warn(alert.text)
            raise_alert(context, session, alert)
        view.tick(fold.activity, (now - began).total_seconds())
    return ending.session


def _rewritten(replaced: Replaced) -> Alert:
    text = f"the stream was {replaced.why} after {replaced.offset} bytes; nothing is shown twice"
    return Alert("stream_rewritten", text)


def _goes_on(context: Context, session: Session) -> bool:
    """After Ctrl-C: whether to go on following. Without a terminal to ask at, the session is left running."""
    if not is_terminal(sys.stdin) or not is_terminal(sys.stderr):
        return _left(session)
    say("")
    try:
        answer = click.prompt(
            "leave it running, stop it, or go on following?",
            type=click.Choice(["leave", "stop", "follow"]),
            default="leave",
            err=True,
        )
    except (click.Abort, KeyboardInterrupt):
        return _left(session)  # a second Ctrl-C: the safe answer
    if answer == "stop":
        say(f"stopping {session.id} …")
        stop_session(context, session.id, now=False)
    return bool(answer != "leave") or _left(session)


def _left(session: Session) -> bool:
    note(f"{session.task} goes on; follow it: sc attach {session.task}   end it: sc stop {session.task}")
    return False


def _tell_end(context: Context, session: Session) -> int:
    assert isinstance(session.status, Ended)
    details = details_of(context, session)
    outcome = session.status.outcome
    is_good = isinstance(outcome, Completed)
    word = clean_line(outcome_sentence(outcome))
    shown = paint(word, "green" if is_good else "red", "bold") if has_colour(sys.stderr) else word
    click.echo(f"{session.task}: {shown}", err=True, color=True)
    for line in _summary(session, details.activity):
        note(line)
    for alert in details.alerts:
        warn(alert.text)
    if details.commits:
        say(f"commits: {details.commits}")
        note(f"see them: git log {session.branch}   the worktree: sc path {session.task}")
    return 0 if is_good else 1


def _summary(session: Session, activity: Activity) -> list[str]:
    assert isinstance(session.status, Ended)
    seconds = (clock.from_text(session.status.ended_at) - clock.from_text(session.created_at)).total_seconds()
    return summary_lines(activity, seconds)
