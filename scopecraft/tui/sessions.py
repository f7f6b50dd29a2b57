"""Every session: what waits for a person first, then what works, and the latest that ended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from scopecraft.cli.ls import task_text, tones_of, word_of
from scopecraft.cli.terminal import Tone, fit, pad, paint
from scopecraft.model import clock
from scopecraft.model.duration import duration_text
from scopecraft.model.session import Session
from scopecraft.model.text import clean_line
from scopecraft.sessions.look import View
from scopecraft.tui.page import Key
from scopecraft.tui.person import PersonPage, has_window
from scopecraft.tui.rows import Drawing, Rows

if TYPE_CHECKING:
    from textual.widget import Widget

    from scopecraft.sessions.missions_seen import MissionView
    from scopecraft.tui.overview import Overview

SESSION_KEYS: tuple[Key, ...] = (
    ("Enter", "go to its window, or open its mission"),
    ("o", "open its mission"),
    ("m", "message to its agent"),
    ("A", "answer what its agent asks"),
    ("i", "interrupt its agent's turn"),
    ("t", "take over: go on in a window"),
    ("S", "stop it"),
)
_KEYS_OF: dict[str, tuple[Key, ...]] = {
    "waiting": (("A", "answer"), ("m", "message"), ("i", "interrupt"), ("t", "take over"), ("S", "stop")),
    "idle": (("m", "message"), ("t", "take over"), ("S", "stop")),
    "running": (("m", "message"), ("i", "interrupt"), ("t", "take over"), ("S", "stop")),
    "queued": (("S", "take out"),),
    "ended": (("t", "take over"),),
}
_COLUMNS: tuple[tuple[str, int, int], ...] = (
    ("STATE", 12, 0),
    ("SINCE", 7, 50),
    ("AGENT", 10, 80),
    ("PROJECT", 12, 110),
    ("SESSION", 24, 130),
)
_GAP = "  "


class SessionRows(PersonPage):
    """A page of sessions in rows; keys are about the one that is chosen."""

    @property
    def rows(self) -> Rows[View]:
        return self.query_one(Rows)

    def session_at(self) -> Session | None:
        view = self.rows.current
        return view.session if view is not None else None

    def mission_at(self) -> MissionView | None:
        session, overview = self.session_at(), self.top.overview
        return overview.mission(session.mission_id) if session is not None and overview is not None else None


class SessionsPage(SessionRows):
    place: ClassVar[str] = "Sessions"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "open", show=False),
    ]

    def body(self) -> Iterable[Widget]:
        yield Rows[View](_drawing(["looking …"]), id="sessions")

    def seen(self, overview: Overview) -> None:
        empty = ["", "  no session yet", paint("  g m  shows the missions; c lets one go on", "dim")]
        self.rows.show(list(overview.sessions), _drawing(empty))

    def keys(self) -> Iterable[Key]:
        view = self.rows.current
        if view is None:
            return ()
        opens: Key = ("Enter", "window" if has_window(view.session) else "open")
        return (opens, *_KEYS_OF.get(view.word, (("S", "stop"),)))

    def all_keys(self) -> Iterable[Key]:
        return SESSION_KEYS

    def on_rows_moved(self) -> None:
        self.redraw()

    def on_rows_chosen(self) -> None:
        if has_window(self.session_at()):
            self.action_window()
        else:
            self.action_open()

    def action_open(self) -> None:
        from scopecraft.tui.mission import OneMission

        if (session := self.session_at()) is not None:
            self.app.push_screen(OneMission(session.mission_id))


def head_line(width: int) -> str:
    shown = _sizes(width)
    cells = [pad(name, size, right=name == "SINCE") for name, size in shown if name not in ("TASK", "DETAIL")]
    task = next(size for name, size in shown if name == "TASK")
    has_detail = any(name == "DETAIL" for name, _ in shown)
    return _GAP.join([f"  # {pad('TASK', task)}", *cells, *(["DETAIL"] if has_detail else [])])


def row_lines(now: datetime, view: View, width: int) -> list[str]:
    session = view.session
    since = (now - clock.from_text(view.since or session.created_at)).total_seconds()
    texts: dict[str, tuple[str, tuple[Tone, ...]]] = {
        "TASK": (task_text(session), ("bold",) if view.word == "waiting" else ()),
        "STATE": (word_of(view), tones_of(view)),
        "SINCE": (duration_text(since), ()),
        "AGENT": (session.agent, ()),
        "PROJECT": (session.project, ("dim",)),
        "SESSION": (session.id, ("dim",)),
        "DETAIL": (view.detail, ("dim",)),
    }
    cells = [pad(str(view.place or ""), 3, right=True)]
    for name, size in _sizes(width):
        text, tones = texts[name]
        shown = pad(fit(clean_line(text, 400), size), size, right=name == "SINCE")
        cells.append((" " if name == "TASK" else _GAP) + paint(shown, *tones))
    return ["".join(cells)]


def _sizes(width: int) -> list[tuple[str, int]]:
    columns = [(name, size) for name, size, least in _COLUMNS if width >= least]
    left = width - 5 - sum(size + len(_GAP) for _, size in columns)
    task = max(8, left if left < 40 else left * 2 // 5)
    detail = left - task - len(_GAP)
    return [("TASK", task), *columns, *([("DETAIL", detail)] if detail >= 12 else [])]


def _drawing(empty: list[str]) -> Drawing[View]:
    return Drawing(_key, partial(row_lines, clock.now()), head_line, empty=empty)


def _key(view: View) -> str:
    return view.session.id
