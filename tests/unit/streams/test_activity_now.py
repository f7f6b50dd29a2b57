"""What an agent does right now: its latest tools, the files it writes, what it asks, what holds it up."""

from __future__ import annotations

from scopecraft.model.activity import (
    Activity,
    Asked,
    Claim,
    Echoed,
    Entry,
    Finished,
    Message,
    Quota,
    Reading,
    StreamError,
    ToolCall,
    ToolResult,
    ToolUse,
    Trouble,
    Usage,
    Withdrawn,
)
from scopecraft.streams.activity import ActivityFold, FoldState
from scopecraft.streams.lines import LineSplitter

END = Finished(Claim(is_error=False, stop_reason="end_turn"), Usage())
ASKED = Asked("q1", "Bash", "rm -r build?", call_id="t1")


def fold(*told: Entry, state: FoldState | None = None) -> ActivityFold:
    def read(line: bytes) -> Reading:
        return [told[int(line)]], "known", None

    folding = ActivityFold(read, state)
    for line in LineSplitter().feed(b"".join(b"%d\n" % number for number in range(len(told)))):
        folding.feed(line)
    return folding


def activity(*told: Entry) -> Activity:
    return fold(*told).activity


def test_the_latest_tools_are_kept_with_their_inputs_and_how_they_went() -> None:
    calls = [ToolCall(str(number), "Bash", f"step {number}") for number in range(25)]
    told = activity(*calls, ToolResult("23", True, "Exit code 1"), ToolResult("24", False, "fine"))
    assert len(told.recent_tools) == 20
    assert told.recent_tools[0] == ToolUse("Bash", "step 5", 6)
    assert told.recent_tools[-2:] == (ToolUse("Bash", "step 23", 24, True), ToolUse("Bash", "step 24", 25))


def test_a_long_input_is_cut() -> None:
    assert [len(use.input_text) for use in activity(ToolCall("1", "Bash", "x" * 2000)).recent_tools] == [500]


def test_of_calls_with_the_same_id_the_latest_went_wrong() -> None:
    told = activity(ToolCall("item_1", "a", ""), ToolCall("item_1", "b", ""), ToolResult("item_1", True, "no"))
    assert [use.is_error for use in told.recent_tools] == [False, True]


def test_each_written_file_is_named_once() -> None:
    told = activity(
        ToolCall("1", "Write", "a", files=("a", "b")),
        ToolCall("2", "Edit", "a", files=("a",)),
        ToolCall("3", "Read", "c"),
    )
    assert told.files_touched == ("a", "b")


def test_no_more_than_200_files_are_kept() -> None:
    calls = [ToolCall("1", "change", "", files=tuple(f"{at}-{number}" for number in range(50))) for at in range(9)]
    assert len(activity(*calls).files_touched) == 200


def test_a_question_stands_until_it_is_withdrawn_answered_or_the_turn_is_over() -> None:
    assert activity(ASKED).question == ASKED
    assert activity(ASKED, Message("assistant", "meanwhile")).question == ASKED
    assert activity(ASKED, Withdrawn("q1")).question is None
    assert activity(ASKED, ToolResult("t1", False, "")).question is None
    assert activity(ASKED, END).question is None


def test_of_several_questions_the_oldest_comes_first() -> None:
    second = Asked("q2", "Write", "a.py?")
    assert activity(ASKED, second).question == ASKED
    assert activity(ASKED, second, ToolResult("t2", False, "")).question == ASKED
    assert activity(ASKED, second, Withdrawn("q1")).question == second


def test_the_ids_that_the_agent_has_read_are_told() -> None:
    told = activity(*[Echoed(f"m{number}") for number in range(60)], Echoed("x" * 300))
    assert (len(told.echoed), told.echoed[-1]) == (50, "m59")


def test_a_used_up_limit_stands_until_the_model_answers_again() -> None:
    used_up = Quota("the five hour limit is reached", "2026-11-21T18:00:00+00:00")
    assert activity(used_up, END).quota == used_up
    assert activity(used_up, Trouble(StreamError("warning", "retry"))).quota == used_up
    assert activity(used_up, Message("assistant", "I go on")).quota is None
    assert activity(used_up, ToolCall("1", "Bash", "ls")).quota is None


def test_a_used_up_limit_is_one_critical_error_and_keeps_its_reset_time() -> None:
    told = activity(Quota("the limit is reached", "2026-11-21T18:00:00+00:00"), Quota("it ended by the limit"))
    assert (told.critical_count, told.errors) == (1, (StreamError("critical", "the limit is reached", 1),))
    assert told.quota == Quota("the limit is reached", "2026-11-21T18:00:00+00:00")


def test_a_used_up_limit_is_told_once_unless_more_is_known_of_it() -> None:
    told = [Quota("reached"), Quota("reached"), Quota("reached", "2026-11-21T18:00:00+00:00"), Quota("it ended")]

    def read(line: bytes) -> Reading:
        return [told[int(line)]], "known", None

    folding = ActivityFold(read)
    shown = [len(folding.feed(line)) for line in LineSplitter().feed(b"0\n1\n2\n3\n")]
    assert shown == [1, 0, 1, 0]


def test_another_process_goes_on_with_all_of_it() -> None:
    second = Asked("q2", "Write", "a.py?")
    begun = [ToolCall("t1", "Bash", "ls", files=("a",)), ToolCall("t2", "Bash", "pwd"), ASKED, second, Quota("used up")]
    first = fold(*begun, Echoed("m1"))
    later = [ToolResult("t1", True, "no"), Echoed("m2")]
    assert fold(*later, state=first.state).activity.recent_tools[0].is_error
    assert fold(*later, state=first.state).activity.question == second
    assert fold(state=first.state).activity == first.activity
