"""The sum of a stream, with a dialect that says what the test wants to hear."""

from __future__ import annotations

from dataclasses import replace

from scopecraft.model.activity import (
    Activity,
    Claim,
    Entry,
    Finished,
    Message,
    Note,
    Reading,
    Spent,
    Started,
    StreamError,
    Text,
    ToolCall,
    ToolResult,
    Trouble,
    Usage,
)
from scopecraft.streams.activity import ActivityFold
from scopecraft.streams.lines import Line, LineSplitter

FINE = Claim(is_error=False, stop_reason="end_turn")


class Told:
    """Reads the n-th line as the n-th thing it was told; texts are damage."""

    def __init__(self, *told: Entry | Spent | str) -> None:
        self.told = told

    def read(self, line: bytes) -> Reading:
        item = self.told[int(line)]
        if isinstance(item, str):
            return [], "unknown" if item == "unknown" else "damaged", None
        return ([], "known", item) if isinstance(item, Spent) else ([item], "known", None)

    def lines(self) -> list[Line]:
        return LineSplitter().feed(b"".join(b"%d\n" % number for number in range(len(self.told))))


def fold(*told: Entry | Spent | str) -> Activity:
    teller = Told(*told)
    folding = ActivityFold(teller.read)
    for line in teller.lines():
        folding.feed(line)
    return folding.activity


def test_the_last_message_is_the_agents_own_last_word() -> None:
    activity = fold(
        Message("assistant", "first"),
        Message("assistant", "last"),
        Message("assistant", "a thought", thinking=True),
        Message("assistant", "a subagent's", subagent=True),
        Message("user", "a person's"),
    )
    assert activity.last_message == "last"


def test_a_plain_programs_last_line_is_its_last_message() -> None:
    assert fold(Text("building"), Text("done"), Text("")).last_message == "done"


def test_tools_are_named_once_in_order_of_first_use() -> None:
    activity = fold(ToolCall("1", "Bash", "ls"), ToolCall("2", "Read", "a"), ToolCall("3", "Bash", "pwd"))
    assert (activity.tools, activity.tool_calls, activity.open_tool_calls) == (("Bash", "Read"), 3, 3)


def test_a_tool_call_is_open_until_its_result_comes() -> None:
    begun = [ToolCall("1", "Bash", "ls"), ToolCall("2", "Bash", "pwd")]
    assert fold(*begun, ToolResult("1", False, "")).open_tool_calls == 1
    assert fold(*begun, Finished(FINE, Usage())).open_tool_calls == 0


def test_a_failed_tool_is_a_small_error_and_keeps_its_line() -> None:
    activity = fold(ToolCall("1", "Bash", "false"), ToolResult("1", True, "Exit code 1"))
    assert activity.errors == (StreamError("info", "Exit code 1", 2),)
    assert (activity.error_count, activity.critical_count, activity.warning_count) == (1, 0, 0)


def test_many_small_errors_do_not_push_out_the_one_that_matters() -> None:
    trouble = Trouble(StreamError("critical", "the key was refused"))
    activity = fold(trouble, *[ToolResult("1", True, "no")] * 500)
    assert activity.errors[0] == StreamError("critical", "the key was refused", 1)
    assert (activity.error_count, activity.critical_count) == (501, 1)
    assert len(activity.errors) < 100


def test_trouble_is_given_back_with_its_line() -> None:
    teller = Told(Note("quiet"), Trouble(StreamError("warning", "retry")))
    folding = ActivityFold(teller.read)
    first, second = (folding.feed(line) for line in teller.lines())
    assert first == [Note("quiet")]
    assert second == [Trouble(StreamError("warning", "retry", 2))]


def test_tokens_are_told_while_the_run_goes_on_and_the_agents_total_replaces_them() -> None:
    calls = [Spent("a", 10, 1, 100, 5), Spent("a", 10, 1, 100, 5), Spent("b", 20, 2, 200, 0)]
    meanwhile = fold(*calls)
    assert (meanwhile.usage, meanwhile.usage_is_final) == (Usage(30, 3, 300, 5), False)
    total = Usage(31, 50, 300, 5, 0.25)
    ended = fold(*calls, Finished(FINE, total))
    assert (ended.usage, ended.usage_is_final) == (total, True)


def test_totals_are_cumulative_and_never_added_up() -> None:
    activity = fold(
        Finished(FINE, Usage(100, 10, 0, 0, 0.1)),
        Spent("c", 7, 1, 0, 0),
        Finished(FINE, Usage(150, 15, 0, 0, 0.2)),
    )
    assert (activity.usage, activity.turns) == (Usage(150, 15, 0, 0, 0.2), 2)


def test_a_turn_that_failed_at_once_does_not_take_the_total_back() -> None:
    activity = fold(Finished(FINE, Usage(100, 10, 0, 0, 0.1)), Finished(replace(FINE, is_error=True), Usage(0, 0)))
    assert activity.usage == Usage(100, 10, 0, 0, 0.1)


def test_the_last_claim_counts() -> None:
    second = Claim(is_error=True, stop_reason="error", text="no")
    assert fold(Finished(FINE, Usage()), Finished(second, Usage())).claim == second


def test_a_conversation_that_moves_on_keeps_its_model() -> None:
    activity = fold(Started("one", "large"), Started("two", None))
    assert (activity.conversation_id, activity.model) == ("two", "large")


def test_damage_is_named_and_costs_nothing_else() -> None:
    activity = fold(Message("assistant", "a"), "damaged", "unknown", Message("assistant", "b"))
    assert (activity.damaged_lines, activity.damaged_count, activity.unknown_count) == ((2,), 1, 1)
    assert (activity.last_message, activity.lines) == ("b", 4)


def test_a_line_that_is_too_long_is_damage() -> None:
    folding = ActivityFold(Told().read)
    [said] = folding.feed(Line(1, 0, 50_000_001, b"{", oversized=True))
    assert isinstance(said, Trouble) and "50,000,001 bytes" in said.error.text
    assert folding.activity.damaged_lines == (1,)
    assert folding.activity.offset == 50_000_001


def test_a_half_line_at_the_end_shows_but_may_still_grow() -> None:
    teller = Told(Message("assistant", "whole"), Message("assistant", "half"), "damaged")
    folding = ActivityFold(teller.read)
    first, second, third = teller.lines()
    folding.feed(first)
    folding.feed(second._replace(partial=True))
    assert folding.activity.last_message == "half"
    assert folding.activity.offset == first.end
    assert folding.state.activity.last_message == "whole"
    folding.feed(third._replace(number=2, partial=True))
    assert folding.activity.damaged_lines == (2,)
    folding.feed(second)
    assert folding.activity.last_message == "half"
    assert folding.activity.damaged_count == 0


def test_an_agent_that_invents_names_without_end_costs_no_memory() -> None:
    calls = [ToolCall(f"{number}" * 500, f"tool-{number}" * 100, "") for number in range(3000)]
    spent = [Spent(f"call-{number}" * 100, 1, 1, 1, 1) for number in range(300)]
    activity = fold(*calls, *spent, Message("assistant", "m" * 1_000_000), *["damaged"] * 300)
    assert activity.tool_calls == 3000
    assert activity.usage.input_tokens == 300
    assert activity.damaged_count == 300
    assert len(repr(activity)) < 100_000


def test_another_process_goes_on_where_the_first_one_stopped() -> None:
    told: list[Entry | Spent | str] = [
        Started("one", "large"),
        ToolCall("1", "Bash", "ls"),
        Spent("a", 10, 1, 0, 0),
        "damaged",
        Trouble(StreamError("warning", "retry")),
        Spent("a", 10, 1, 0, 0),
        Spent("b", 5, 1, 0, 0),
        ToolResult("1", True, "no"),
        Finished(FINE, Usage(20, 9, 0, 0, 0.1)),
        Spent("c", 5, 1, 0, 0),
        ToolCall("2", "Read", "a"),
    ]
    teller = Told(*told)
    whole = ActivityFold(teller.read)
    stepwise = ActivityFold(teller.read)
    for line in teller.lines():
        whole.feed(line)
        stepwise = ActivityFold(teller.read, stepwise.state)
        stepwise.feed(line)
    assert stepwise.state == whole.state


def piece(words: str) -> Message:
    return Message("assistant", words, is_chunk=True)


def test_pieces_of_a_message_come_as_one_once_something_else_is_said() -> None:
    teller = Told(piece("Do"), "damaged by stderr", piece("ne"), piece("."), ToolCall("1", "Bash", "ls"), piece("Bye"))
    folding = ActivityFold(teller.read)
    said = [entry for line in teller.lines() for entry in folding.feed(line) if not isinstance(entry, Trouble)]
    assert said == [Message("assistant", "Done."), ToolCall("1", "Bash", "ls")]
    assert folding.activity.last_message == "Bye"
    assert folding.held_back() == [Message("assistant", "Bye")]
    assert folding.held_back() == []
    assert folding.activity.last_message == "Bye"


def test_a_message_in_pieces_goes_on_where_another_process_left_off() -> None:
    teller = Told(piece("Do"), piece("ne"), Note("x"))
    first, second, third = teller.lines()
    folding = ActivityFold(teller.read)
    folding.feed(first)
    later = ActivityFold(teller.read, folding.state)
    assert later.feed(second) == []
    assert later.feed(third) == [Message("assistant", "Done"), Note("x")]


def test_pieces_without_end_are_not_held_for_ever() -> None:
    told = [piece("x" * 15_000), piece("y" * 15_000), piece("z")]
    folding = ActivityFold(Told(*told).read)
    assert [len(folding.feed(line)) for line in Told(*told).lines()] == [0, 1, 0]


def test_an_end_that_names_no_total_has_what_its_calls_spent_with_their_cost() -> None:
    calls = [Spent("1", 10, 1, 2, 3, 0.5), Spent("2", 10, 1, 2, 3, 0.25), Spent("2", 10, 1, 2, 3, 0.25)]
    teller = Told(*calls, Finished(FINE, None))
    folding = ActivityFold(teller.read)
    shown = [entry for line in teller.lines() for entry in folding.feed(line)]
    assert folding.activity.usage == Usage(20, 2, 4, 6, 0.75)
    assert folding.activity.usage_is_final
    assert shown == [Finished(FINE, Usage(20, 2, 4, 6, 0.75))]


def test_a_step_after_a_claim_voids_it_and_is_shown_only_when_it_is_the_first() -> None:
    step = Started("ses_1", None, voids_claim=True)
    teller = Told(step, Finished(FINE, None), step)
    folding = ActivityFold(teller.read)
    shown = [folding.feed(line) for line in teller.lines()]
    assert [len(entries) for entries in shown] == [1, 1, 0]
    assert folding.activity.claim is None
    assert folding.activity.turns == 1
