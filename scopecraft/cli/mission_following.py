"""Following a mission: what is written of it, and what its agents say, until nothing of it goes on by itself.

Where a supervisor is up, this only reads. Without one it settles what ended and starts what is due.
"""

from __future__ import annotations

import select
import sys
import time
from types import TracebackType
from typing import Protocol, Self

from scopecraft.cli.follow_many import Followed
from scopecraft.cli.terminal import Tone
from scopecraft.missions.listing import Listed, read_listed
from scopecraft.missions.next_step import Known, NextStep, next_step
from scopecraft.model.session import Queued, Session, Starting
from scopecraft.model.text import clean_line
from scopecraft.model.workflow import Workflow
from scopecraft.sessions.context import Context
from scopecraft.sessions.journal import Journal, JournalEntry, Wanted
from scopecraft.sessions.look import look_at_all
from scopecraft.supervisor.asking import ask_to_carry_on
from scopecraft.supervisor.client import is_up

POLL_MILLISECONDS = 50
LOOK_SECONDS = 1.0  # between two looks for the supervisor and, without one, at what runs
EARLIER_LINES = 10  # of an agent that has been at work for a while
_CARRIED_ON = frozenset({"working", "starting", "queued", "complete"})
_TONES: tuple[Tone, ...] = ("cyan", "magenta", "blue", "green")


class Telling(Protocol):
    """Who hears what happens, in the order that they want."""

    def ordered(self, entries: list[JournalEntry]) -> list[JournalEntry]: ...

    def event(self, entry: JournalEntry, workflow: Workflow, session: Session | None) -> None: ...

    def remark(self, text: str) -> None: ...

    def end(self, after: NextStep) -> None: ...


class MissionFollowing:
    """One way through a mission; its streams are closed on leaving."""

    def __init__(self, context: Context, mission_id: str, telling: Telling, *, with_streams: bool) -> None:
        self._context = context
        self._mission_id = mission_id
        self._telling = telling
        self._with_streams = with_streams
        self._journal = Journal(context, Wanted(mission_id=mission_id))
        self._journal.latest(0)  # what happened before is told by `sc mission show`
        self._streams: dict[str, Followed] = {}
        self._over: set[str] = set()  # sessions whose streams were shown to their end
        self._remarks: set[str] = set()
        self._version: int | None = None
        self._next_look = 0.0
        self.is_alone = False
        self.has_work = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in self._streams.values():
            stream.close()

    def go_on(self) -> None:
        """Until a person is needed, or it is complete."""
        # nobody may be listening any more, which a pipe tells without being written to
        listening = select.poll()
        listening.register(sys.stdout, 0)
        after = self._look(latest=EARLIER_LINES)
        if not _is_over(after):
            self._remark(after.sentence)
        while True:
            if self._has_changed():
                after = self._look()
                if self.is_alone and after.stage in _CARRIED_ON:
                    self._carry_on()
                    after = self._look()
            if _is_over(after):
                return
            self._read_streams()
            if listening.poll(POLL_MILLISECONDS):
                raise BrokenPipeError

    def _has_changed(self) -> bool:
        """Also where nothing was written, now and then: windows and engines tell nobody."""
        version = self._context.store.data_version()
        is_due = time.monotonic() >= self._next_look
        if version == self._version and not is_due:
            return False
        self._version = version
        if is_due:
            self._next_look = time.monotonic() + LOOK_SECONDS
            self.is_alone = not is_up(self._context)
            if self.is_alone:
                look_at_all(self._context, [each for each in self._live() if not isinstance(each.status, Queued)])
        return True

    def _look(self, *, latest: int | None = None) -> NextStep:
        """Tells what is new. Of an agent that was at work before, `latest` lines are shown."""
        listed = read_listed(self._context.home, self._mission_id)
        live = self._live()
        self.has_work = bool(live)
        if latest is not None:
            for each in live:
                self._open_stream(listed, each, latest)
        for entry in self._telling.ordered(list(self._journal.new())):
            session_id = entry.event.session_id
            if entry.event.kind == "session_ended" and session_id in self._streams:
                self._read_stream(session_id)
            session = self._context.store.get(session_id) if session_id else None
            self._telling.event(entry, listed.workflow, session)
            if entry.event.kind == "session_started" and session is not None:
                self._open_stream(listed, session, None)
        return next_step(listed.mission, listed.workflow, Known(live, self._places(live)))

    def _carry_on(self) -> None:
        """What the supervisor would do."""
        if read_listed(self._context.home, self._mission_id).mission.is_frozen:
            return
        for refusal in ask_to_carry_on(self._context, self._mission_id).refusals:
            self._remark(f"{refusal.message}" + (f"; {refusal.hint}" if refusal.hint else ""))
        self.is_alone = not is_up(self._context)  # one may have come up for it
        if self.is_alone and any(isinstance(session.status, Queued) for session in self._live()):
            self._remark("no supervisor is up to start what waits in the queue: sc up")

    def _live(self) -> list[Session]:
        return self._context.store.live_of(self._mission_id)

    def _places(self, live: list[Session]) -> dict[str, int]:
        if not any(isinstance(session.status, Queued) for session in live):
            return {}
        return {item.session.id: item.place for item in self._context.store.line()}

    def _open_stream(self, listed: Listed, session: Session, latest: int | None) -> None:
        is_silent = session.executor == "tmux" or isinstance(session.status, Queued | Starting)
        if not self._with_streams or is_silent or session.id in self._streams or session.id in self._over:
            return
        step = listed.workflow.step(session.step_id)
        name = clean_line(step.name if step else session.step_id, 24)
        tone = _TONES[(len(self._over) + len(self._streams)) % len(_TONES)]
        self._streams[session.id] = Followed(self._context, session, name, tone, latest=latest)
        self._read_stream(session.id)

    def _read_streams(self) -> None:
        for session_id in list(self._streams):
            self._read_stream(session_id)

    def _read_stream(self, session_id: str) -> None:
        if self._streams[session_id].go_on():
            del self._streams[session_id]
            self._over.add(session_id)
            self._next_look = 0.0  # it may have been settled here, which no change of the database tells us

    def _remark(self, text: str) -> None:
        if text not in self._remarks:
            self._remarks.add(text)
            self._telling.remark(text)


def _is_over(after: NextStep) -> bool:
    return after.needs_person or after.stage == "complete"
