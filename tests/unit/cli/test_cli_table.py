"""Tables and JSON on a person's terminal, or in a pipe."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from scopecraft.cli.table import Cell, Column, json_text, table_lines
from scopecraft.cli.terminal import cells

COLUMNS = (Column("TASK", least=6), Column("COST", right=True), Column("PATH", least=6))


def test_columns_stand_under_each_other() -> None:
    rows = [("fix", "$1", "/a"), ("longer-name", "$12", "/b/c")]
    assert table_lines(COLUMNS, rows, width=0, colour=False) == [
        "TASK         COST  PATH",
        "fix            $1  /a",
        "longer-name   $12  /b/c",
    ]


def test_chinese_takes_two_cells_a_character() -> None:
    lines = table_lines((Column("A"), Column("B")), [("项目", "x"), ("ab", "y")], width=0, colour=False)
    assert [cells(line) for line in lines] == [7, 7, 7]


def test_a_narrow_terminal_cuts_the_widest_column_first() -> None:
    lines = table_lines(COLUMNS, [("fix", "$1", "/a/very/long/path/indeed")], width=24, colour=False)
    assert lines[1] == "fix     $1  /a/very/lon…"


def test_a_pipe_gets_everything() -> None:
    path = "/x" * 300
    assert table_lines(COLUMNS, [("fix", "$1", path)], width=0, colour=False)[1].endswith(path)


def test_a_cell_is_one_line_and_cannot_steer_the_terminal() -> None:
    line = table_lines((Column("A"),), [("a\nb\x1b[2J\u202e",)], width=0, colour=False)[1]
    assert line == "a b\\x1b[2J\\u202e"


def test_colour_does_not_move_the_columns() -> None:
    plain = table_lines((Column("A"), Column("B")), [(Cell("run", ("green",)), "x")], width=0, colour=False)
    coloured = table_lines((Column("A"), Column("B")), [(Cell("run", ("green",)), "x")], width=0, colour=True)
    assert plain[1] == "run  x"
    assert coloured[1] == "\x1b[32mrun\x1b[0m  x"


@given(st.lists(st.tuples(st.text(), st.text(), st.text()), max_size=4), st.integers(20, 90))
def test_no_line_is_wider_than_the_terminal(rows: list[tuple[str, str, str]], width: int) -> None:
    assert all(cells(line) <= width for line in table_lines(COLUMNS, rows, width=width, colour=False))


def test_json_keeps_every_character_and_steers_no_terminal() -> None:
    value = {"name": "项目\x1b[2J\x9b\u202e\udc80", "n": 1}
    text = json_text(value)
    assert json.loads(text) == value
    assert "项目" in text
    assert not set(text) & {"\x1b", "\x9b", "\u202e", "\udc80"}
    text.encode("utf-8")


def test_json_keeps_the_order_of_its_keys() -> None:
    assert list(json.loads(json_text({"b": 1, "a": 2}))) == ["b", "a"]
