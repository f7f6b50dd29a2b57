"""Telling a person: a command of theirs, or the bell, once for each event that they want to hear of.

The mark in the database, `notified`, is moved before a command is tried: whoever is killed at whatever moment, an event
is told once or not at all, never twice.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence

from scopecraft.config.settings import NotifySettings
from scopecraft.errors import ScopecraftError
from scopecraft.executors.tmux_bell import ring_clients, ring_window
from scopecraft.missions.advance import VISIT_STEP
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.handle import WindowHandle
from scopecraft.model.session import handle_of
from scopecraft.model.text import clean_json, clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.journal import PAGE, Journal, JournalEntry
from scopecraft.sessions.notification import (
    FAILED,
    Notification,
    filled_in,
    is_own_interrupt,
    is_wanted,
    notification_of,
    summary_of,
)
from scopecraft.sessions.tmux_server import tmux_socket

LIMIT_SECONDS = 10.0
MOST_ONE_BY_ONE = 50
MARK, FAILING = "notified", "notify_failing"


class Notifier:
    """For the one process that tells; `step` may be called from any thread, by one at a time.

    Args:
        make: a fresh context for each step, so that changed settings count; its store is the caller's to close.
    """

    def __init__(self, make: Callable[[], Context], *, limit_seconds: float = LIMIT_SECONDS) -> None:
        self._make = make
        self._limit_seconds = limit_seconds
        self._seen = 0  # what lies before it is told, or not wanted

    def step(self) -> bool:
        """Tell of the oldest event that is not told yet; False when there is none. It takes 10 seconds at most.

        Raises BadSettings and StorageFailed.
        """
        context = self._make()
        settings, store = context.settings.notify, context.store
        mark = store.run_time(MARK)
        if not settings.command and settings.bell == "off":
            if mark is not None:
                store.set_run_time(MARK, None)  # what happens meanwhile is not told when it is turned on
            return False
        if not isinstance(mark, int):
            store.set_run_time(MARK, _end_of_journal(context))
            return False
        waiting = self._untold(context, mark, settings.on)
        if not waiting:
            return False
        is_much = len(waiting) > MOST_ONE_BY_ONE
        told = waiting if is_much else waiting[:1]
        store.set_run_time(MARK, told[-1].event.seq)
        self._tell(context, settings, summary_of(told) if is_much else notification_of(told[0]), told[0].event)
        return True

    def _untold(self, context: Context, mark: int, on: Sequence[str]) -> list[JournalEntry]:
        """What is beyond the mark and wanted, oldest first."""
        begin = max(mark, self._seen)
        journal = Journal(context, place=begin)
        found = [entry for entry in journal.new() if _is_told(context, entry.event, on)]
        self._seen = found[0].event.seq - 1 if found else journal.place
        if not found and journal.place > mark + PAGE:
            context.store.set_run_time(MARK, journal.place)  # else the next start reads all of it again
        return found

    def _tell(self, context: Context, settings: NotifySettings, told: Notification, event: Event) -> None:
        if settings.bell == "on":
            with contextlib.suppress(ScopecraftError):
                ring(context, event.session_id)
        if not settings.command:
            return
        document = clean_json(json.dumps(told.document, ensure_ascii=False)).encode() + b"\n"
        argv = filled_in(settings.command, told)
        complaint = run_command(argv, document, seconds=self._limit_seconds, environ=context.environ)
        _remember(context, settings.command[0], complaint)


def _end_of_journal(context: Context) -> int:
    newest = context.store.earlier_events(limit=1)
    return newest[0].seq if newest else 0


def _is_told(context: Context, event: Event, on: Sequence[str]) -> bool:
    if not is_wanted(event, on) or is_end_of_visit(context, event):
        return False
    if event.kind != "session_waiting":
        return True
    return not is_own_interrupt(event, context.store.events(session_id=event.session_id))


def is_end_of_visit(context: Context, event: Event) -> bool:
    """Which is no news to the person who made the visit."""
    session = context.store.get(event.session_id) if event.session_id else None
    return event.kind == "session_ended" and session is not None and session.step_id == VISIT_STEP


def ring(context: Context, session_id: str | None) -> None:
    """In the session's window; where it has none, at whoever looks at the home's tmux server.

    Raises ScopecraftError where tmux does not answer.
    """
    session = context.store.get(session_id) if session_id else None
    handle = handle_of(session.status) if session else None
    if not (isinstance(handle, WindowHandle) and ring_window(handle.socket, handle.pane_id)):
        ring_clients(str(tmux_socket(context)))


def run_command(argv: Sequence[str], document: bytes, *, seconds: float, environ: Mapping[str, str]) -> str | None:
    """Run it in a process group of its own, which ends with it when the time is over; what went wrong, if anything.

    What it prints is thrown away.
    """
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=dict(environ),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return f"cannot be run: {getattr(error, 'strerror', None) or error}"
    with process:
        try:
            process.communicate(document, timeout=seconds)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            return f"did not end within {seconds:g} s"
    return f"ended with {process.returncode}" if process.returncode else None


def _remember(context: Context, program: str, complaint: str | None) -> None:
    """A failure is told in the journal, once until it works again."""
    failing = bool(context.store.run_time(FAILING))
    if failing == (complaint is not None):
        return
    context.store.set_run_time(FAILING, complaint is not None)
    if complaint is not None:
        text = f"the command that notifies you, {clean_line(program, 80)}, {clean_line(complaint, 200)}"
        data = {"code": FAILED, "text": text}
        context.store.append(Event(0, clock.to_text(clock.now()), "alert_raised", data=data))
