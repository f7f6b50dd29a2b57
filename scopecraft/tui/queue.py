"""The line: who runs, who waits at which place; moved, paused and let go on with keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from scopecraft.cli.queue_view import limits_sentence
from scopecraft.cli.terminal import paint
from scopecraft.model import clock
from scopecraft.model.session import Queued
from scopecraft.sessions import queue_changes
from scopecraft.sessions.context import Context
from scopecraft.sessions.look import View
from scopecraft.supervisor.client import poke
from scopecraft.tui.lines import Bar
from scopecraft.tui.page import Key
from scopecraft.tui.rows import Drawing, Rows
from scopecraft.tui.sessions import SESSION_KEYS, SessionRows, head_line, row_lines

if TYPE_CHECKING:
    from textual.widget import Widget

    from scopecraft.tui.overview import Overview

_RUNS = frozenset({"waiting", "unknown", "idle", "running", "starting"})


class QueuePage(SessionRows):
    place: ClassVar[str] = "Queue"
    DEFAULT_CSS = """
    QueuePage > #sum { background: $surface; height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("J", "move(1)", show=False),
        Binding("K", "move(-1)", show=False),
        Binding("p", "pause", show=False),
        Binding("x,delete", "stop", show=False),
    ]

    def body(self) -> Iterable[Widget]:
        yield Bar(id="sum")
        yield Rows[View](_drawing(["looking …"]), id="line")

    def seen(self, overview: Overview) -> None:
        runs = [view for view in overview.live if view.session.mode == "autonomous" and view.word in _RUNS]
        empty = ["", "  nothing runs, and nothing waits", paint("  g m  shows the missions", "dim")]
        self.rows.show([*runs, *overview.waiting], _drawing(empty))
        self.query_one("#sum", Bar).show([paint(limits_sentence(overview.occupancy, overview.rules), "bold")])

    def keys(self) -> Iterable[Key]:
        overview = self.top.overview
        is_paused = overview is not None and overview.rules.is_paused
        session = self.session_at()
        keys: list[Key] = [("p", "go on" if is_paused else "pause")]
        if session is not None and isinstance(session.status, Queued):
            keys += [("J K", "move"), ("x", "take out")]
        elif session is not None:
            keys += [("Enter", "open"), ("S", "stop")]
        return keys

    def all_keys(self) -> Iterable[Key]:
        return (
            ("J K", "move it down or up the line"),
            ("p", "pause the queue, or let it go on"),
            ("x", "take it out of the line"),
            *SESSION_KEYS,
        )

    def on_rows_moved(self) -> None:
        self.redraw()

    def on_rows_chosen(self) -> None:
        from scopecraft.tui.mission import OneMission

        if (session := self.session_at()) is not None:
            self.app.push_screen(OneMission(session.mission_id))

    def action_move(self, count: int) -> None:
        view = self.rows.current
        last = len(self.top.overview.waiting) if self.top.overview is not None else 0
        if view is None or not 1 <= view.place + count <= last or not view.place:
            return
        place, session = view.place + count, view.session

        def move(context: Context) -> None:
            queue_changes.move(context, session, place)
            poke(context)

        self.top.job("moving", move, _nothing)

    def action_pause(self) -> None:
        overview = self.top.overview
        is_paused = overview is not None and overview.rules.is_paused
        change: Callable[[Context], queue_changes.Changed] = queue_changes.resume if is_paused else queue_changes.pause

        def turn(context: Context) -> str:
            change(context)
            poke(context)
            return "the queue goes on" if is_paused else "the queue is paused: what runs goes on, and nothing begins"

        self.top.job("pausing" if not is_paused else "going on", turn, self.top.tell)


def _nothing(_: None) -> None:
    """What was moved is seen in its new place."""


def _drawing(empty: list[str]) -> Drawing[View]:
    return Drawing(_key, partial(row_lines, clock.now()), head_line, empty=empty)


def _key(view: View) -> str:
    return view.session.id
