"""Missions are carried on: after everything that moves one, and once for all of them when the supervisor comes up."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

from scopecraft.atomic import written_ns
from scopecraft.errors import ScopecraftError, TurnLost
from scopecraft.missions.folder import names_by_id
from scopecraft.model.codec import session_to_dict
from scopecraft.model.event import Event, EventKind
from scopecraft.model.session import Session
from scopecraft.model.workflow import Step
from scopecraft.sessions.carrying_on import Begin, Carried, carry_on, is_window, open_window, put_in_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.request import StartRequest
from scopecraft.supervisor import wire
from scopecraft.supervisor.contexts import Contexts
from scopecraft.supervisor.handling import Caller, Handler
from scopecraft.supervisor.requests import Doorkeeper, heard_by, obstacle_now, start_now
from scopecraft.supervisor.starting import NOT_NOW

AT_ONCE = 2
MOVES: frozenset[EventKind] = frozenset(
    {
        "session_ended",
        "artifact_changed",
        "branch_synced",
        "check_ran",  # while it ran, a mission that is complete could not be frozen
    }
)
# Whoever made these asks as well, with the keys of their own environment, unless they were killed before.
BY_PERSON: frozenset[EventKind] = frozenset(
    {"mission_moved", "mission_completed", "mission_reopened", "gate_approved", "gate_rejected"}
)
ASKING_SECONDS = 3.0
LOOK_SECONDS = 30.0  # after which one that was moved by somebody who was killed before they could say so is found
_log = logging.getLogger(__name__)


class Carrying:
    """Each mission by one thread at a time; `wake` is called when something stands in line."""

    def __init__(self, contexts: Contexts, door: Doorkeeper, wake: Callable[[], None]) -> None:
        self._contexts, self._door, self._wake = contexts, door, wake
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="carry")
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._asked: set[str] = set()
        self._seen: dict[str, int] = {}  # by folder: when its mission.json was written (ns)
        self._next_look = 0.0
        self._is_over = False

    def handlers(self) -> Mapping[str, Handler]:
        return {"carry_on": self._handle}

    def hear(self, events: list[Event]) -> None:
        for event in events:
            if event.kind in MOVES and event.mission_id:
                self.ask(event.mission_id)
            elif event.kind in BY_PERSON:
                self._next_look = min(self._next_look, time.monotonic() + ASKING_SECONDS)

    def ask(self, mission_id: str) -> None:
        """From any thread. Asking twice before it is looked at is asking once."""
        if self._is_over or mission_id in self._asked:
            return
        self._asked.add(mission_id)
        self._pool.submit(self._carry_safely, mission_id)

    def look(self) -> None:
        """Ask for all whose record has been written since the last look; seldom more than a look at their dates."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK_SECONDS
        for mission_id, _, folder in names_by_id(self._contexts.home):
            written = written_ns(f"{folder}/mission.json")
            if time.time() - ASKING_SECONDS < written / 1e9 <= time.time():
                self._next_look = min(self._next_look, time.monotonic() + ASKING_SECONDS)
            elif self._seen.get(folder) != written:
                self._seen[folder] = written
                self.ask(mission_id)

    def leave(self) -> None:
        self._is_over = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _carry(self, context: Context, mission_id: str, begin: Begin) -> Carried:
        with self._locks[mission_id]:
            carried = carry_on(context, mission_id, begin)
        if carried.begun:
            self._wake()
        return carried

    def _begin(self, caller: Caller, context: Context, request: StartRequest, step: Step) -> Session:
        """For a person who waits: at once where nothing is in the way, since what stands in line is looked at twice."""
        request = heard_by(caller, request, {})
        if is_window(step):
            return open_window(context, request)
        if not self._door.is_leaving() and obstacle_now(context) is None:
            with suppress(TurnLost, *NOT_NOW):
                return start_now(context, request, self._door)
        return put_in_line(context, request, step)

    def _handle(self, caller: Caller, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """With the environment of whoever asks, whose keys the sessions get."""
        environ = body.get("environ")
        context = self._contexts.fresh(environ if isinstance(environ, dict) else None)
        carried = self._carry(context, str(body.get("mission_id")), partial(self._begin, caller))
        return {
            "begun": [session_to_dict(session) for session in carried.begun],
            "refusals": [wire.error_message(error)["error"] for error in carried.refusals],
        }

    def _carry_safely(self, mission_id: str) -> None:
        self._asked.discard(mission_id)
        try:
            # in line: a start may take minutes, where commands set its worktree up, and others wait behind it here
            carried = self._carry(self._contexts.fresh(), mission_id, put_in_line)
            for error in carried.refusals:
                _log.warning("%s: a step does not begin: %s", mission_id, error)
        except ScopecraftError as error:
            _log.warning("%s cannot be carried on: %s", mission_id, error)
        # A border: a fault of ours in one mission must not keep the others where they are.
        except Exception:  # noqa: BLE001
            _log.exception("%s cannot be carried on, by a fault of scopecraft", mission_id)
