"""What the dashboard draws: only what is in sight, in cells that fit, and never what a stranger's text commands."""

from __future__ import annotations

import asyncio

from rich.style import Style
from textual.app import App, ComposeResult
from textual.color import Color

from scopecraft.cli.terminal import cells, paint
from scopecraft.tui.lines import Lines
from scopecraft.tui.markdown import markdown_lines
from scopecraft.tui.painting import plain, strip_of
from scopecraft.tui.rows import Drawing, Rows
from scopecraft.tui.theme import THEMES

MANY = 10_000


class Counting:
    def __init__(self) -> None:
        self.drawn: set[int] = set()

    def lines(self, number: int, width: int) -> list[str]:
        self.drawn.add(number)
        return [f"row {number}"]


class Listing(App[None]):
    def __init__(self, drawing: Drawing[int]) -> None:
        super().__init__()
        self.drawing = drawing

    def compose(self) -> ComposeResult:
        yield Rows[int](self.drawing)


def test_of_ten_thousand_rows_those_in_sight_are_drawn_and_the_cursor_stays_on_its_row() -> None:
    counting = Counting()
    app = Listing(Drawing(str, counting.lines, lambda width: "HEAD"))

    async def visit() -> None:
        async with app.run_test(size=(40, 12)) as pilot:
            rows = app.query_one(Rows)
            rows.show(range(MANY))
            await pilot.press("G", "k", "k")
            assert rows.current == MANY - 3
            assert rows.render_line(0).text.startswith("HEAD")
            rows.show([number for number in range(MANY) if number % 2])
            await pilot.pause()
            assert rows.current == MANY - 3
            rows.show(range(5))
            await pilot.pause()
            assert rows.current == 4
            rows.show([])
            assert rows.current is None

    asyncio.run(visit())
    assert len(counting.drawn) < 100


def test_lines_stay_at_their_end_only_where_one_is_there() -> None:
    class Reading(App[None]):
        def compose(self) -> ComposeResult:
            yield Lines(follows=True)

    async def visit() -> None:
        app = Reading()
        async with app.run_test(size=(20, 5)) as pilot:
            lines = app.query_one(Lines)
            lines.show([f"line {number}" for number in range(50)])
            await pilot.pause()
            assert lines.scroll_y == lines.max_scroll_y
            await pilot.press("k", "k")
            place = lines.scroll_y
            lines.show([f"line {number}" for number in range(60)])
            await pilot.pause()
            assert lines.scroll_y == place < lines.max_scroll_y

    asyncio.run(visit())


def test_a_line_fills_its_cells_whatever_letters_it_has() -> None:
    for line in ("", "short", "日本語のタイトル" * 9, paint("x" * 99, "red", "bold"), "[b]not bold[/b]"):
        for width in (1, 7, 40):
            strip = strip_of(line, Style(), is_dark=True, width=width)
            assert cells(strip.text) == width
    assert plain(paint("[red]as it is[/red]", "green")) == "[red]as it is[/red]"


def test_markdown_is_laid_out_without_markup_links_or_html() -> None:
    text = (
        "# Plan\n\n[red]x[/red] [click](javascript:alert) <script>evil()</script>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    for width in (20, 60):
        lines = list(markdown_lines(text, width, is_dark=False))
        assert all(strip.cell_length <= width for strip in lines)
        assert not any(segment.style and segment.style.link for strip in lines for segment in strip)
    assert "[red]x[/red]" in "\n".join(strip.text for strip in lines)


def test_both_themes_have_contrast() -> None:
    for theme in THEMES:
        ground = Color.parse(theme.surface or "")
        for name in ("foreground", "primary", "secondary", "success", "warning", "error"):
            colour = Color.parse(getattr(theme, name))
            assert ratio(colour, ground) >= 4.5, (theme.name, name)


def ratio(one: Color, other: Color) -> float:
    lights = sorted((light(one), light(other)), reverse=True)
    return (lights[0] + 0.05) / (lights[1] + 0.05)


def light(colour: Color) -> float:
    parts = [part / 255 for part in colour.rgb]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
