"""What is typed for a message to Codex."""

from __future__ import annotations

import pytest

from scopecraft.agents.base import dialect
from scopecraft.agents.codex_talk import CodexTalk
from scopecraft.agents.talk import talk_of


@pytest.mark.parametrize(
    ("message", "typed", "starts_turn"),
    [
        ("hello", "hello", True),
        ("!rm -r x", " !rm -r x", True),
        ("\n !x", " \n !x", True),
        ("/etc/hosts is wrong", " /etc/hosts is wrong", True),
        ("/compact", "/compact", False),
        ("/model gpt", "/model gpt", False),
        ("exit", "exit", True),
        ("ends with \\", "ends with \\", True),
    ],
)
def test_a_message_stays_one(message: str, typed: str, starts_turn: bool) -> None:
    made = CodexTalk().typed(message)
    assert (made.text, made.starts_turn) == (typed, starts_turn)


def test_codex_is_spoken_to_in_its_own_way() -> None:
    assert isinstance(talk_of(dialect("codex")), CodexTalk)
