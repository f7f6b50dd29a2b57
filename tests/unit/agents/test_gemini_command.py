"""How Gemini CLI is called: in a container, and in a person's own terminal."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from scopecraft.agents.base import Dialect, dialect, exit_meaning
from scopecraft.agents.gemini import STDIN_BYTES
from scopecraft.errors import BadInput
from scopecraft.model.launch import AgentRequest

ID = "0b1c3c52-9f2a-4a38-8ad4-d6f0c3a11111"
KEY = "dummy-key-0123456789"
GEMINI: Dialect = dialect("gemini")
HOST = AgentRequest(
    prompt="fix it", model=None, conversation_id=ID, resume=False, cwd="/w", config_folder=None, hooks_folder="/h"
)
BOX = replace(HOST, config_folder="/c", hooks_folder=None, sandboxed=True, secrets={"GEMINI_API_KEY": KEY})


def test_in_a_container_nothing_is_asked_and_the_prompt_is_stdin() -> None:
    command = GEMINI.headless(BOX)
    assert command.argv == (
        *("gemini", "-o", "stream-json", "--session-id", ID),
        *("--approval-mode", "yolo", "--skip-trust"),
    )
    assert command.stdin == b"fix it"
    assert command.env == {"GEMINI_CLI_HOME": "/c", "GEMINI_CLI_NO_RELAUNCH": "true"}


def test_outside_of_a_container_nothing_is_bypassed() -> None:
    for argv in (GEMINI.headless(replace(HOST, hooks_folder=None)).argv, GEMINI.interactive(HOST).argv):
        assert not {"yolo", "--approval-mode", "--skip-trust"} & set(argv)


def test_model_own_program_and_further_arguments() -> None:
    request = replace(HOST, model="gemini-2.5-pro", program=("node", "g.js"), extra_arguments=("--debug",))
    assert GEMINI.interactive(request).argv == (
        *("node", "g.js", "--session-id", ID, "-m", "gemini-2.5-pro", "--debug", "--prompt-interactive=fix it"),
    )


def test_a_conversation_goes_on_by_its_id() -> None:
    assert GEMINI.headless(replace(BOX, resume=True)).argv[3:5] == ("--resume", ID)
    assert GEMINI.interactive(replace(HOST, resume=True)).argv[1:3] == ("--resume", ID)


def test_on_the_host_everything_is_the_persons_own() -> None:
    command = GEMINI.interactive(HOST)
    assert (command.env, command.config_files, command.session_files) == ({}, {}, {})
    assert GEMINI.interactive(replace(HOST, prompt=None)).argv == ("gemini", "--session-id", ID)


def test_a_prompt_that_begins_with_a_hyphen_is_no_option() -> None:
    assert GEMINI.interactive(replace(HOST, prompt="--help")).argv[-1] == "--prompt-interactive=--help"


@pytest.mark.parametrize(
    ("secrets", "way"),
    [({"GEMINI_API_KEY": KEY}, "gemini-api-key"), ({"GOOGLE_API_KEY": KEY}, "vertex-ai"), ({}, "vertex-ai")],
)
def test_its_settings_choose_the_way_in_and_hold_no_key(secrets: dict[str, str], way: str) -> None:
    file = GEMINI.headless(replace(BOX, secrets=secrets)).config_files[".gemini/settings.json"]
    assert json.loads(file)["security"]["auth"]["selectedType"] == way
    assert KEY.encode() not in file


@pytest.mark.parametrize("prompt", [None, "", "  \n", "x" * (STDIN_BYTES + 1)])
def test_a_prompt_that_it_would_not_read_is_refused(prompt: str | None) -> None:
    with pytest.raises(BadInput):
        GEMINI.headless(replace(BOX, prompt=prompt))


@pytest.mark.parametrize("prompt", ["a\0b", "x" * 200_000])
def test_a_prompt_that_is_no_argument_is_refused_in_a_terminal(prompt: str) -> None:
    with pytest.raises(BadInput):
        GEMINI.interactive(replace(HOST, prompt=prompt))


def test_exit_codes_have_words_where_a_dialect_has_them() -> None:
    assert exit_meaning(GEMINI, 55) == "it does not trust the folder"
    assert exit_meaning(dialect("claude"), 55) == ""
