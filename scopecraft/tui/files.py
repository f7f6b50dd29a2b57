"""A mission's artifacts, and one of them as it reads: markdown as a page, what is no text by its size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from scopecraft.cli.terminal import fit, pad, paint, wrap
from scopecraft.errors import ScopecraftError
from scopecraft.missions.artifacts import open_artifact
from scopecraft.missions.finding import require_mission
from scopecraft.model.text import clean, clean_line
from scopecraft.model.usage_words import count_text
from scopecraft.sessions.artifacts_seen import ArtifactSeen, artifacts_seen
from scopecraft.sessions.context import Context
from scopecraft.tui.lines import Lines
from scopecraft.tui.painting import Drawn
from scopecraft.tui.rows import Drawing, Rows

if TYPE_CHECKING:
    from scopecraft.tui.app import Top

LARGEST_PAGE = 200_000  # bytes of markdown that are laid out; a longer one is shown as it is
LARGEST_TEXT = 2_000_000


@dataclass(frozen=True, slots=True)
class _Content:
    name: str
    lines: tuple[Drawn, ...]


class Files(Vertical):
    DEFAULT_CSS = """
    Files > #files-list { height: auto; max-height: 7; border-bottom: solid $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("E", "edit", show=False),
    ]

    def __init__(self, mission_id: str) -> None:
        super().__init__()
        self._mission_id = mission_id
        self._shown = ""
        self._wanted: str | None = None

    def compose(self) -> ComposeResult:
        yield Rows[ArtifactSeen](Drawing(_key, _line, empty=[paint("no files yet", "dim")]), id="files-list")
        yield Lines(id="files-text")

    @property
    def top(self) -> Top:
        return cast("Top", self.app)

    @property
    def list(self) -> Rows[ArtifactSeen]:
        return self.query_one("#files-list", Rows)

    def load(self, wanted: str | None = None) -> None:
        """Read them anew; the first time the cursor stands on the one that is wanted."""
        if not self._shown:
            self._wanted = wanted
        of = self._mission_id
        self.top.job("", lambda context: artifacts_seen(context, require_mission(context.home, of, None)), self._put)

    def action_edit(self) -> None:
        from scopecraft.sessions.person import refuse_agents
        from scopecraft.tui.editing import edit_outside

        if (seen := self.list.current) is not None:
            try:
                refuse_agents(self.top.environ, "to edit")
            except ScopecraftError as error:
                self.top.failed(error)
                return
            edit_outside(self.top, self._mission_id, seen.artifact.name)
            self.load()

    def on_rows_moved(self, event: Rows.Moved) -> None:
        event.stop()
        self._load_text()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        self.query_one("#files-text", Lines).focus()

    def _put(self, found: Iterable[ArtifactSeen]) -> None:
        if self.top.shows(self):
            self.list.show(list(found))
            if self._wanted is not None:
                self.list.put_cursor(self._wanted)
                self._wanted = None
            self._load_text()

    def _load_text(self) -> None:
        seen = self.list.current
        if seen is None:
            self.query_one("#files-text", Lines).show([])
            return
        of, name, width = self._mission_id, seen.artifact.name, max(20, self.size.width - 4)
        is_dark = self.app.current_theme.dark

        def put(content: _Content) -> None:
            current = self.list.current if self.top.shows(self) else None
            if current is not None and current.artifact.name == content.name:
                text = self.query_one("#files-text", Lines)
                text.show(content.lines)
                if self._shown != content.name:
                    self._shown = content.name
                    text.scroll_home(animate=False)

        self.top.job("", lambda context: _Content(name, tuple(_text(context, of, name, width, is_dark=is_dark))), put)


def _text(context: Context, mission_id: str, name: str, width: int, *, is_dark: bool) -> list[Drawn]:
    """As lines of so many cells; what cannot be read says why."""
    mission = require_mission(context.home, mission_id, None)
    try:
        with open_artifact(context.home, mission, name) as pieces:
            content = b"".join(pieces)
    except ScopecraftError as error:
        return [paint(clean_line(error.message), "yellow"), paint(clean_line(error.hint or ""), "dim")]
    if b"\0" in content:
        return [
            f"no text: {count_text(len(content))} bytes",
            paint(f"take it out: sc mission cat {mission.slug} {name}", "dim"),
        ]
    text = clean(content[:LARGEST_TEXT].decode("utf-8", "surrogateescape"))
    if name.endswith(".md") and len(content) <= LARGEST_PAGE:
        from scopecraft.tui.markdown import markdown_lines

        return list(markdown_lines(text, width, is_dark=is_dark))
    lines: list[Drawn] = [part for line in text.expandtabs(4).split("\n") for part in wrap(line, width)]
    if len(content) > LARGEST_TEXT:
        lines.append(
            paint(f"… {len(content) - LARGEST_TEXT:,} more bytes: sc mission cat {mission.slug} {name}", "yellow")
        )
    return lines


def _line(seen: ArtifactSeen, width: int) -> list[str]:
    artifact = seen.artifact
    approved = ""
    if seen.approval is not None:
        approved = paint(f"approved by {clean_line(seen.approval.by, 20)}", "green")
        approved = approved if seen.is_as_approved else paint("changed since it was approved", "yellow")
    size = count_text(artifact.size) if not artifact.refusal else paint(clean_line(artifact.refusal, 60), "yellow")
    versions = f"{len(seen.versions)} versions" if len(seen.versions) > 1 else ""
    room = min(40, max(12, width // 3))
    name = pad(fit(clean_line(artifact.name), room), room)
    return [f" {paint(name, 'bold')}  {size}  {paint(versions, 'dim')}  {approved}"]


def _key(seen: ArtifactSeen) -> str:
    return seen.artifact.name
