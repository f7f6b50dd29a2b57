"""The launcher's text, and what is refused before anything is written."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopecraft.errors import BadInput
from scopecraft.executors.window_launcher import ARGUMENT_BYTES, check, environment_text, quote, script_text
from scopecraft.model.launch import WindowLaunch

LAUNCH = WindowLaunch(
    session_id="r-0123456789abcdef",
    window_name="fix-login-dispatch",
    argv=("claude", "it's a prompt"),
    env={"KEY": "secret"},
    unset=(),
    cwd="/work/a b",
    folder=Path("/home/x/launch"),
)


def test_the_script_becomes_the_agent_and_holds_no_variable() -> None:
    lines = script_text(LAUNCH).decode().splitlines()
    assert lines[0] == "#!/bin/sh"
    assert lines[-2:] == ["cd -- '/work/a b' || exit 126", "exec 'claude' 'it'\\''s a prompt'"]
    assert "secret" not in script_text(LAUNCH).decode()


def test_the_environment_is_dropped_first_and_set_then() -> None:
    text = environment_text({"B": "2", "A": "1"}, ["KEY", "not a name"])
    assert text.decode().splitlines() == ["unset KEY", "unset TMUX", "unset TMUX_PANE", "export A='1'", "export B='2'"]


@pytest.mark.parametrize("name", ["TERM", "TMUX", "PWD", "PPID", "BASH_FUNC_f%%", "a.b", ""])
def test_a_variable_that_is_the_terminals_or_the_shells_is_left_out(name: str) -> None:
    assert environment_text({name: "x"}, ()) == b"unset TMUX\nunset TMUX_PANE\n"


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_quoting_leaves_no_way_out(text: str) -> None:
    parts = quote(text).split(b"'\\''")
    assert all(b"'" not in part.removeprefix(b"'").removesuffix(b"'") for part in parts)
    assert b"'".join(parts)[1:-1] == text.encode()


def test_an_undecodable_byte_stays_what_it_is() -> None:
    assert quote(os.fsdecode(b"caf\xe9")) == b"'caf\xe9'"


@pytest.mark.parametrize(
    "change",
    [
        {"argv": ()},
        {"argv": ("",)},
        {"argv": ("-x",)},
        {"argv": ("a", "b\0c")},
        {"argv": ("a", "\ud800")},
        {"argv": ("a", "x" * ARGUMENT_BYTES)},
        {"env": {"A": "x" * (ARGUMENT_BYTES - 2)}},
        {"env": {str(n): "x" * 100_000 for n in range(100)}},
        {"cwd": "relative"},
        {"session_id": "r 1"},
        {"session_id": "#(id)"},
    ],
)
def test_what_no_program_can_be_given_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(BadInput) as caught:
        check(dataclasses.replace(LAUNCH, **change))  # type: ignore[arg-type]
    assert caught.value.hint


def test_the_longest_argument_and_variable_are_taken() -> None:
    longest = "x" * (ARGUMENT_BYTES - 1)
    check(dataclasses.replace(LAUNCH, argv=("a", longest), env={"A": longest[2:]}))
