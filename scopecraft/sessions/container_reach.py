"""The container of a live session whose agent can be spoken to: its inbox, and what its stream says then."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from scopecraft.agents.base import Dialect, dialect_of_record
from scopecraft.agents.inbox import Inbox, inbox_of
from scopecraft.errors import Refused
from scopecraft.model.activity import Activity, Entry
from scopecraft.model.handle import ContainerHandle, Exited, Gone
from scopecraft.model.session import Session, handle_of
from scopecraft.sessions import inbox
from scopecraft.sessions.context import Context
from scopecraft.sessions.folder import SessionFolder
from scopecraft.sessions.window_talk import still_alive, wait
from scopecraft.streams.activity import ActivityFold, fold_lines
from scopecraft.streams.follow import Tail
from scopecraft.streams.lines import Line, read_lines

RECENT_BYTES = 4 * 1024**2  # of the stream: what is asked stands at its end
LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class AtContainer:
    """A live session whose agent can be spoken to."""

    context: Context
    session: Session
    handle: ContainerHandle
    dialect: Dialect
    inbox: Inbox

    @property
    def folder(self) -> SessionFolder:
        return self.context.folder(self.session.id)

    def activity(self) -> Activity:
        """By the end of its stream; what it sums up is not the whole."""
        begin = max(0, _size(self.folder) - RECENT_BYTES)
        return fold_lines(ActivityFold(self.dialect.entries), read_lines(self.folder.stream, begin))

    def is_over(self) -> bool:
        return isinstance(self.context.engine_of(self.handle).look(self.handle), Exited | Gone)

    def tell(self, *lines: bytes) -> Listening:
        """Put the lines in the inbox; what the agent says from then on can be heard."""
        listening = Listening(self)
        inbox.append(self.folder, *lines)
        return listening


class Listening:
    """What the agent's stream says since a moment."""

    def __init__(self, place: AtContainer) -> None:
        self._place = place
        self._tail = Tail(place.folder.stream, _size(place.folder))
        self._unheard: deque[Entry] = deque()  # what whoever listens has not come to yet

    def heard(self, seconds: float) -> Iterator[Entry | None]:
        """Every entry as it comes, None now and then; ends with the time, or with the container."""
        looked = time.monotonic()
        for _ in wait(seconds):
            is_over = time.monotonic() - looked > LOOK_SECONDS and self._place.is_over()
            if time.monotonic() - looked > LOOK_SECONDS:
                looked = time.monotonic()
            for line in self._tail.read():
                if isinstance(line, Line):
                    self._unheard += self._place.dialect.entries(line.raw)[0]
            while self._unheard:
                yield self._unheard.popleft()
            if is_over:
                return
            yield None

    def close(self) -> None:
        self._tail.close()


def reach(context: Context, session: Session) -> AtContainer:
    """Raises Refused for a session that has ended or is about to, or whose agent hears nothing but its prompt."""
    session = still_alive(context, session)
    handle = handle_of(session.status)
    if not isinstance(handle, ContainerHandle):
        raise Refused(f"{session.id} has not begun", f"see how it is: sc show {session.id}")
    dialect = dialect_of_record(session.dialect)
    own = inbox_of(dialect)
    if own is None or not context.folder(session.id).inbox.exists():
        raise Refused(
            f"{session.id} works by itself in a container, and {session.agent} takes no messages there",
            f"follow it: sc attach {session.id}   or end it and start anew: sc stop {session.id}",
        )
    place = AtContainer(context, session, handle, dialect, own)
    if inbox.is_closed(place.folder):
        raise Refused(f"{session.id} has done its work and is about to end", how_to_go_on(session.id))
    return place


def how_to_go_on(session_id: str) -> str:
    return f"go on with its conversation: sc resume {session_id} -m TEXT"


def _size(folder: SessionFolder) -> int:
    try:
        return os.lstat(folder.stream).st_size
    except OSError:
        return 0
