"""The thread that reads the logs that somebody looks at: what is new becomes rows, and rows a message, once."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scopecraft.api.log_channel import Batch, Channel, log_message
from scopecraft.errors import ScopecraftError
from scopecraft.model import clock
from scopecraft.model.session import is_live
from scopecraft.sessions.log_detail import log_of
from scopecraft.sessions.log_pages import LogFile, size_of, whole_lines
from scopecraft.streams.follow import Replaced
from scopecraft.streams.followed import Piece
from scopecraft.streams.lines import Line
from scopecraft.streams.many import StreamsWatch

if TYPE_CHECKING:
    from scopecraft.sessions.context import Context
    from scopecraft.supervisor.contexts import Contexts

TICK_SECONDS = 0.25  # until the end of a session is seen
GATHER_SECONDS = 0.03  # what is written so soon after one another is one message
BATCH_BYTES = 256 * 1024
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Read:
    channel: Channel
    log: LogFile
    place: int  # up to which it was told


class LogReader:
    """`add`, `remove` and `close` may be called from any thread, and return at once."""

    def __init__(self, contexts: Contexts) -> None:
        self._contexts = contexts
        self._orders: queue.SimpleQueue[tuple[str, Channel | None]] = queue.SimpleQueue()
        self._watch = StreamsWatch()
        self._read: dict[str, _Read] = {}
        self._version = -1
        self._thread: threading.Thread | None = None

    def add(self, channel: Channel) -> None:
        self._order("add", channel)

    def remove(self, channel: Channel) -> None:
        self._order("remove", channel)

    def close(self) -> None:
        if self._thread is not None:
            self._order("close", None)

    def _order(self, what: str, channel: Channel | None) -> None:
        self._orders.put((what, channel))
        self._watch.wake()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="logs", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        due = 0.0
        with self._watch:
            while self._obey():
                try:
                    if time.monotonic() >= due:
                        due = time.monotonic() + TICK_SECONDS
                        self._see_ends()
                    if self._watch.wait(max(0.0, due - time.monotonic())):
                        self._pass()
                        time.sleep(GATHER_SECONDS)
                except ScopecraftError as error:
                    _log.warning("logs cannot be followed just now: %s", error)
                    time.sleep(TICK_SECONDS)
                # A border: one log that breaks us must not end the following of all.
                except Exception:  # noqa: BLE001
                    _log.exception("following logs failed, by a fault of scopecraft")
                    time.sleep(TICK_SECONDS)

    def _obey(self) -> bool:
        """What was ordered meanwhile; where nothing is read, the next order is waited for. False: it is over."""
        while not self._read or not self._orders.empty():
            what, channel = self._orders.get()
            if channel is None:
                return False
            if what == "add":
                self._add(channel)
            elif self._read.pop(channel.session_id, None) is not None:
                self._watch.remove(channel.session_id)
        return True

    def _add(self, channel: Channel) -> None:
        try:
            context = self._contexts.fresh()
            session = context.store.get(channel.session_id)
            if session is None:
                channel.call(channel.begin, None, 0)
                return
            log = log_of(context, session)
            place = whole_lines(log)
        except ScopecraftError as error:
            _log.warning("the log of %s cannot be followed: %s", channel.session_id, error)
            channel.call(channel.begin, None, 0)
            return
        if not log.is_over:
            self._version = -1  # it may have ended before it is followed
            self._read[session.id] = _Read(channel, log, place)
            self._watch.add(session.id, log.path, offset=place, number=0, end=log.end)
        channel.call(channel.begin, log, place)

    def _see_ends(self) -> None:
        context = self._contexts.fresh()
        version = context.store.data_version()
        if version == self._version:
            return
        self._version = version
        for session_id in [each for each in self._read if _is_over(context, each)]:
            read = self._read[session_id]
            try:
                for piece in self._watch.finish(session_id):
                    self._tell(read, piece)
            finally:
                del self._read[session_id]
                read.channel.call(read.channel.end)

    def _pass(self) -> None:
        for key, piece in self._watch.read():
            if key in self._read:
                self._tell(self._read[key], piece)

    def _tell(self, read: _Read, piece: Piece) -> None:
        if isinstance(piece, Replaced):
            read.place = size_of(read.log)
            read.channel.call(read.channel.take_rewriting, piece, read.place)
        elif isinstance(piece, list):
            for lines in _portions(piece):
                self._tell_lines(read, lines)

    def _tell_lines(self, read: _Read, lines: Sequence[Line]) -> None:
        now, reader = clock.to_text(clock.now()), read.log.reader
        rows = reader.joined(row for line in lines for row in reader.rows(line, now))
        begin, end = read.place, lines[-1].end
        if not rows and end - begin < BATCH_BYTES:
            return  # the next message begins before these lines, which say nothing
        message = log_message(read.channel.session_id, rows, begin, end, records=len(lines))
        read.place = end
        read.channel.call(read.channel.take, Batch(begin, end, message))


def _is_over(context: Context, session_id: str) -> bool:
    session = context.store.get(session_id)
    return session is None or not is_live(session.status)


def _portions(lines: list[Line]) -> list[list[Line]]:
    """The lines in messages of a size that a screen can take up at once."""
    found: list[list[Line]] = []
    begin = 0
    for line in lines:
        if not found or line.end - begin > BATCH_BYTES:
            found.append([])
            begin = line.offset
        found[-1].append(line)
    return found
