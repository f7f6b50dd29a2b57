"""What a reader of a session's log sees."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopecraft.cli.entries import lines_of
from scopecraft.cli.terminal import cells
from scopecraft.model.activity import (
    Claim,
    Entry,
    Finished,
    Message,
    Note,
    Started,
    StreamError,
    Text,
    ToolCall,
    ToolResult,
    Trouble,
    Usage,
)
from scopecraft.model.usage_words import count_text, usage_text

HOSTILE = "\x1b]52;c;aGk=\x07\x1b[2J\x9b31m\u202eevil\u2066\x00\r\u2028end\x85"
COLOURS = re.compile("\x1b\\[[0-9;]+m")
STEERS = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def shown(entry: Entry, width: int = 0, **options: object) -> list[str]:
    return lines_of(entry, width=width, colour=False, **options)  # type: ignore[arg-type]


def entries_of(text: str) -> list[Entry]:
    return [
        Started(text, text),
        Message("assistant", text),
        Message("user", text, subagent=True),
        Message("assistant", text, thinking=True),
        ToolCall("1", text, text),
        ToolResult("1", False, text),
        ToolResult("1", True, text, subagent=True),
        Finished(Claim(True, text, text), Usage()),
        Finished(Claim(False, text, text), Usage(1, 1)),
        Trouble(StreamError("critical", text, 3)),
        Note(text),
        Text(text),
    ]


def test_a_tool_call_is_one_line_with_its_name_first() -> None:
    assert shown(ToolCall("1", "Bash", "pytest -q")) == ["Bash     > pytest -q"]


def test_the_time_stands_in_front_and_further_lines_stand_under_the_text() -> None:
    lines = shown(Message("assistant", "one\ntwo"), at="05:11:42")
    assert lines == ["05:11:42 agent    one", "                  two"]


def test_a_message_is_wrapped_at_the_width_between_words() -> None:
    lines = shown(Message("assistant", "word " * 30), width=60)
    assert len(lines) > 1
    assert all(cells(line) <= 60 for line in lines)
    assert "".join(line[9:] + " " for line in lines).split() == ["word"] * 30


def test_a_long_result_is_cut_and_says_how_much_is_left_out() -> None:
    result = ToolResult("1", False, "\n".join(f"line {n}" for n in range(20)))
    lines = shown(result)
    assert lines[0] == "result   line 0"
    assert lines[-1].strip() == "… 14 more lines"
    assert len(shown(result, full=True)) == 20


def test_a_long_input_is_cut_with_an_ellipsis_unless_all_is_asked_for() -> None:
    call = ToolCall("1", "Bash", "x" * 500)
    (line,) = shown(call, width=80)
    assert cells(line) == 80
    assert line.endswith("…")
    whole = shown(call, width=80, full=True)
    assert sum(line.count("x") for line in whole) == 500


def test_an_input_of_several_lines_says_that_there_is_more() -> None:
    assert shown(ToolCall("1", "Bash", "first\nsecond")) == ["Bash     > first…"]


def test_a_program_without_a_protocol_is_shown_as_it_prints() -> None:
    assert shown(Text("  as it is")) == ["  as it is"]
    assert shown(Text("")) == [""]


def test_colours_of_a_program_are_taken_off_and_other_commands_are_written_out() -> None:
    assert shown(Text("\x1b[1;32mPASSED\x1b[0m \x1b[2J")) == ["PASSED \\x1b[2J"]


def test_taking_colours_off_cannot_put_a_command_together() -> None:
    assert "\x1b" not in "".join(shown(Text("\x1b\x1b[0m[2J")))


def test_a_progress_bar_becomes_lines() -> None:
    assert shown(ToolResult("1", False, "10%\r20%\r\ndone")) == ["result   10%", "         20%", "         done"]


def test_an_empty_result_says_so() -> None:
    assert shown(ToolResult("1", False, " \n")) == ["result   (nothing)"]


def test_a_failed_end_says_why_and_a_good_one_what_it_used() -> None:
    assert shown(Finished(Claim(True, "error", "out of credit"), Usage())) == ["failed   out of credit"]
    cut = Claim(True, "cancelled", "the turn was cut off", aborted=True)
    assert shown(Finished(cut, Usage(658_000))) == ["cut off  in 658k · out 0"]
    good = Finished(Claim(False, "end_turn", "long text again"), Usage(658_000, 97_000, cost_usd=2.82))
    assert shown(good) == ["done     in 658k · out 97k · $2.82"]


def test_an_error_names_its_line_of_the_stream() -> None:
    assert shown(Trouble(StreamError("warning", "half a record", 7))) == ["warning  line 7: half a record"]


def test_a_subagent_is_marked() -> None:
    assert shown(ToolCall("1", "Grep", "x", subagent=True)) == ["Grep     | > x"]


@pytest.mark.parametrize("entry", entries_of(HOSTILE), ids=lambda entry: type(entry).__name__)
@pytest.mark.parametrize("width", [0, 40])
@pytest.mark.parametrize("full", [False, True])
def test_nothing_of_an_agent_can_steer_the_terminal(entry: Entry, width: int, full: bool) -> None:
    assert not [line for line in shown(entry, width, full=full) if STEERS.search(line)]
    coloured = lines_of(entry, width=width, colour=True, full=full)
    assert not [line for line in coloured if STEERS.search(COLOURS.sub("", line))]


@given(st.text(), st.sampled_from([0, 20, 80]), st.booleans())
def test_any_text_gives_safe_lines_within_the_width(text: str, width: int, full: bool) -> None:
    for entry in entries_of(text):
        lines = shown(entry, width, full=full, at="05:11:42")
        assert lines
        for line in lines:
            assert not STEERS.search(line)
            assert not width or cells(line) <= width


def test_a_line_of_megabytes_costs_little() -> None:
    huge = "x" * 20_000_000
    assert len(shown(ToolResult("1", False, huge), width=80)) == 1
    assert len(shown(Message("assistant", "中" * 3_000_000), width=80)) == 201


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (999, "999"), (4100, "4.1k"), (658_000, "658k"), (999_600, "1.0M"), (1_234_567, "1.2M")],
)
def test_counts_are_short(count: int, text: str) -> None:
    assert count_text(count) == text


def test_usage_leaves_out_what_nobody_told() -> None:
    assert usage_text(Usage()) == ""
    assert usage_text(Usage(1000, 20)) == "in 1.0k · out 20"
    assert usage_text(Usage(cost_usd=0.0123)) == "$0.012"
