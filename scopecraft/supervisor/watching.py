"""Looking at a home again and again in a thread of its own: an engine or a tmux that hangs holds up no screen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from scopecraft.config.paths import Home
from scopecraft.errors import ScopecraftError
from scopecraft.sessions.context import Context
from scopecraft.supervisor.holder import read_holder

POLL_SECONDS = 0.05
BETWEEN_LOOKS_SECONDS = 0.25
LOOK_AGAIN_SECONDS = 1.0  # agents in windows tell their files, not the database, how they are
ANSWER_SECONDS = 1.0
COST_SECONDS = 0.2  # a supervisor that is busy costs a list its live prices, and no more

Activities = Mapping[str, Mapping[str, Any]]  # by session; what the supervisor knows of each
T = TypeVar("T")


def activities_of(home: Home, seconds: float = ANSWER_SECONDS) -> Activities:
    """What the supervisor follows at this moment; nothing where none is up, or it does not answer in time."""
    from scopecraft.supervisor.client import ask

    try:
        return ask(home, "activities", {}, seconds=seconds)
    except ScopecraftError:
        return {}


def live_costs(home: Home) -> Mapping[str, float]:
    """By session, of those that the supervisor follows."""
    if read_holder(home) is None:
        return {}
    costs = {session_id: activity.get("cost_usd") for session_id, activity in activities_of(home, COST_SECONDS).items()}
    return {session_id: float(cost) for session_id, cost in costs.items() if isinstance(cost, int | float)}


@dataclass(frozen=True, slots=True)
class Looking(Generic[T]):
    """How a thread looks: with a context of its own, and with what it says of what it saw last where that fails."""

    make: Callable[[], Context]
    look: Callable[[Context], T]
    complained: Callable[[T | None, str], T]


class Watching(Generic[T]):
    """Looks when something changed, at most four times a second, and once a second in any case.

    Args:
        told: called from the thread after each look.
    """

    def __init__(self, looking: Looking[T], told: Callable[[], None]) -> None:
        self._looking = looking
        self._told = told
        self._seen: T | None = None
        self._error: BaseException | None = None
        self._is_over = threading.Event()
        # a look may hang for seconds; who leaves does not wait for it
        self._thread = threading.Thread(target=self._run, name="watching", daemon=True)

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def begin(self) -> None:
        self._thread.start()

    def leave(self) -> None:
        """At once, whatever hangs."""
        self._is_over.set()

    def seen(self) -> T | None:
        """The latest; None before the first look is done. Raises what ended the thread, which is a fault of ours."""
        if self._error is not None:
            raise self._error
        return self._seen

    def _run(self) -> None:
        with _HandedOver(self._fail):
            context = self._looking.make()
            while not self._is_over.is_set():
                began = time.monotonic()
                # asked before looking: what is written meanwhile is another change
                version = context.store.data_version()
                self._look(context)
                self._told()
                self._rest(context, version, began)

    def _look(self, context: Context) -> None:
        try:
            self._seen = self._looking.look(context)
        except ScopecraftError as error:
            self._seen = self._looking.complained(self._seen, error.message)

    def _rest(self, context: Context, version: int, began: float) -> None:
        while not self._is_over.wait(POLL_SECONDS):
            passed = time.monotonic() - began
            if passed >= LOOK_AGAIN_SECONDS:
                return
            if passed >= BETWEEN_LOOKS_SECONDS and context.store.data_version() != version:
                return

    def _fail(self, error: BaseException) -> None:
        self._error = error
        self._told()


class _HandedOver:
    """What ends the thread is told where the screen is, which is put in order first."""

    def __init__(self, fail: Callable[[BaseException], None]) -> None:
        self._fail = fail

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is not None:
            self._fail(error)
        return True
