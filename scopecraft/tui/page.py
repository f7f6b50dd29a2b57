"""What every page of the dashboard has: where one is, what is wrong, the page itself, and its keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from scopecraft.cli.terminal import cells, fit, paint
from scopecraft.model import clock
from scopecraft.model.text import clean_line
from scopecraft.tui.lines import Bar
from scopecraft.tui.overview import Overview

if TYPE_CHECKING:
    from textual.widget import Widget

    from scopecraft.tui.app import Top

Key = tuple[str, str]  # as a person presses it, what it does
_GO_TO: tuple[Key, ...] = (("m", "missions"), ("q", "queue"), ("s", "sessions"), ("g", "to the first"))
_GENERAL: tuple[Key, ...] = (("g", "go"), ("?", "keys"), ("q", "leave"))


class Page(Screen[None]):
    """`place` is the word of the top line that is lit."""

    DEFAULT_CSS = """
    Page { background: $background; }
    Page > #nav { background: $panel; height: 1; }
    Page > #banner { background: $background; }
    Page > #keys { background: $panel; height: 1; }
    """
    AUTO_FOCUS = "Rows, Lines"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "app.keys", show=False),
        Binding("q", "app.quit", show=False),
        Binding("T", "app.theme", show=False),
        Binding("u", "app.start_supervisor", show=False),
    ]
    place: ClassVar[str] = ""

    @property
    def top(self) -> Top:
        return cast("Top", self.app)

    def compose(self) -> ComposeResult:
        yield Bar(id="nav")
        yield Bar(id="banner")
        yield from self.body()
        yield Bar(id="keys")

    def body(self) -> Iterable[Widget]:
        return ()

    def on_mount(self) -> None:
        self.looked(self.top.overview)

    def on_screen_resume(self) -> None:
        self.looked(self.top.overview)

    def on_resize(self) -> None:
        self.redraw()

    def looked(self, overview: Overview | None) -> None:
        """There is something new to show; None while nothing was seen yet."""
        if overview is not None:
            self.seen(overview)
        self.redraw()

    def seen(self, overview: Overview) -> None:
        """For the page itself."""

    def redraw(self) -> None:
        width = max(20, self.size.width - 2)
        self.query_one("#nav", Bar).show([nav_line(self.top.overview, self.place, self.top.under_way, width)])
        banner = self.query_one("#banner", Bar)
        troubles = banner_lines(self.top.overview, width)
        banner.show(troubles or [""])
        banner.display = bool(troubles)
        keys = _GO_TO if self.top.is_going else (*self.keys(), *_GENERAL)
        self.query_one("#keys", Bar).show([keys_line(keys, width)])

    def keys(self) -> Iterable[Key]:
        """What can be pressed here now, what matters most first."""
        return ()

    def all_keys(self) -> Iterable[Key]:
        """What can ever be pressed here."""
        return ()


def nav_line(overview: Overview | None, place: str, under_way: str, width: int) -> str:
    """Where one is, with what there is elsewhere; at its end what is under way."""
    parts = [paint("◈ scopecraft", "bold")] if width >= 70 else []
    for name, count in _counts(overview):
        shown = f"{name} {count}".rstrip()
        parts.append(paint(f"[{shown}]", "blue", "bold") if name == place else f" {shown} ")
    line = "  ".join(parts)
    working = under_way or ("looking …" if overview is None else "")
    size = cells("  ".join(parts).replace("\x1b", "")) if working else 0
    return f"{line}   {paint(fit(f'{working}', max(8, width - size // 2)), 'yellow')}" if working else line


def _counts(overview: Overview | None) -> Iterable[tuple[str, str]]:
    if overview is None:
        return (("Missions", ""), ("Queue", ""), ("Sessions", ""))
    needy = sum(view.next.needs_person for view in overview.missions)
    queue, rules = overview.occupancy, overview.rules
    running = f"{queue.running}/{rules.max_running}" + (f"+{queue.waiting}" if queue.waiting else "")
    return (
        ("Missions", f"{needy:,}?" if needy else ""),
        ("Queue", "paused" if rules.is_paused else running),
        ("Sessions", str(len(overview.live) or "")),
    )


def banner_lines(overview: Overview | None, width: int) -> list[str]:
    """What a person should know before they wonder why nothing happens."""
    if overview is None:
        return []
    from scopecraft.cli.queue_view import held_up

    lines = []
    if overview.complaint:
        lines.append(paint(fit(f"cannot look: {clean_line(overview.complaint)}", width), "red"))
    unknown = next((view for view in overview.sessions if view.word == "unknown"), None)
    if unknown is not None:
        lines.append(paint(fit(f"nobody can tell how some sessions are: {clean_line(unknown.detail)}", width), "red"))
    if not overview.seen.is_supervised:
        what = "nothing in line begins" if overview.waiting else "nothing goes on"
        lines.append(paint(fit(f"no supervisor is up, u starts one: {what}", width), "yellow"))
    lines += [paint(fit(line, width), "yellow") for line in held_up(overview.rules, clock.now())]
    lines += [paint(fit(clean_line(trouble), width), "yellow") for trouble in overview.troubles[:1]]
    return lines[:4]


def keys_line(keys: Iterable[Key], width: int) -> str:
    """`a approve  r reject`, as many as there is room for; the general ones stay."""
    chosen = list(keys)
    size = sum(cells(key) + cells(word) + 3 for key, word in chosen) - 2
    while size > width and len(chosen) > len(_GENERAL):
        key, word = chosen.pop(-len(_GENERAL) - 1)
        size -= cells(key) + cells(word) + 3
    return "  ".join(f"{paint(key, 'blue', 'bold')} {paint(word, 'dim')}" for key, word in chosen)
