"""Following an autonomous session: its entries as they come, until it has ended or the person goes."""

from __future__ import annotations

import sys

import click

from scopecraft.agents.base import dialect_of_record
from scopecraft.cli.border import INTERRUPTED
from scopecraft.cli.changed_files import warn_of_host_files
from scopecraft.cli.choice import can_ask, choose
from scopecraft.cli.progress import ProgressView, summary_lines
from scopecraft.cli.say import note, say, warn
from scopecraft.cli.stop import stop_patiently
from scopecraft.cli.terminal import has_colour, paint
from scopecraft.cli.turn import wait_for_turn
from scopecraft.errors import StateUnreadable
from scopecraft.missions.advance import TAKEN_OVER
from scopecraft.missions.finding import find_mission
from scopecraft.model import clock
from scopecraft.model.activity import Activity
from scopecraft.model.event import Alert
from scopecraft.model.mission import Mission
from scopecraft.model.session import Completed, Ended, Killed, Queued, Session, began_at
from scopecraft.model.session_words import end_sentence, going_on_with
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.conversation import used_before
from scopecraft.sessions.details import details_of
from scopecraft.sessions.ending import Ending
from scopecraft.sessions.host_changes import host_changes_if_known
from scopecraft.sessions.settle import raise_alert
from scopecraft.sessions.stream_end import stream_end
from scopecraft.streams.activity import ActivityFold
from scopecraft.streams.follow import Replaced, Tick, follow
from scopecraft.streams.lines import Line
from scopecraft.streams.tail import last_lines

EARLIER_LINES = 100  # of a session that has worked for a while


def follow_session(context: Context, session: Session, *, is_new: bool) -> int:
    """Until it ends, or the person goes. The exit code: 0 when it completed, 130 when it was left running.

    `is_new`: it began just now. Of any other the latest lines are shown first. One that stands in line is waited for.
    """
    if isinstance(session.status, Queued):
        begun = wait_for_turn(context, session)
        if begun is None:
            return INTERRUPTED
        session, is_new = begun, True
    with ProgressView(sys.stdout) as view:
        following = _Following(context, session, view, is_new=is_new)
        while True:
            try:
                following.go_on()
                break
            except KeyboardInterrupt:
                view.clear()
                say("")
                if _is_left(context, following.session) and following.is_still_alive():
                    note(
                        f"{session.task} goes on; follow it: sc attach {session.task}   end it: sc stop {session.task}"
                    )
                    return INTERRUPTED
    return tell_end(context, following.session)


class _Following:
    """One way through a stream, which may be interrupted and goes on where it was."""

    def __init__(self, context: Context, session: Session, view: ProgressView, *, is_new: bool) -> None:
        self._context = context
        self._view = view
        self._file = context.folder(session.id).stream
        self._end = stream_end(context.folder(session.id))
        self._fold = ActivityFold(dialect_of_record(session.dialect).entries, before=used_before(context, session))
        self._ending = Ending(context, session)
        self._offset, self._number = 0, 1
        self._told = ""  # the question that the person knows how to answer
        self._is_now = is_new  # whether what is read was written just now
        self._shown_from = 0 if is_new else last_lines(self._file, EARLIER_LINES, end=self._end)[0]
        if self._shown_from:
            note(f"the latest {EARLIER_LINES} lines; all of them: sc logs {session.id}")

    @property
    def session(self) -> Session:
        return self._ending.session

    def is_still_alive(self) -> bool:
        """Asked when the person goes; what is over by now is told to its end."""
        return not self._ending.is_over()

    def go_on(self) -> None:
        """Returns when the session has ended and its stream was shown to the end."""
        began = clock.from_text(began_at(self.session))
        begin = {"offset": self._offset, "number": self._number}
        for item in follow(self._file, stop=self._ending.is_over, end=self._end, **begin):
            if isinstance(item, Line):
                self._show(item)
            elif isinstance(item, Tick):
                self._is_now = True
                self._tell_question()
            else:
                self._warn(item)
            self._view.tick(self._fold.activity, (clock.now() - began).total_seconds())
        for entry in self._fold.held_back():
            self._view.entry(entry, clock.now())

    def _show(self, line: Line) -> None:
        self._offset, self._number = line.end, line.number + 1
        at = clock.now() if self._is_now else None  # what stood there already has no time of its own
        for entry in self._fold.feed(line):
            if line.offset >= self._shown_from:
                self._view.entry(entry, at)

    def _tell_question(self) -> None:
        asked = self._fold.activity.question
        if asked is not None and asked.id != self._told:
            self._told = asked.id
            self._view.clear()
            note(f"it waits for you; answer it: sc answer {self.session.task}")

    def _warn(self, item: Replaced | Alert) -> None:
        self._view.clear()
        alert = alert_of(item)
        warn(alert.text)
        raise_alert(self._context, self.session, alert)


def alert_of(item: Replaced | Alert) -> Alert:
    if isinstance(item, Alert):
        return item
    text = f"the stream was {item.why} after {item.offset} bytes; nothing is shown twice"
    return Alert("stream_rewritten", text)


def _is_left(context: Context, session: Session) -> bool:
    """After Ctrl-C: whether the person goes. Without a terminal to ask at, the session is left running."""
    if not can_ask():
        return True
    try:
        answer = choose(
            "(l)eave it running, (s)top it, or (f)ollow on? [leave]", ("leave", "stop", "follow"), default="leave"
        )
    except (click.Abort, KeyboardInterrupt):
        return True  # a second Ctrl-C: the safe answer
    if answer == "stop":
        stop_patiently(context, session)
    return answer == "leave"


def tell_end(context: Context, session: Session) -> int:
    """Say how it ended and what came of it; the exit code, 0 when it completed."""
    assert isinstance(session.status, Ended)
    details = details_of(context, session)
    outcome = session.status.outcome
    is_good = isinstance(outcome, Completed)
    word = clean_line(end_sentence(session.status))
    shown = paint(word, "green" if is_good else "red", "bold") if has_colour(sys.stderr) else word
    click.echo(f"{session.task}: {shown}", err=True, color=True)
    for line in _summary(session, details.activity):
        note(line)
    for alert in details.alerts:
        warn(alert.text)
    if isinstance(outcome, Killed) and outcome.by.startswith(TAKEN_OVER):
        note(f"its conversation goes on in a window: sc attach {session.task}")
    if going_on_with(session):
        note(f"its conversation is kept; go on with it: {going_on_with(session)}")
    if details.commits:
        say(f"commits: {details.commits}")
        note(f"see them: git log {session.branch}   the worktree: sc path {session.task}")
    mission = _mission_of(context, session)
    if mission is not None:
        warn_of_host_files(host_changes_if_known(context, mission), f"look at it: sc diff {session.task}")
    return 0 if is_good else 1


def _mission_of(context: Context, session: Session) -> Mission | None:
    try:
        return find_mission(context.home, session.mission_id, None, partial=False)
    except StateUnreadable:
        return None  # said by whatever needs it


def _summary(session: Session, activity: Activity) -> list[str]:
    assert isinstance(session.status, Ended)
    seconds = (clock.from_text(session.status.ended_at) - clock.from_text(began_at(session))).total_seconds()
    return summary_lines(activity, seconds)
