"""Widths, wrapping and whether there is colour."""

from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopecraft.cli.terminal import cells, fit, has_colour, is_terminal, pad, width_of, wrap


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_pipe_has_no_colour_and_no_width() -> None:
    pipe = io.StringIO()
    assert not has_colour(pipe, {"TERM": "xterm"})
    assert width_of(pipe) == 0


@pytest.mark.parametrize(
    ("environ", "colour"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        ({"TERM": "xterm", "FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_a_terminal_has_colour_unless_told_otherwise(environ: dict[str, str], colour: bool) -> None:
    assert has_colour(Screen(), environ) is colour


def test_a_closed_output_is_no_terminal() -> None:
    closed = io.StringIO()
    closed.close()
    assert width_of(closed) == 0


def test_a_stream_that_was_closed_before_the_program_began_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert not is_terminal(sys.stdin)


def test_cut_text_says_so_and_never_splits_a_wide_character() -> None:
    assert fit("abcdef", 4) == "abc…"
    assert fit("项目项目", 4) == "项…"
    assert fit("abc", 3) == "abc"
    assert fit("abc", 0) == "abc"


def test_padding_counts_cells() -> None:
    assert pad("项", 4) == "项  "
    assert pad("7", 3, right=True) == "  7"


def test_wrapped_lines_keep_their_indent() -> None:
    assert wrap("    a b c d", 8) == ["    a b", "    c d"]


def test_an_indent_leaves_room_for_a_wide_character() -> None:
    assert wrap(" 🌀", 2) == ["", "🌀"]


def test_a_word_longer_than_the_line_is_broken() -> None:
    assert wrap("abcdefgh", 3) == ["abc", "def", "gh"]


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp"))), st.integers(2, 40))
def test_wrapping_loses_nothing_but_spaces(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(cells(line) <= width for line in lines)
