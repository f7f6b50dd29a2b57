"""Following several sessions at once: their lines as they come, each behind the name of its task."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import click

from scopecraft.agents.base import dialect_of_record
from scopecraft.cli.border import INTERRUPTED
from scopecraft.cli.entries import lines_of
from scopecraft.cli.follow import alert_of, tell_end
from scopecraft.cli.say import note, say, warn
from scopecraft.cli.terminal import Tone, cells, has_colour, pad, paint, width_of
from scopecraft.model.session import Session
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.conversation import used_before
from scopecraft.sessions.ending import Ending
from scopecraft.sessions.settle import raise_alert
from scopecraft.sessions.stream_end import stream_end
from scopecraft.streams.activity import ActivityFold
from scopecraft.streams.follow import Tail
from scopecraft.streams.lines import Line
from scopecraft.streams.tail import last_lines

LOOK_SECONDS = 0.3
_TONES: tuple[Tone, ...] = ("cyan", "magenta", "blue", "green", "yellow")


def follow_sessions(context: Context, sessions: Sequence[Session]) -> int:
    """Until all have ended. The exit code: 0 when all completed, 130 when Ctrl-C left the rest running."""
    width = max(cells(clean_line(session.task)) for session in sessions)
    left = [
        Followed(context, session, pad(clean_line(session.task), width), _TONES[number % len(_TONES)])
        for number, session in enumerate(sessions)
    ]
    code = 0
    try:
        while left:
            for each in [each for each in left if each.go_on()]:
                left.remove(each)
                code = max(code, tell_end(context, each.session))
            if left:
                time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        say("")
        for each in left:
            task = each.session.task
            note(f"{task} goes on; follow it: sc attach {task}   end it: sc stop {task}")
        return INTERRUPTED
    finally:
        for each in left:
            each.close()
    return code


class Followed:
    """One of them: what is new in its stream, printed behind a name; of what stands there already only the `latest`
    lines, None: all.
    """

    def __init__(self, context: Context, session: Session, name: str, tone: Tone, *, latest: int | None = None) -> None:
        self._context = context
        file, end = context.folder(session.id).stream, stream_end(context.folder(session.id))
        offset, number = (0, 1) if latest is None else last_lines(file, latest, end=end)
        self._tail = Tail(file, offset, number, end=end)
        self._fold = ActivityFold(dialect_of_record(session.dialect).entries, before=used_before(context, session))
        self._ending = Ending(context, session)
        self._prefix = f"{paint(name, tone) if has_colour(sys.stdout) else name} | "
        self._prefix_cells = cells(name) + 3

    @property
    def session(self) -> Session:
        return self._ending.session

    def go_on(self) -> bool:
        """Print what is new; whether it has ended and was shown to its end."""
        # asked before reading: what it wrote last is there by then
        is_over = self._ending.is_over()
        for item in self._tail.read():
            if isinstance(item, Line):
                self._show(item)
            else:
                alert = alert_of(item)
                warn(f"{self.session.task}: {alert.text}")
                raise_alert(self._context, self.session, alert)
        if is_over:
            if self._tail.rest is not None:
                self._show(self._tail.rest)
            self.close()
        return is_over

    def close(self) -> None:
        self._tail.close()

    def _show(self, line: Line) -> None:
        width = width_of(sys.stdout)
        room = max(20, width - self._prefix_cells) if width else 0
        for entry in self._fold.feed(line):
            for text in lines_of(entry, width=room, colour=has_colour(sys.stdout)):
                click.echo(self._prefix + text, color=True)
        sys.stdout.flush()
