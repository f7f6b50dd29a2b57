"""One mission: its steps at the left, and beside them the log, its files, what it changed and what it used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import ContentSwitcher

from scopecraft.cli.mission_look import look_at_missions
from scopecraft.cli.missions_table import STAGE_TONES
from scopecraft.cli.terminal import fit, paint
from scopecraft.errors import ScopecraftError
from scopecraft.model import clock
from scopecraft.model.mission_words import money_text
from scopecraft.model.session import Session
from scopecraft.model.text import clean_line
from scopecraft.sessions.mission_page import MissionPage, mission_page
from scopecraft.tui.files import Files
from scopecraft.tui.lines import Bar, Lines
from scopecraft.tui.log import Log
from scopecraft.tui.page import Key
from scopecraft.tui.person import ALL_KEYS, PersonPage, has_window, keys_at, session_of
from scopecraft.tui.rows import Rows
from scopecraft.tui.spent import usage_lines
from scopecraft.tui.timeline import Stop, drawing, stops_of

if TYPE_CHECKING:
    from textual.widget import Widget

    from scopecraft.sessions.context import Context
    from scopecraft.sessions.missions_seen import MissionView
    from scopecraft.tui.changes import Changes
    from scopecraft.tui.overview import Overview

_TABS = (("1", "log", "Log"), ("2", "files", "Files"), ("3", "diff", "Diff"), ("5", "usage", "Usage"))
_LOG_KEYS = (("f", "follow"), ("o", "older"), ("K", "kind"), ("slash", "search"))
_NARROW_CELLS = 90


class OneMission(PersonPage):
    place: ClassVar[str] = "Missions"
    DEFAULT_CSS = """
    OneMission > #head { background: $background; }
    OneMission > #halves > #steps { width: 36; height: 1fr; background: $background; }
    OneMission > #halves > #pane { width: 1fr; height: 1fr; border-left: solid $panel; }
    OneMission > #halves > #pane > #tabs { height: 1; background: $surface; }
    OneMission.is-narrow > #halves { layout: vertical; }
    OneMission.is-narrow > #halves > #steps { width: 100%; height: auto; max-height: 30%; }
    OneMission.is-narrow > #halves > #pane { border-left: none; width: 100%; }
    OneMission ContentSwitcher { height: 1fr; }
    """
    AUTO_FOCUS = "#steps"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", show=False),
        *(Binding(key, f"tab('{name}')", show=False) for key, name, _ in _TABS),
        Binding("4", "window", show=False),
        *(Binding(key, f"log('{name}')", show=False) for key, name in _LOG_KEYS),
        Binding("l,right", "pane", show=False),
        Binding("right_square_bracket", "file(1)", show=False),
        Binding("left_square_bracket", "file(-1)", show=False),
    ]

    def __init__(self, mission_id: str) -> None:
        super().__init__()
        self._mission_id = mission_id
        self._page: MissionPage | None = None
        self._changes: Changes | None = None
        self._is_loading = False
        self._is_stale = False
        self._was_moved = False  # the person has chosen a step

    def body(self) -> Iterable[Widget]:
        yield Bar(["looking …", ""], id="head")
        with Horizontal(id="halves"):
            yield Rows[Stop](drawing(clock.now()), id="steps")
            with Vertical(id="pane"):
                yield Bar(id="tabs")
                with ContentSwitcher(initial="log"):
                    log = Log()
                    log.id = "log"
                    yield log
                    files = Files(self._mission_id)
                    files.id = "files"
                    yield files
                    yield Lines([paint("looking …", "dim")], id="diff")
                    yield Lines(id="usage")

    @property
    def steps(self) -> Rows[Stop]:
        return self.query_one("#steps", Rows)

    @property
    def tab(self) -> str:
        return self.query_one(ContentSwitcher).current or "log"

    def mission_at(self) -> MissionView | None:
        return self._page.view if self._page is not None else None

    def gate_at(self) -> str | None:
        stop = self.steps.current
        return stop.step.id if stop is not None and stop.step.is_gate and stop.mark == "waits" else None

    def session_at(self) -> Session | None:
        """Of the step at the cursor, where that has one, else whom the mission waits for."""
        stop = self.steps.current
        if stop is not None and stop.run is not None:
            return stop.run.session
        return session_of(self._page.view, self.top.overview) if self._page is not None else None

    def keys(self) -> Iterable[Key]:
        window: tuple[Key, ...] = (("w", "window"),) if has_window(self.session_at()) else ()
        tab: tuple[Key, ...] = {"diff": (("[ ]", "file"),), "files": (("E", "edit it"),)}.get(self.tab, ())
        return (*window, *keys_at(self.mission_at()), *tab, ("Esc", "back"))

    def all_keys(self) -> Iterable[Key]:
        return (
            ("1 2 3 5", "log, files, diff, usage"),
            ("Tab", "to the next part of the page"),
            ("f  o  K  /", "log: follow or stand, older, kind, search"),
            ("[ ]", "diff: the file before, the next one"),
            ("E", "edit the file in your editor"),
            *ALL_KEYS,
        )

    def on_resize(self) -> None:
        self.set_class(self.size.width < _NARROW_CELLS, "is-narrow")
        super().on_resize()

    def seen(self, overview: Overview) -> None:  # noqa: ARG002 - it is read in depth
        self._load()

    def on_rows_moved(self, event: Rows.Moved) -> None:
        if event.rows is self.steps:
            self._was_moved = self._was_moved or self.steps.has_focus
            self._show_log()
            self.redraw()

    def on_rows_chosen(self) -> None:
        if has_window(self.session_at()):
            self.action_window()
        else:
            self.action_pane()

    def action_back(self) -> None:
        self.app.pop_screen()

    def action_tab(self, name: str) -> None:
        self.query_one(ContentSwitcher).current = name
        if name == "files":
            self.query_one(Files).load(self._in_question())
        elif name == "diff":
            self._load_diff()
        self._show_usage()
        self.redraw()
        if not self.steps.has_focus:
            self.action_pane()

    def action_pane(self) -> None:
        """To what is read there."""
        self.query_one({"log": "#log-lines", "files": "#files-list"}.get(self.tab, f"#{self.tab}")).focus()

    def action_log(self, what: str) -> None:
        """A key of the log, wherever on the page one is."""
        if self.tab == "log":
            log = self.query_one(Log)
            {"follow": log.follow, "older": log.older, "kind": log.next_kind, "search": log.search}[what]()

    def action_file(self, count: int) -> None:
        """The patch of the next file, or the one before."""
        if self._changes is None or self.tab != "diff":
            return
        lines = self.query_one("#diff", Lines)
        here = round(lines.scroll_y)
        starts = self._changes.files
        found = [start for start in starts if (start > here if count > 0 else start < here)]
        if found:
            lines.scroll_to(y=found[0] if count > 0 else found[-1], animate=False, immediate=True)

    def redraw(self) -> None:
        super().redraw()
        width = max(20, self.size.width - 2)
        if self._page is not None:
            self.query_one("#head", Bar).show(head_lines(self._page, width))
        tabs = [
            paint(f"[{key} {title}]", "blue", "bold") if name == self.tab else f" {paint(key, 'blue')} {title} "
            for key, name, title in _TABS
        ]
        self.query_one("#tabs", Bar).show([" ".join(tabs)])

    def _in_question(self) -> str | None:
        """The artifact of the step at the cursor."""
        step = self.steps.current.step if self.steps.current is not None else None
        return (step.review or next(iter(step.outputs), None)) if step is not None else None

    def _load(self) -> None:
        """The page as it is now; one reading at a time, and another one where something happened meanwhile."""
        if self._is_loading:
            self._is_stale = True
            return
        self._is_loading, self._is_stale = True, False
        of = self._mission_id

        def read(context: Context) -> MissionPage | ScopecraftError:
            try:
                return mission_page(context, of, look_at_missions(context, of))
            except ScopecraftError as error:
                return error

        self.top.job("", read, self._put)

    def _put(self, found: MissionPage | ScopecraftError) -> None:
        self._is_loading = False
        if not self.top.shows(self):
            return
        if isinstance(found, ScopecraftError):
            self.query_one("#head", Bar).show([paint(clean_line(found.message), "red"), clean_line(found.hint or "")])
            return
        self._page = found
        stops = stops_of(found)
        self.steps.show(stops, drawing(clock.now()))
        if not self._was_moved:
            self.steps.put_cursor(_here(found, stops))
        self._show_log()
        self._show_usage()
        self.redraw()
        if self._is_stale:
            self._load()

    def _show_log(self) -> None:
        self.query_one(Log).show(self.session_at())

    def _show_usage(self) -> None:
        if self.tab == "usage" and self._page is not None:
            activities = self.top.overview.activities if self.top.overview is not None else {}
            usage = self.query_one("#usage", Lines)
            usage.show(usage_lines(self._page, activities, clock.now(), max(20, usage.size.width - 2)))

    def _load_diff(self) -> None:
        from scopecraft.missions.finding import require_mission
        from scopecraft.tui.changes import changes_of

        of = self._mission_id

        def read(context: Context) -> Changes | ScopecraftError:
            try:
                return changes_of(context, require_mission(context.home, of, None))
            except ScopecraftError as error:
                return error

        def put(found: Changes | ScopecraftError) -> None:
            if not self.top.shows(self):
                return
            lines = self.query_one("#diff", Lines)
            if isinstance(found, ScopecraftError):
                lines.show([paint(clean_line(found.message), "yellow"), paint(clean_line(found.hint or ""), "dim")])
            else:
                self._changes = found
                lines.show(found.lines)

        self.top.job("reading the diff", read, put)


def head_lines(page: MissionPage, width: int) -> list[str]:
    """What it is called and how it stands, and what happens next."""
    mission, following = page.view.mission, page.view.next
    cost = money_text(page.view.cost_usd)
    tones = STAGE_TONES[following.stage]
    status = clean_line(following.words, 40)
    room = max(10, width - len(status) - len(cost) - 6)
    title = f"{paint(fit(clean_line(mission.title), room), 'bold')}  {paint(status, *tones)}  {cost}"
    place = paint(f"{clean_line(mission.slug)} · {clean_line(mission.branch)}", "dim")
    return [title, fit(clean_line(following.sentence), width), place] if width >= 60 else [title]


def _here(page: MissionPage, stops: list[Stop]) -> str:
    """The step that what happens next is about, else the last one that ran."""
    if page.view.next.step is not None:
        return page.view.next.step.id
    ran = [stop.step.id for stop in stops if stop.run is not None]
    return ran[-1] if ran else (stops[0].step.id if stops else "")
