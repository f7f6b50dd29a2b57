"""What `sc watch` shows, kept up to date by a thread of its own: an engine or a tmux that hangs holds up no screen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from scopecraft.config.paths import Home
from scopecraft.errors import ScopecraftError
from scopecraft.model.queue import QueueRules
from scopecraft.model.session import is_live
from scopecraft.sessions.context import Context
from scopecraft.sessions.look import View, look_at_all

POLL_SECONDS = 0.05
BETWEEN_LOOKS_SECONDS = 0.25
LOOK_AGAIN_SECONDS = 1.0  # agents in windows tell their files, not the database, how they are
ANSWER_SECONDS = 1.0

Activities = Mapping[str, Mapping[str, Any]]  # by session; what the supervisor knows of each


@dataclass(frozen=True, slots=True)
class Board:
    """`complaint`: why the latest look failed; what stands here is then from the one before."""

    views: tuple[View, ...] = ()
    activities: Activities = field(default_factory=dict)
    rules: QueueRules = field(default_factory=QueueRules)
    complaint: str = ""
    notices: tuple[str, ...] = ()  # what went wrong with the state itself, and was mended
    is_stuck: bool = False  # something stands in line, and no supervisor is up to start it


def look(context: Context) -> Board:
    """Everything that has not ended. What ended unseen is settled on the way."""
    views = [view for view in look_at_all(context, context.store.live()) if is_live(view.session.status)]
    store = context.store
    return Board(
        views=tuple(views),
        activities=activities_of(context.home),
        rules=store.queue.rules(),
        notices=store.notices,
        is_stuck=any(view.word == "queued" for view in views) and not _is_supervised(context.home),
    )


def _is_supervised(home: Home) -> bool:
    from scopecraft.supervisor.client import is_up

    return is_up(home)


def activities_of(home: Home) -> Activities:
    """What the supervisor follows at this moment; nothing where none is up, or it does not answer."""
    from scopecraft.supervisor.client import ask

    try:
        return ask(home, "activities", {}, seconds=ANSWER_SECONDS)
    except ScopecraftError:
        return {}


class Watching:
    """Looks when something changed, at most four times a second, and once a second in any case.

    Args:
        make: the thread's own context.
        told: called from the thread after each look.
    """

    def __init__(self, make: Callable[[], Context], told: Callable[[], None]) -> None:
        self._make = make
        self._told = told
        self._board: Board | None = None
        self._error: BaseException | None = None
        self._is_over = threading.Event()
        # a look may hang for seconds; who leaves does not wait for it
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()

    def board(self) -> Board | None:
        """The latest; None before the first look is done. Raises what ended the thread, which is a fault of ours."""
        if self._error is not None:
            raise self._error
        return self._board

    def _run(self) -> None:
        with _HandedOver(self._fail):
            context = self._make()
            while not self._is_over.is_set():
                began = time.monotonic()
                # asked before looking: what is written meanwhile is another change
                version = context.store.data_version()
                self._look(context)
                self._told()
                self._rest(context, version, began)

    def _look(self, context: Context) -> None:
        try:
            self._board = look(context)
        except ScopecraftError as error:
            self._board = replace(self._board or Board(), complaint=error.message)

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
