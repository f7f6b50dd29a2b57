"""The form for a new mission: what is to be done, in the person's words, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Checkbox, Input, Select, TextArea

from scopecraft.cli.terminal import paint
from scopecraft.errors import NotFound, ScopecraftError
from scopecraft.model.mission import MISSION_TYPES
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.tui import moves
from scopecraft.tui.dialogs import Dialog, key_lines
from scopecraft.tui.lines import Bar
from scopecraft.tui.moves import Idea

if TYPE_CHECKING:
    from scopecraft.tui.app import Top

_NARROW_CELLS = 90


@dataclass(frozen=True, slots=True)
class Ground:
    """What there is to choose from; the first of each is what most will want."""

    projects: tuple[str, ...]
    workflows: tuple[str, ...]


def begin_new(top: Top) -> None:
    def ask(ground: Ground) -> None:
        top.ask(NewMissionDialog(ground), made)

    def made(idea: Idea | None) -> None:
        if idea is not None:
            top.job("making it", lambda context: moves.make(context, idea, top.hearing, top.ask_about_recipe), top.told)

    top.job("", ground_of, ask)


def ground_of(context: Context) -> Ground:
    """Raises NotFound where no repository is linked."""
    from scopecraft.config.projects import load_projects
    from scopecraft.config.workflows import find_workflows
    from scopecraft.sessions.places import project_around
    from scopecraft.sessions.recipes import shelves

    projects = [project.name for project in load_projects(context.home)]
    if not projects:
        raise NotFound("no repository is linked yet", "in one of yours: sc link")
    try:
        around = project_around(context, Path.cwd())
    except ScopecraftError:
        around = None
    projects.sort(key=lambda name: name != around)
    default = context.settings.missions.workflow
    entries = find_workflows(shelves(context, None), default).entries
    known = [entry.id for entry in entries if entry.workflow is not None]
    return Ground(tuple(projects), tuple(sorted(known, key=lambda name: name != default)))


class NewMissionDialog(Dialog[Idea]):
    DEFAULT_CSS = """
    NewMissionDialog > Vertical { height: auto; max-height: 95%; }
    NewMissionDialog #choices { height: auto; margin: 0 1; }
    NewMissionDialog Select { width: 1fr; }
    NewMissionDialog TextArea { height: 35vh; max-height: 12; min-height: 3; margin: 1 1 0 1; }
    NewMissionDialog.is-narrow #choices { layout: vertical; }
    NewMissionDialog.is-narrow Select { width: 100%; }
    NewMissionDialog.is-narrow TextArea { margin: 0 1; height: 25vh; }
    NewMissionDialog SelectCurrent Static { text-wrap: nowrap; text-overflow: ellipsis; }
    NewMissionDialog Checkbox { margin: 0 1; border: none; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "make", show=False, priority=True),
        Binding("ctrl+o", "editor", show=False, priority=True),
    ]

    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self._ground = ground

    def compose(self) -> ComposeResult:
        keys = (("Ctrl-S", "make it"), ("Ctrl-O", "the text in your editor"), ("Tab", "next"), ("Esc", "leave it"))
        with Vertical():
            yield Bar([paint("New mission", "bold")])
            yield Input(placeholder="title; left empty, the first line of the text", id="title", compact=True)
            with Horizontal(id="choices"):
                yield _select("type", [(name, name) for name in MISSION_TYPES])
                yield _select("project", [(clean_line(name, 40), name) for name in self._ground.projects])
                yield _select("workflow", [(clean_line(key, 40), key) for key in self._ground.workflows])
            yield TextArea(
                id="text", soft_wrap=True, compact=True, placeholder="What is to be done, in as many words as you like"
            )
            yield Checkbox("begin at once", value=True, id="starts", compact=True)
            yield Bar(key_lines(keys, self.room))

    def on_resize(self) -> None:
        self.set_class(self.app.size.width < _NARROW_CELLS, "is-narrow")

    def on_input_submitted(self) -> None:
        self.query_one("#text", TextArea).focus()

    def action_editor(self) -> None:
        from scopecraft.tui.outside import edited_outside

        area = self.query_one("#text", TextArea)
        area.text = edited_outside(self.app, area.text)

    def action_make(self) -> None:
        title, text = self.query_one("#title", Input).value, self.query_one("#text", TextArea).text
        if not title.strip() and not text.strip():
            self.query_one("#text", TextArea).focus()
            return
        chosen = str(self.query_one("#type", Select).value)
        self.dismiss(
            Idea(
                title=title,
                text=text,
                type=next(name for name in MISSION_TYPES if name == chosen),
                project=str(self.query_one("#project", Select).value),
                workflow=str(self.query_one("#workflow", Select).value),
                starts=self.query_one("#starts", Checkbox).value and bool(text.strip()),
            )
        )


def _select(name: str, options: Sequence[tuple[str, str]]) -> Select[str]:
    return Select(options, value=options[0][1], allow_blank=False, id=name, compact=True)
