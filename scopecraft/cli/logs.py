"""`sc logs`: what an agent said and did, readable or byte for byte."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import click

from scopecraft.agents.base import dialect_of_record
from scopecraft.cli.command import command
from scopecraft.cli.log_output import RawOutput, ReadableOutput
from scopecraft.cli.say import note, warn
from scopecraft.errors import NotFound, Refused
from scopecraft.model.event import Alert
from scopecraft.model.session import Ended, Queued, Session, is_live
from scopecraft.model.session_words import outcome_sentence
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import session_named
from scopecraft.sessions.stream_end import stream_end
from scopecraft.streams.lines import Line, open_stream, read_chunk, read_lines
from scopecraft.streams.tail import last_lines

WAIT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class _Log:
    """A session's file, and what is wanted of it: from a byte, with the number of its line, to a byte."""

    context: Context
    session: Session
    file: Path
    offset: int
    number: int
    end: int


@command(
    "logs",
    examples=(
        ("sc logs fix-login", "the latest session of a task"),
        ("sc logs fix-login -f", "and go on until it has ended"),
        ("sc logs r-0193 -n 50 --full", "its last records, nothing left out"),
        ("sc logs fix-login --raw > stream.jsonl", "the bytes that the agent wrote"),
    ),
)
@click.argument("session")
@click.option("-f", "--follow", is_flag=True, help="Go on until the session has ended.")
@click.option("--raw", is_flag=True, help="The stream as it was written, byte for byte; escaped on a terminal.")
@click.option("--full", is_flag=True, help="Leave nothing out of long inputs, results and thoughts.")
@click.option("--stderr", "from_stderr", is_flag=True, help="What the agent's program complained about, instead.")
@click.option("-n", "--lines", type=click.IntRange(min=0), metavar="LINES", help="Only the last LINES of the stream.")
@click.option("--project", help="Of the project by this name, wherever you are.")
def logs(
    session: str, project: str | None, follow: bool, raw: bool, full: bool, from_stderr: bool, lines: int | None
) -> None:
    """Print what the agent of SESSION said and did: messages, tool calls, results, errors, usage.

    SESSION is the id of a session, a unique beginning or ending of it, or a task: then its latest session. What an
    agent wrote cannot steer your terminal: colours are taken off, other control characters are written out, also with
    --raw. Into a file or a pipe, --raw writes exactly the bytes that the agent wrote.
    """
    context = Context.of(os.environ)
    found = session_named(context, session, Path.cwd(), project)
    log = _find(context, found, from_stderr, lines)
    if raw:
        ended = _follow_raw(log) if follow else _print_raw(log)
    else:
        # complaints are plain text, whatever the agent speaks
        output = ReadableOutput(dialect_of_record("plain" if from_stderr else log.session.dialect).entries, full=full)
        ended = _follow_readable(log, output) if follow else _print_readable(log, output)
    if not from_stderr and _is_empty(log.file) and not _is_empty(context.folder(found.id).stderr):
        note(f"it printed nothing but complaints; see: sc logs {found.id} --stderr")
    if follow and isinstance(ended.status, Ended):
        note(f"{ended.task}: {outcome_sentence(ended.status.outcome)}")


def _find(context: Context, session: Session, from_stderr: bool, lines: int | None) -> _Log:
    if session.executor == "tmux":
        raise Refused(
            f"{session.task} is a dispatch session: its agent draws a screen and prints no log",
            f"see it with: sc attach {session.task}, or sc show {session.id}{_earlier(context, session)}",
        )
    folder = context.folder(session.id)
    file = folder.stderr if from_stderr else folder.stream
    if isinstance(session.status, Queued):
        raise Refused(
            f"{session.task} waits in the queue: nothing is written yet",
            f"see its place: sc queue   follow it from its start on: sc attach {session.task}",
        )
    if not os.path.lexists(file):
        raise _gone(file)
    end = stream_end(folder)
    if (size := file.lstat().st_size) > end:
        warn(f"it is {size:,} bytes long; what stands after {end:,} is not read")
    offset, number = (0, 1) if lines is None else last_lines(file, lines, end=end)
    return _Log(context, session, file, offset, number, end)


def _is_empty(file: Path) -> bool:
    try:
        return file.lstat().st_size == 0
    except OSError:
        return True


def _earlier(context: Context, session: Session) -> str:
    """Where the same mission does have a log."""
    others = context.store.sessions(mission_id=session.mission_id)
    logged = next((other for other in others if other.executor != "tmux"), None)
    return f"   an earlier session has a log: sc logs {logged.id}" if logged else ""


def _print_readable(log: _Log, output: ReadableOutput) -> Session:
    for line in read_lines(log.file, log.offset, log.number, end=log.end):
        output.show(line, is_growing=is_live(log.session.status))
    output.end()
    return log.session


def _follow_readable(log: _Log, output: ReadableOutput) -> Session:
    from scopecraft.sessions.ending import Ending
    from scopecraft.streams.follow import Replaced, Tick, follow

    ending = Ending(log.context, log.session)
    is_new = False  # what stands there already has no time of its own
    for item in follow(log.file, stop=ending.is_over, offset=log.offset, number=log.number, end=log.end):
        if isinstance(item, Line):
            output.show(item, is_growing=False, is_new=is_new)
        elif isinstance(item, Tick):
            is_new = True
        elif isinstance(item, Replaced):
            warn(f"the stream was {item.why} after {item.offset} bytes; nothing is shown twice")
        elif isinstance(item, Alert):
            warn(item.text)
        sys.stdout.flush()
    output.end()
    return ending.session


def _print_raw(log: _Log) -> Session:
    output = RawOutput()
    with closing(_Bytes(log)) as source:
        for data in source.new():
            output.show(data)
    return log.session


def _follow_raw(log: _Log) -> Session:
    from scopecraft.sessions.ending import Ending
    from scopecraft.streams.monitor import watching

    ending, output = Ending(log.context, log.session), RawOutput()
    with watching(log.file) as wakeups, closing(_Bytes(log)) as source:
        while True:
            # asked before reading: what it wrote last is there by then
            is_over = ending.is_over()
            for data in source.new():
                output.show(data)
            if is_over:
                return ending.session
            wakeups.wait(WAIT_SECONDS)


class _Bytes:
    """The bytes of a file that grows, from the log's offset on."""

    def __init__(self, log: _Log) -> None:
        descriptor = open_stream(log.file)
        if descriptor is None:
            raise _gone(log.file)
        self._descriptor = descriptor
        self._offset = log.offset
        self._end = log.end

    def close(self) -> None:
        os.close(self._descriptor)

    def new(self) -> Iterator[bytes]:
        """What was not given out yet."""
        if os.fstat(self._descriptor).st_size < self._offset:
            warn("the stream became shorter: something else than the agent's own output was written to it")
            self._offset = 0
        while self._offset < self._end and (data := read_chunk(self._descriptor, self._offset)):
            self._offset += len(data)
            yield data


def _gone(file: Path) -> NotFound:
    return NotFound(f"there is no log at {file}", "was the session's folder removed?")
