"""Every mission, what needs a person first; the page that opens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from scopecraft.cli.missions_table import STAGE_TONES, step_text
from scopecraft.cli.terminal import Tone, fit, pad, paint
from scopecraft.model import clock
from scopecraft.model.duration import duration_text
from scopecraft.model.mission_words import STAGE_MARKS, money_text
from scopecraft.model.text import clean_line
from scopecraft.sessions.missions_seen import MissionView
from scopecraft.tui.page import Key
from scopecraft.tui.person import ALL_KEYS, PersonPage, has_window, keys_at
from scopecraft.tui.rows import Drawing, Rows
from scopecraft.tui.timeline import SIGNS, TONES

if TYPE_CHECKING:
    from textual.widget import Widget

    from scopecraft.tui.overview import Overview

_GAP = 2
# columns with their cells, and the width from which on there is room for them; the title gets the rest
_COLUMNS: tuple[tuple[str, int, int], ...] = (
    ("STATUS", 26, 60),
    ("STEP", 20, 84),
    ("TASK", 22, 132),
    ("PROJECT", 12, 112),
    ("PROGRESS", 12, 104),
    ("COST", 8, 76),
    ("AGE", 7, 70),
)
_RIGHT = frozenset({"COST", "AGE"})
_NARROW_STATUS = 16


class MissionsPage(PersonPage):
    place: ClassVar[str] = "Missions"
    DEFAULT_CSS = """
    MissionsPage > #filter { display: none; border: none; height: 1; background: $panel; padding: 0 1; }
    MissionsPage > #filter.is-open { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", show=False),
        Binding("n", "new", show=False),
        Binding("escape", "clear", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._filter = ""
        # what fits, of which missions and by which words: ten thousand are not gone through each second
        self._fitting: Sequence[MissionView] = ()
        self._fitted_of: Sequence[MissionView] | None = None
        self._fitted_by = ""
        self._left_out: frozenset[str] = frozenset()

    def body(self) -> Iterable[Widget]:
        yield Input(
            placeholder="title, task, project, status …   Enter keeps it, Esc shows all", id="filter", compact=True
        )
        yield Rows[MissionView](self._drawing(["looking …"]), id="missions")

    @property
    def rows(self) -> Rows[MissionView]:
        return self.query_one("#missions", Rows)

    def mission_at(self) -> MissionView | None:
        return self.rows.current

    def seen(self, overview: Overview) -> None:
        if overview.missions is not self._fitted_of or self._filter != self._fitted_by:
            self._fitted_of, self._fitted_by = overview.missions, self._filter
            wanted = self._filter.casefold().split()
            self._fitting = [view for view in overview.missions if fits(view, wanted)]
            self._left_out = said_once(self._fitting)
        self.rows.show(self._fitting, self._drawing(_nothing(overview, self._filter), self._left_out))

    def keys(self) -> Iterable[Key]:
        opens: tuple[Key, ...] = (("Enter", "open"),) if self.rows.items else ()
        window: tuple[Key, ...] = (("w", "window"),) if has_window(self.session_at()) else ()
        return (*opens, *window, *keys_at(self.mission_at()), ("n", "new"), ("/", "filter"))

    def all_keys(self) -> Iterable[Key]:
        return (
            ("Enter", "open the mission"),
            ("n", "new mission"),
            ("/", "filter the list"),
            *ALL_KEYS,
        )

    def on_rows_moved(self) -> None:
        self.redraw()

    def on_rows_chosen(self) -> None:
        from scopecraft.tui.mission import OneMission

        if (view := self.mission_at()) is not None:
            self.app.push_screen(OneMission(view.mission.id))

    def on_input_changed(self, event: Input.Changed) -> None:
        self._filter = event.value
        self.looked(self.top.overview)

    def on_input_submitted(self) -> None:
        self.rows.focus()

    def action_filter(self) -> None:
        field = self.query_one("#filter", Input)
        field.add_class("is-open")
        field.focus()

    def action_clear(self) -> None:
        field = self.query_one("#filter", Input)
        field.value = ""
        field.remove_class("is-open")
        self.rows.focus()

    def action_new(self) -> None:
        from scopecraft.tui.new_mission import begin_new

        begin_new(self.top)

    def _drawing(self, empty: Sequence[str], left_out: frozenset[str] = frozenset()) -> Drawing[MissionView]:
        return Drawing(_key, partial(row_lines, clock.now(), left_out), partial(head_line, left_out), empty=empty)


def fits(view: MissionView, words: Sequence[str]) -> bool:
    """Whether every word stands somewhere in what the list shows of it."""
    mission = view.mission
    told = f"{mission.title} {mission.slug} {mission.id} {mission.project} {view.next.words} {view.next.step_name}"
    told = f"{told} {mission.type} {mission.status}".casefold()
    return all(word in told for word in words)


def said_once(views: Sequence[MissionView]) -> frozenset[str]:
    """Columns that would say the same in every row."""
    same = {"COST"} if all(view.cost_usd is None for view in views) else set()
    if len({view.mission.project for view in views}) < 2:
        same.add("PROJECT")
    return frozenset(same)


def head_line(left_out: frozenset[str], width: int) -> str:
    sizes = _sizes(width, left_out)
    cells = [pad(name, size, right=name in _RIGHT) for name, size in sizes if name != "TITLE"]
    title = next(size for name, size in sizes if name == "TITLE")
    return (" " * _GAP).join(["   " + pad("MISSION", title), *cells])


def row_lines(now: datetime, left_out: frozenset[str], view: MissionView, width: int) -> list[str]:
    """One line, in so many cells; all text of strangers is made safe."""
    mission, following = view.mission, view.next
    tones = STAGE_TONES[following.stage]
    age = (now - clock.from_text(mission.created_at)).total_seconds()
    texts: dict[str, tuple[str, tuple[Tone, ...]]] = {
        "TITLE": (mission.title, ("bold",) if following.needs_person else ()),
        "STATUS": (following.words, tones),
        "STEP": (step_text(view), ()),
        "TASK": (mission.slug, ("dim",)),
        "PROJECT": (mission.project, ("dim",)),
        "PROGRESS": ("", ()),
        "COST": (money_text(view.cost_usd), ()),
        "AGE": (duration_text(age), ("dim",)),
    }
    cells = [paint(f" {STAGE_MARKS[following.stage]}", *tones)]
    for name, size in _sizes(width, left_out):
        if name == "PROGRESS":
            cells.append(" " * _GAP + progress(view, size))
            continue
        text, its_tones = texts[name]
        shown = pad(fit(clean_line(text, 400), size), size, right=name in _RIGHT)
        cells.append((" " if name == "TITLE" else " " * _GAP) + paint(shown, *its_tones))
    return ["".join(cells)]


def progress(view: MissionView, size: int) -> str:
    """A sign for each step, in its colour; of many steps how many are finished."""
    marks = [mark for _, mark in view.marks]
    if len(marks) > size:
        return paint(pad(f"{view.finished}/{len(marks)}", size), "dim")
    return "".join(paint(SIGNS[mark], *TONES[mark]) for mark in marks) + " " * (size - len(marks))


def _sizes(width: int, left_out: frozenset[str]) -> list[tuple[str, int]]:
    shown = [(name, size) for name, size, least in _COLUMNS if width >= least and name not in left_out]
    if not shown:
        shown = [("STATUS", min(_NARROW_STATUS, width // 3))]
    title = max(8, width - 4 - sum(size + _GAP for _, size in shown))
    return [("TITLE", title), *shown]


def _key(view: MissionView) -> str:
    return view.mission.id


def _nothing(overview: Overview, wanted: str) -> list[str]:
    if wanted:
        return ["", f"  no mission fits {clean_line(wanted, 60)!r}", paint("  Esc shows all", "dim")]
    if not overview.has_projects:
        return [
            "",
            "  no repository is linked yet",
            paint("  in one of yours: ", "dim") + paint("sc link", "cyan") + paint("   then n makes a mission", "dim"),
        ]
    return [
        "",
        "  no mission yet",
        paint("  n", "blue", "bold") + paint(" writes one down: what you want, in your words", "dim"),
    ]
