"""What is typed for a message to Claude Code, and which keys answer its questions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scopecraft.agents.base import dialect
from scopecraft.agents.claude_talk import ClaudeTalk
from scopecraft.agents.talk import Choice, Inquiry, Paste, PlainTalk, Press, Question, talk_of
from scopecraft.errors import BadInput, Refused
from scopecraft.model.window import DispatchState, WindowView

COLOUR = Inquiry("Which colour?", (Choice("Red"), Choice("Blue")))
SIZES = Inquiry("Which sizes?", (Choice("S"), Choice("L, really"), Choice("XL")), is_many=True)
AT = "2026-11-21T08:00:00.000Z"


def asked(*inquiries: Inquiry) -> Question:
    return Question("question", "?", AT, inquiries)


def keys(question: Question, *answers: str) -> list[str]:
    steps = ClaudeTalk().answer(question, answers).steps
    return [step.key if isinstance(step, Press) else f"paste {step.text}" for step in steps]


@pytest.mark.parametrize(
    ("message", "typed", "starts_turn"),
    [
        ("hello", "hello", True),
        ("!x", " !x", True),
        ("  !x", "   !x", True),
        ("/etc/hosts", " /etc/hosts", True),
        ("/compact", "/compact", False),
        ("/model opus", "/model opus", False),
        ("/my-plugin:do it", "/my-plugin:do it", False),
        ("a\\", "a\\ ", True),
        ("exit the loop early", "exit the loop early", True),
    ],
)
def test_a_message_stays_one(message: str, typed: str, starts_turn: bool) -> None:
    made = ClaudeTalk().typed(message)
    assert (made.text, made.starts_turn) == (typed, starts_turn)


@pytest.mark.parametrize("message", ["exit", "QUIT", " exit\n", "\u200bexit", ":q", ":wq!"])
def test_a_message_that_would_end_the_program_is_refused(message: str) -> None:
    with pytest.raises(BadInput, match="would end Claude Code"):
        ClaudeTalk().typed(message)


def test_a_permission_is_given_by_its_first_choice_and_refused_by_esc() -> None:
    permission = Question("permission", "Bash: rm -r build", AT)
    assert keys(permission, "allow") == ["1"]
    assert keys(permission, "deny") == ["Escape"]
    with_words = ClaudeTalk().answer(permission, ("use make clean",))
    assert (with_words.steps, with_words.message) == ((Press("Escape"),), "use make clean")


@pytest.mark.parametrize("answers", [("yes",), ("Y",), ("no",), ("1",), ("Allow",), ("allow", "it"), ("allow", "deny")])
def test_a_yes_that_is_not_allow_is_no_refusal_with_words(answers: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match="neither allow nor deny"):
        ClaudeTalk().answer(Question("permission", "Bash: rm -r build", AT), answers)


@pytest.mark.parametrize(
    ("answer", "pressed"),
    [
        ("Blue", ["2"]),
        (" blue ", ["2"]),
        ("1", ["1"]),
        ("mauve", ["3", "paste mauve", "Enter"]),
        ("3", ["3", "paste 3", "Enter"]),
        ("two\nlines", ["3", "paste two lines", "Enter"]),
    ],
)
def test_one_choice_or_own_words(answer: str, pressed: list[str]) -> None:
    assert keys(asked(COLOUR), answer) == pressed


def test_several_choices_and_several_questions_end_with_a_submit() -> None:
    assert keys(asked(SIZES), "s, xl") == ["1", "3", "Right", "Enter"]
    assert keys(asked(SIZES), "L, really") == ["2", "Right", "Enter"]
    assert keys(asked(COLOUR, SIZES), "Red", "1,1,2") == ["1", "1", "2", "Right", "Enter"]


def test_only_a_single_key_may_be_pressed_again() -> None:
    talk = ClaudeTalk()
    assert talk.answer(asked(COLOUR), ("Blue",)).may_repeat
    assert not talk.answer(asked(COLOUR), ("mauve",)).may_repeat
    assert not talk.answer(asked(SIZES), ("S",)).may_repeat


@pytest.mark.parametrize(("question", "answers"), [(asked(SIZES), ("M",)), (asked(COLOUR, SIZES), ("Red",))])
def test_what_is_no_answer_names_what_would_be(question: Question, answers: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match=r"choices: S, L, really, XL|asks 2 questions and got 1 answer:"):
        ClaudeTalk().answer(question, answers)


def state_of(folder: Path, tool: str, tool_input: dict[str, object], *, head: bool = False) -> Question | None:
    payload = {"session_id": "x", "tool_name": tool, "tool_input": tool_input}
    kept = {"head": json.dumps(payload, separators=(",", ":"))[:60]} if head else {"payload": payload}
    (folder / "hooks.jsonl").write_text(json.dumps({"at": AT, "event": "PermissionRequest", **kept}) + "\n")
    view = WindowView(hooks_folder=folder, conversation_id="x", cwd="/", created_at=AT)
    return ClaudeTalk().question(view, DispatchState("waiting", "question", AT, "what it shows"))


def test_a_question_is_read_from_its_hook(tmp_path: Path) -> None:
    options = [{"label": "Red", "description": "r"}, {"label": 7}, "damaged"]
    asks = {"questions": [{"question": "Which?", "options": options, "multiSelect": True}]}
    question = state_of(tmp_path, "AskUserQuestion", asks)
    assert question is not None
    assert question.inquiries == (Inquiry("Which?", (Choice("Red", "r"), Choice(""), Choice("")), is_many=True),)


def test_a_plan_and_a_question_that_was_cut_need_their_window(tmp_path: Path) -> None:
    for question in (
        state_of(tmp_path, "ExitPlanMode", {"plan": "do it"}),
        state_of(tmp_path, "AskUserQuestion", {"questions": []}, head=True),
    ):
        assert question is not None
        with pytest.raises(Refused, match="cannot be answered from here"):
            ClaudeTalk().answer(question, ("allow",))


def test_a_question_of_another_moment_is_none(tmp_path: Path) -> None:
    state_of(tmp_path, "Bash", {"command": "true"})
    view = WindowView(hooks_folder=tmp_path, conversation_id="x", cwd="/", created_at=AT)
    later = DispatchState("waiting", "permission", "2026-11-21T08:00:01.000Z", "Bash: true")
    assert ClaudeTalk().question(view, later) is None


def test_a_program_without_known_keys_gets_text_as_it_is() -> None:
    talk = talk_of(dialect("plain"))
    assert isinstance(talk, PlainTalk)
    assert talk.typed("!x").text == "!x"
    assert isinstance(talk_of(dialect("claude")), ClaudeTalk)
    assert Paste("x").text == "x"
