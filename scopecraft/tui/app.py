"""The dashboard: its pages, what they show, and what is carried out for them beside the screen."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from scopecraft.config.paths import Home
from scopecraft.errors import ScopecraftError
from scopecraft.model.text import clean
from scopecraft.sessions.context import Context
from scopecraft.supervisor.watching import Looking, Watching
from scopecraft.tui.dialogs import Dialog, Keys
from scopecraft.tui.jobs import Jobs
from scopecraft.tui.missions import MissionsPage
from scopecraft.tui.outside import go_to, on_the_terminal, window_of
from scopecraft.tui.overview import Overview, complained, looks
from scopecraft.tui.page import Page
from scopecraft.tui.theme import DARK, LIGHT, THEMES, first_theme

if TYPE_CHECKING:
    from textual.widget import Widget

    from scopecraft.model.session import Session
    from scopecraft.sessions.project_settings import Answer, Question
    from scopecraft.sessions.recipes import RecipeQuestion
    from scopecraft.sessions.request import StartRequest
    from scopecraft.tui.moves import Done

T = TypeVar("T")
R = TypeVar("R")
ERROR_SECONDS = 12.0
GO_TO = {"m": "missions", "q": "queue", "s": "sessions", "g": "top"}


class Top(App[None]):
    """`environ` is the person's, of the command that opens it. `fault` is what of ours ended it."""

    CSS = """
    * { scrollbar-background: $surface; scrollbar-background-hover: $surface; scrollbar-background-active: $surface;
        scrollbar-corner-color: $surface; scrollbar-color: $secondary 50%; }
    Toast { width: 80; max-width: 90%; background: $panel; }
    """
    ENABLE_COMMAND_PALETTE = False
    TITLE = "scopecraft"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", show=False),
        Binding("ctrl+c", "quit", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
    ]

    class Looked(Message):
        """The home was looked at once more."""

    def __init__(self, home: Home, environ: Mapping[str, str]) -> None:
        super().__init__()
        self.home, self.environ = home, environ
        self.overview: Overview | None = None
        self.fault: BaseException | None = None
        self.is_going = False  # `g` was pressed
        self._is_leaving = self._is_over = False
        self._is_told = False  # that there is something new
        looking = Looking(lambda: Context(home, environ), looks(), complained)
        self._watching = Watching(looking, self._tell_looked)
        self._jobs = Jobs(home, environ, self, self._redraw, self.failed)
        for taken in (self._capture_stdout, self._capture_stderr):
            # what stands for stdout meanwhile is no whole file, and libtmux asks for this when it is loaded
            taken.__dict__["encoding"] = "utf-8"
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = first_theme(environ.get("COLORFGBG", ""))

    @property
    def under_way(self) -> str:
        return self._jobs.under_way

    @property
    def page(self) -> Page | None:
        """What is in front, or behind a question."""
        pages = [screen for screen in self.screen_stack if isinstance(screen, Page)]
        return pages[-1] if pages else None

    def on_mount(self) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._end, 128 + number)
        self._watching.begin()
        self.push_screen(MissionsPage())

    def on_unmount(self) -> None:
        self._watching.leave()

    async def on_event(self, event: events.Event) -> None:
        """`g` and the key after it are taken here: pages hear of keys later, and may have changed by then."""
        if not (isinstance(event, events.Key) and self._is_going(event)):
            await super().on_event(event)

    def exit(self, *arguments: Any, **settings: Any) -> None:
        self._is_over = True
        super().exit(*arguments, **settings)

    def shows(self, widget: Widget) -> bool:
        """Whether it is in its place; pages are left while something is read for them."""
        is_on = self.is_running and not self._is_over and widget.is_mounted
        return is_on and any(node in self.screen_stack for node in widget.ancestors_with_self)

    def job(self, words: str, do: Callable[[Context], T], then: Callable[[T], object]) -> None:
        """`do` beside the screen, with `words` at the top meanwhile; `then` gets what it returns, a failure is told."""
        self._jobs.start(words, do, then)

    def failed(self, error: ScopecraftError) -> None:
        said = f"{error.message}\n{error.hint}" if error.hint else error.message
        self.notify(clean(said), severity="error", timeout=ERROR_SECONDS, markup=False)

    def tell(self, sentence: str) -> None:
        self.notify(clean(sentence), markup=False)

    def told(self, done: Done) -> None:
        """After a move: what was done, and what could not begin."""
        self.tell(done.sentence)
        for refusal in done.refusals:
            self.failed(refusal)

    def hearing(self, request: StartRequest) -> StartRequest:
        """The same, of which a person before this screen hears, and is asked."""
        from scopecraft.cli.settings_question import ask_about_settings

        def ask(question: Question) -> Answer:
            return self._asked_outside(lambda: ask_about_settings(question))

        def note(text: str) -> None:
            self.call_later(self.tell, text)

        def host_files(task: str, files: Sequence[Any]) -> None:
            if files:
                note(f"{task} changed {len(files)} files that run on your machine: see its diff before you go on")

        return replace(request, on_settings=ask, on_note=note, on_host_files=host_files)

    def ask_about_recipe(self, question: RecipeQuestion) -> Answer:
        from scopecraft.cli.recipe_question import ask_about_recipe

        return self._asked_outside(lambda: ask_about_recipe(question))

    def ask(self, dialog: Dialog[R], then: Callable[[R | None], None]) -> None:
        """In front of the page; a question that comes while another one is open is not asked."""
        if isinstance(self.screen, Page):
            self.push_screen(dialog, then)

    def attach(self, session: Session) -> None:
        """To its window."""
        self.job("going there", lambda context: window_of(context, session), self._go_to)

    def action_keys(self) -> None:
        if self.page is not None:
            self.push_screen(Keys([*self.page.all_keys(), *GENERAL_KEYS]))

    async def action_quit(self) -> None:
        """At once, but while something is carried out that a person has asked for."""
        if not self.under_way or self._is_leaving:
            self.exit()
            return
        self._is_leaving = True
        self.tell(f"{self.under_way} is not done yet; once more leaves without waiting for it")

    def action_theme(self) -> None:
        self.theme = LIGHT if self.theme == DARK else DARK

    def action_start_supervisor(self) -> None:
        from scopecraft.supervisor.background import ensure_up

        # the variable keeps commands from starting one by themselves; this one was asked to
        environ = {name: value for name, value in self.environ.items() if name != "SCOPECRAFT_SUPERVISOR"}

        def start(context: Context) -> str:
            return "the supervisor is up" if ensure_up(context.home, environ) else "no supervisor could be started"

        self.job("starting the supervisor", start, self.tell)

    def open(self, place: str) -> None:
        """One of the three lists, in place of all that is open."""
        from scopecraft.tui.queue import QueuePage
        from scopecraft.tui.sessions import SessionsPage

        pages: dict[str, Callable[[], Page]] = {
            "missions": MissionsPage,
            "queue": QueuePage,
            "sessions": SessionsPage,
        }
        while len(self.screen_stack) > 2:
            self.pop_screen()
        if self.page is None or self.page.place.lower() != place:
            self.switch_screen(pages[place]())

    def on_top_looked(self) -> None:
        self._is_told = False
        self.overview = self._watching.seen()
        for screen in self.screen_stack:
            if isinstance(screen, Page) and self.shows(screen):
                screen.looked(self.overview)

    def _handle_exception(self, error: Exception) -> None:
        """A fault of ours: the terminal is put in order, and the command line tells it in its way."""
        if self.is_headless:
            super()._handle_exception(error)  # a test shows all of it
            return
        self.fault = error
        self.exit(return_code=1)

    def _end(self, code: int) -> None:
        """Politely asked from outside; the terminal is put in order."""
        self.exit(return_code=code)

    def _tell_looked(self) -> None:
        """From the thread that looks; one message at a time, however long the screen is away."""
        if not self._is_told:
            self._is_told = True
            self.post_message(self.Looked())

    def _redraw(self) -> None:
        if self.page is not None and self.shows(self.page):
            self.page.redraw()

    def _is_going(self, key: events.Key) -> bool:
        """Whether the key is one of the two."""
        page = self.screen if len(self.screen_stack) > 1 else None
        if not isinstance(page, Page) or isinstance(self.focused, Input):
            return False
        was_going, self.is_going = self.is_going, not self.is_going and key.character == "g"
        if was_going:
            self._go_on_to(GO_TO.get(key.character or ""))
        if was_going or self.is_going:
            page.redraw()
        return was_going or self.is_going

    def _go_on_to(self, place: str | None) -> None:
        if place is not None and place != "top":
            self.open(place)
        elif place == "top" and self.focused is not None and hasattr(self.focused, "action_to_top"):
            self.focused.action_to_top()
        elif place == "top" and self.focused is not None:
            self.focused.scroll_home(animate=False)

    def _go_to(self, argv: list[str]) -> None:
        try:
            go_to(self, argv, self.environ)
        except ScopecraftError as error:
            self.failed(error)

    def _asked_outside(self, ask: Callable[[], T]) -> T:
        """From the thread of a job: the dashboard makes room for the question."""
        said: T = self.call_from_thread(on_the_terminal, self, ask)
        return said


GENERAL_KEYS = (
    ("", ""),
    ("g m  g q  g s", "missions, queue, sessions"),
    ("j k  g g  G", "down, up, to the first, to the last"),
    ("u", "start the supervisor"),
    ("T", "dark or light"),
    ("Esc", "back"),
    ("q", "leave"),
)
