"""Pages of a log: whatever they are cut at, every row comes exactly once."""

from __future__ import annotations

import json
import resource
import time
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scopecraft.agents.base import dialect
from scopecraft.sessions import log_pages
from scopecraft.sessions.log_pages import LogFile, LogPage, Wanted, line_at, page_after, page_before
from scopecraft.sessions.log_rows import Row, RowReader

TRACES = Path(__file__).parents[2] / "data" / "traces"
AGENTS = sorted(file for file in TRACES.rglob("*.jsonl"))


def a_log(path: Path, agent: str = "claude", *, is_over: bool = True, key: str = "no such key") -> LogFile:
    read = dialect(agent if agent != "damaged" else "claude").entries
    return LogFile(path, RowReader(read, lambda text: text.replace(key, "[secret]")), is_over)


def whole(log: LogFile) -> list[Row]:
    return list(page_after(log, 0, Wanted(limit=10**6)).rows)


def names(rows: list[Row] | tuple[Row, ...]) -> list[tuple[int, int]]:
    return [(row.offset, row.nth) for row in rows]


def backwards(log: LogFile, place: int | None, limit: int) -> list[Row]:
    rows: list[Row] = []
    while True:
        page = page_before(log, place, Wanted(limit=limit))
        rows = [*page.rows, *rows]
        if page.before is None:
            return rows
        assert place is None or page.before < place
        place = page.before


def forwards(log: LogFile, place: int, limit: int) -> list[Row]:
    rows: list[Row] = []
    while True:
        page = page_after(log, place, Wanted(limit=limit))
        rows += page.rows
        if page.after is None or page.after == place:
            return rows
        place = page.after


@pytest.mark.parametrize("file", AGENTS, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_what_an_agent_said_is_on_its_pages_once_wherever_they_are_cut(file: Path) -> None:
    log = a_log(file, file.parent.name)
    everything = whole(log)
    text = "".join(row.text for row in everything)
    size = file.stat().st_size
    for cut in {0, 1, size // 3, size // 2, size - 1, size, *(row.offset for row in everything)}:
        around = backwards(log, cut, 2) + forwards(log, cut, 3)
        assert "".join(row.text for row in around) == text
        if not any(row.piece for row in everything):
            assert names(around) == names(everything)


WORDS = st.text(alphabet="ab \x1b\u202e\ud800", max_size=12)
RECORDS = WORDS.map(
    lambda words: json.dumps(
        {"type": "assistant", "message": {"content": [{"type": "text", "text": words}, {"type": "thinking"}]}}
    ).encode()
)
LINES = st.lists(st.one_of(RECORDS, st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b" "))), max_size=12)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, is_closed=st.booleans(), cut=st.integers(0, 1200), limit=st.integers(1, 5))
def test_pages_before_and_after_any_place_are_the_whole(
    tmp_path: Path, lines: list[bytes], is_closed: bool, cut: int, limit: int
) -> None:
    file = tmp_path / "stream.jsonl"
    file.write_bytes(b"\n".join(lines) + (b"\n" if is_closed and lines else b""))
    for is_over in (True, False):
        log = a_log(file, is_over=is_over)
        everything = names(whole(log))
        cut = min(cut, file.stat().st_size)
        assert names(backwards(log, cut, limit) + forwards(log, cut, limit)) == everything
        assert names(backwards(log, None, limit)) == everything
    assert all(line_at(log, offset) is not None for offset, _ in everything)


def test_half_a_line_is_no_row_until_it_is_whole_or_nobody_writes_any_more(tmp_path: Path) -> None:
    file = tmp_path / "stream.jsonl"
    file.write_bytes(text_line("one") + text_line("two")[:-9])
    living = page_before(a_log(file, is_over=False), None, Wanted())
    assert [row.text for row in living.rows] == ["one"]
    assert living.after == len(text_line("one"))
    over = page_before(a_log(file), None, Wanted())
    assert [row.title for row in over.rows] == ["agent", "damaged"]
    assert over.after is None


def test_a_page_can_be_of_some_kinds_or_of_what_was_searched(tmp_path: Path) -> None:
    file = TRACES / "claude" / "toolerr.jsonl"
    log = a_log(file)
    every = whole(log)
    tools = page_before(log, None, Wanted(kinds=frozenset({"tool"})))
    assert [row.nth for row in tools.rows] == [row.nth for row in every if row.kind == "tool"]
    assert tools.rows
    word = next(row.text for row in every if row.kind == "tool").split()[0]
    found = page_before(log, None, Wanted(search=word.upper()))
    assert names(found.rows) == names([row for row in every if word in row.text or word in row.title])
    bad = page_before(log, None, Wanted(only_errors=True))
    assert bad.rows and all(row.mood == "bad" for row in bad.rows)


def test_a_search_finds_what_stands_behind_the_lines_that_are_shown(tmp_path: Path) -> None:
    file = tmp_path / "stream.jsonl"
    result = {"type": "tool_result", "tool_use_id": "t", "content": "\n".join(f"line {n}" for n in range(500))}
    file.write_bytes(orjson.dumps({"type": "user", "message": {"content": [result]}}) + b"\n")
    (row,) = page_before(a_log(file), None, Wanted(search="LINE 499")).rows
    assert (row.left, row.more) == (488, True)


def test_a_search_that_finds_nothing_stops_at_its_budget_and_says_where_to_go_on(tmp_path: Path) -> None:
    file = tmp_path / "stream.jsonl"
    line = text_line("x" * 1000)
    with file.open("wb") as stream:
        for _ in range(100):
            stream.write(line * 1000)
    log = a_log(file)
    began = time.process_time()
    page = page_before(log, None, Wanted(search="needle"))
    assert time.process_time() - began < 1.0
    assert page.rows == ()
    assert page.before is not None and 0 < page.before < file.stat().st_size - log_pages.READ_BYTES + len(line)


def test_a_log_of_a_gigabyte_answers_at_once_and_takes_no_memory(tmp_path: Path) -> None:
    file = tmp_path / "stream.jsonl"
    with file.open("wb") as stream:
        stream.truncate(2**30)  # a line of zeros, and nothing on the disk
        stream.seek(0, 2)
        stream.write(b"\n" + text_line("the end") * 300)
    log = a_log(file)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    page = page_before(log, None, Wanted(limit=200))
    assert time.process_time() - began < 0.2
    assert len(page.rows) == 200
    rows = backwards(log, None, 200)
    assert (len(rows), rows[0].title) == (301, "damaged")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_a_stream_that_is_not_there_has_no_rows(tmp_path: Path) -> None:
    assert page_before(a_log(tmp_path / "none", is_over=False), None, Wanted()) == LogPage((), None, 0, 0)


def text_line(words: str) -> bytes:
    return orjson.dumps({"type": "assistant", "message": {"content": [{"type": "text", "text": words}]}}) + b"\n"
