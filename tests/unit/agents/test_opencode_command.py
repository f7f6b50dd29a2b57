"""How OpenCode is called: in a container, and in a person's own terminal."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from scopecraft.agents.base import Dialect, dialect
from scopecraft.errors import BadInput
from scopecraft.model.launch import AgentRequest

KEY = "dummy-key-0123456789"
OPENCODE: Dialect = dialect("opencode")
HOST = AgentRequest(
    prompt="fix it", model=None, conversation_id="", resume=False, cwd="/w", config_folder=None, hooks_folder="/h x"
)
BOX = replace(HOST, config_folder="/c", hooks_folder=None, sandboxed=True, secrets={"ANTHROPIC_API_KEY": KEY})


def test_in_a_container_nothing_is_asked_and_the_prompt_is_stdin() -> None:
    command = OPENCODE.headless(BOX)
    assert command.argv == ("opencode", "run", "--format", "json", "--auto")
    assert command.stdin == b"fix it"
    assert {name: value for name, value in command.env.items() if name.startswith("XDG")} == {
        "XDG_CONFIG_HOME": "/c/config",
        "XDG_DATA_HOME": "/c/data",
        "XDG_STATE_HOME": "/c/state",
    }
    assert command.env["OPENCODE_CONFIG"] == "/c/opencode.json"


def test_only_its_very_last_line_can_say_that_it_is_done() -> None:
    command = OPENCODE.headless(BOX)
    assert command.done_marks
    assert command.is_done_by_last_line


def test_outside_of_a_container_nothing_is_bypassed() -> None:
    for argv in (OPENCODE.headless(replace(HOST, hooks_folder=None)).argv, OPENCODE.interactive(HOST).argv):
        assert "--auto" not in argv


def test_model_own_program_and_further_arguments() -> None:
    request = replace(HOST, model="anthropic/claude-opus", program=("/o",), extra_arguments=("--agent", "plan"))
    assert OPENCODE.interactive(request).argv == (
        *("/o", "-m", "anthropic/claude-opus", "--agent", "plan", "--prompt=fix it"),
    )


def test_a_conversation_goes_on_by_the_id_that_it_told() -> None:
    old = {"resume": True, "conversation_id": "ses_1"}
    assert OPENCODE.headless(replace(BOX, **old)).argv[4:6] == ("-s", "ses_1")  # type: ignore[arg-type]
    assert OPENCODE.interactive(replace(HOST, **old)).argv[1:3] == ("-s", "ses_1")  # type: ignore[arg-type]
    assert not OPENCODE.takes_conversation_id


def test_on_the_host_a_plugin_is_added_and_everything_else_is_the_persons_own() -> None:
    command = OPENCODE.interactive(HOST)
    assert dict(command.env) == {"OPENCODE_CONFIG_CONTENT": '{"plugin":["file:///h%20x/opencode_plugin.js"]}'}
    assert command.config_files == {}
    assert list(command.session_files) == ["opencode_plugin.js"]


@pytest.mark.parametrize(
    ("secrets", "providers"),
    [
        ({}, {}),
        (
            {"ANTHROPIC_BASE_URL": "http://a"},
            {"anthropic": {"options": {"baseURL": "{env:ANTHROPIC_BASE_URL}/v1"}}},
        ),
        ({"OPENAI_BASE_URL": "http://o/v1"}, {"openai": {"options": {"baseURL": "{env:OPENAI_BASE_URL}"}}}),
    ],
)
def test_its_settings_name_variables_and_hold_neither_key_nor_place(
    secrets: dict[str, str], providers: dict[str, object]
) -> None:
    request = replace(BOX, secrets={**secrets, "ANTHROPIC_API_KEY": KEY})
    file = OPENCODE.headless(request).config_files["opencode.json"]
    assert json.loads(file).get("provider", {}) == providers
    assert KEY.encode() not in file


@pytest.mark.parametrize("prompt", [None, "", "  \n"])
def test_an_empty_prompt_is_refused(prompt: str | None) -> None:
    with pytest.raises(BadInput):
        OPENCODE.headless(replace(BOX, prompt=prompt))
