"""What is written to a headless Claude Code, and what its own lines say of it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from scopecraft.agents.claude import Claude
from scopecraft.agents.claude_input import REFUSED, ClaudeInbox
from scopecraft.agents.claude_lines import prompt_line
from scopecraft.agents.inbox import inbox_of
from scopecraft.agents.talk import Choice, Inquiry
from scopecraft.errors import BadInput, Refused
from scopecraft.model.activity import Asked, Echoed, Entry, Message, Started, Withdrawn
from scopecraft.streams.activity import ActivityFold
from scopecraft.streams.lines import Line

ID = "408a8c34-f1a0-4082-9e31-d27125fff567"
COLOUR = {"question": "Which colour?", "options": [{"label": "Red", "description": "r"}, {"label": "Blue"}]}
SIZES = {"question": "Which sizes?", "multiSelect": True, "options": [{"label": "S"}, {"label": "M"}, {"label": "L"}]}
inbox = ClaudeInbox()


def entries(line: dict[str, Any]) -> list[Entry]:
    found, kind, _ = Claude().entries(orjson.dumps(line))
    assert kind == "known"
    return found


def asked(tool: str, given: dict[str, Any]) -> Asked:
    request = {"subtype": "can_use_tool", "tool_name": tool, "input": given, "tool_use_id": "toolu_1"}
    (found,) = entries({"type": "control_request", "request_id": "q-1", "request": request})
    assert isinstance(found, Asked)
    return found


def decision(line: bytes) -> dict[str, Any]:
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    response: dict[str, Any] = orjson.loads(line)["response"]
    assert (response["subtype"], response["request_id"]) == ("success", "q-1")
    found: dict[str, Any] = response["response"]
    return found


def test_only_claude_can_be_spoken_to_so_far() -> None:
    assert inbox_of(Claude()) is not None
    assert inbox_of(object()) is None


@pytest.mark.parametrize("text", ["#eof", "two\nlines", "é ü \x81 \udc80", "", "{}"])
def test_every_message_is_one_line_of_ascii_that_the_launcher_hands_on(text: str) -> None:
    line = inbox.message(text, ID)
    assert line.isascii() and line.endswith(b"\n") and line.count(b"\n") == 1 and not line.startswith(b"#")
    told = orjson.loads(line)
    assert told["uuid"] == ID
    assert told["message"]["content"] == text.replace("\udc80", "?")


def test_the_echo_of_a_message_shows_it_and_that_of_the_prompt_does_not() -> None:
    echo = {"type": "user", "message": {"role": "user", "content": "use blue"}, "isReplay": True}
    assert entries({**echo, "uuid": ID}) == [Echoed(ID), Message("user", "use blue")]
    prompt = orjson.loads(prompt_line("the prompt"))
    assert entries({**prompt, "isReplay": True}) == [Echoed(prompt["uuid"])]


def test_a_message_is_taken_before_its_turn_begins() -> None:
    line = {"type": "command_lifecycle", "command_uuid": ID}
    assert entries({**line, "state": "queued"}) == [Echoed(ID, is_begun=False)]
    assert entries({**line, "state": "completed"}) == []


def test_an_interrupt_is_acknowledged_and_withdraws_what_is_asked() -> None:
    assert orjson.loads(inbox.interrupt("i-1"))["request"] == {"subtype": "interrupt"}
    answer = {"type": "control_response", "response": {"subtype": "success", "request_id": "i-1", "response": {}}}
    assert entries(answer) == [Echoed("i-1"), Withdrawn("i-1")]
    assert entries({"type": "control_cancel_request", "request_id": "q-1"}) == [Withdrawn("q-1")]


def test_a_question_has_its_choices_and_the_answer_names_them() -> None:
    question = asked("AskUserQuestion", {"questions": [COLOUR, SIZES]})
    assert question.text == "Which colour?"
    shown = inbox.question(question)
    assert (shown.kind, shown.id) == ("question", "q-1")
    assert shown.inquiries[0] == Inquiry("Which colour?", (Choice("Red", "r"), Choice("Blue")))
    chosen = decision(inbox.answer(question, ("2", "s, L")))
    assert chosen["behavior"] == "allow"
    assert chosen["updatedInput"]["answers"] == {"Which colour?": "Blue", "Which sizes?": "S, L"}
    assert chosen["updatedInput"]["questions"] == [COLOUR, SIZES]
    own = decision(inbox.answer(question, ("rather green", "M")))
    assert own["updatedInput"]["answers"]["Which colour?"] == "rather green"


@pytest.mark.parametrize(("answers", "words"), [(("Red",), "2 questions"), (("Red", "XXL"), "none of its choices")])
def test_what_is_no_answer_is_refused_with_the_choices(answers: tuple[str, ...], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        inbox.answer(asked("AskUserQuestion", {"questions": [COLOUR, SIZES]}), answers)


def test_a_refused_question_lets_the_agent_go_on_by_itself() -> None:
    question = asked("AskUserQuestion", {"questions": [COLOUR]})
    assert decision(inbox.answer(question, ("deny",))) == {"behavior": "deny", "message": REFUSED}


def test_a_permission_is_given_for_exactly_what_was_shown() -> None:
    given = {"command": "rm -rf build\ntrue", "description": "tidy"}
    permission = asked("Bash", given)
    assert permission.text == "may it? Bash: rm -rf build true"
    assert inbox.question(permission).text == "Bash: rm -rf build\ntrue"
    assert decision(inbox.answer(permission, ("allow",))) == {"behavior": "allow", "updatedInput": given}
    words = decision(inbox.answer(permission, ("use make clean",)))
    assert words == {"behavior": "deny", "message": "use make clean"}
    with pytest.raises(BadInput, match="neither allow nor deny"):
        inbox.answer(permission, ("yes",))


def test_what_is_too_long_to_be_shown_is_not_allowed_unseen() -> None:
    permission = asked("Write", {"content": "x" * 200_000})
    assert inbox.question(permission).is_cut
    with pytest.raises(Refused, match="too long"):
        inbox.answer(permission, ("allow",))
    assert decision(inbox.answer(permission, ("deny",)))["behavior"] == "deny"


def result(**fields: object) -> dict[str, Any]:
    return {"type": "result", "subtype": "success", "num_turns": 1, "total_cost_usd": 0.5, **fields}


def fold(*lines: dict[str, Any]) -> tuple[ActivityFold, list[Entry]]:
    folding = ActivityFold(Claude().entries)
    shown: list[Entry] = []
    for number, line in enumerate(lines, 1):
        shown += folding.feed(Line(number, number, number + 1, orjson.dumps(line)))
    return folding, shown


INIT = {"type": "system", "subtype": "init", "session_id": "c-1", "model": "m"}


def test_a_turn_that_has_begun_takes_back_the_word_of_the_one_before() -> None:
    ended, _ = fold(INIT, result(is_error=False, result="done"))
    assert ended.activity.claim is not None
    again, shown = fold(INIT, result(is_error=False, result="done"), INIT)
    assert again.activity.claim is None
    assert sum(isinstance(entry, Started) for entry in shown) == 1, "the same conversation begins once"
    last, _ = fold(INIT, result(is_error=False), INIT, result(is_error=True, result="no", total_cost_usd=0.75))
    assert last.activity.claim is not None and last.activity.claim.is_error
    assert (last.activity.turns, last.activity.usage.cost_usd) == (2, 0.75)


def test_an_interrupted_turn_is_no_last_word_and_denies_nothing() -> None:
    aborted = result(is_error=True, terminal_reason="aborted_tools", permission_denials=[{"tool_name": "Bash"}])
    folded, _ = fold(INIT, aborted)
    assert folded.activity.claim is not None and folded.activity.claim.aborted
    assert [error.text for error in folded.activity.errors] == ["the turn was cut off"]
