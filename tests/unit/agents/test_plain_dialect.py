"""Any command as an agent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scopecraft.agents.base import BUILT_IN, dialect
from scopecraft.agents.plain import Plain
from scopecraft.errors import BadInput
from scopecraft.model.activity import Text
from scopecraft.model.launch import AgentRequest

# no deadline: other processes may hold this one up for longer than any line takes
FAST = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

REQUEST = AgentRequest(
    prompt="mend it",
    model=None,
    conversation_id="",
    resume=False,
    cwd="/wt",
    config_folder=None,
    hooks_folder=None,
    program=("make",),
    extra_arguments=("test",),
)
plain = Plain()


def test_the_command_is_run_as_it_stands_with_the_prompt_on_stdin() -> None:
    command = plain.headless(REQUEST)
    assert command.argv == ("make", "test")
    assert command.stdin == b"mend it"
    assert command.env == {"SCOPECRAFT_PROMPT": "mend it"}


def test_in_a_window_stdin_is_the_terminal() -> None:
    assert plain.interactive(REQUEST).stdin is None


def test_the_prompt_stands_where_the_arguments_ask_for_it() -> None:
    assert plain.headless(replace(REQUEST, program=("aider", "-m", "{prompt}"))).argv == (
        "aider", "-m", "mend it", "test",
    )  # fmt: skip


def test_without_a_command_it_says_where_to_give_one() -> None:
    with pytest.raises(BadInput, match="no command") as caught:
        plain.headless(replace(REQUEST, program=(), extra_arguments=()))
    assert "command" in caught.value.hint


def test_a_long_prompt_comes_on_stdin_only() -> None:
    command = plain.headless(replace(REQUEST, prompt="x" * 200_000))
    assert command.env == {}
    assert len(command.stdin or b"") == 200_000
    with pytest.raises(BadInput, match="too long"):
        plain.headless(replace(REQUEST, prompt="x" * 200_000, program=("a", "{prompt}")))


@FAST
@given(st.binary())
def test_every_line_is_a_text(line: bytes) -> None:
    entries, kind, spent = plain.entries(line)
    assert [type(entry) for entry in entries] == [Text]
    assert (kind, spent) == ("known", None)


def test_an_unknown_dialect_names_the_choices() -> None:
    with pytest.raises(BadInput, match="no dialect is called 'gpt'") as caught:
        dialect("gpt")
    assert caught.value.hint == f"dialects: {', '.join(sorted(BUILT_IN))}"


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_a_dialect_is_found_by_its_name(name: str) -> None:
    assert dialect(name).name == name
