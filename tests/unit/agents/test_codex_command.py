"""How Codex is called."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from itertools import pairwise

import pytest

from scopecraft.agents.codex import Codex
from scopecraft.agents.codex_hooks import EVENTS, trusted_hash
from scopecraft.errors import BadInput
from scopecraft.model.launch import AgentRequest

ID = "01a1fe01-7f7a-7ac0-b676-8f9c5255192a"
KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz"
IN_CONTAINER = AgentRequest(
    prompt="fix it",
    model=None,
    conversation_id="",
    resume=False,
    cwd="/home/me/wt/auth",
    config_folder="/session/agent/config",
    hooks_folder=None,
    sandboxed=True,
    secrets={"CODEX_API_KEY": KEY},
)
IN_WINDOW = AgentRequest(
    prompt="fix it",
    model=None,
    conversation_id="",
    resume=False,
    cwd="/home/me/wt/auth",
    config_folder=None,
    hooks_folder="/home/me/.scopecraft/sessions/r-1/hooks",
)
codex = Codex()


def config(request: AgentRequest) -> dict[str, object]:
    return tomllib.loads(codex.headless(request).config_files["config.toml"].decode())


def settings_of(argv: tuple[str, ...]) -> dict[str, object]:
    """What the `-c` arguments come to, as Codex puts them together."""
    given = [value for option, value in pairwise(argv) if option == "-c"]
    return tomllib.loads("\n".join(given))


def test_headless_it_reads_its_prompt_from_stdin_and_writes_a_stream() -> None:
    command = codex.headless(IN_CONTAINER)
    assert command.argv == (
        "codex", "exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "-",
    )  # fmt: skip
    assert command.stdin == b"fix it"


def test_permissions_are_bypassed_in_a_sandbox_and_only_there() -> None:
    bypass = "--dangerously-bypass-approvals-and-sandbox"
    assert bypass not in codex.headless(replace(IN_CONTAINER, sandboxed=False)).argv
    assert bypass not in codex.interactive(IN_WINDOW).argv
    assert bypass in codex.interactive(replace(IN_WINDOW, sandboxed=True)).argv
    assert not any("bypass-hook-trust" in part for part in codex.interactive(IN_WINDOW).argv)


def test_a_conversation_is_taken_up_again_by_its_id() -> None:
    request = replace(IN_CONTAINER, resume=True, conversation_id=ID, model="gpt-5", extra_arguments=("-s", "read-only"))
    argv = codex.headless(request).argv
    # what `resume` itself would not take stands before it
    assert argv[-3:] == ("resume", ID, "-")
    assert argv[-5:-3] == ("-s", "read-only")
    window = codex.interactive(replace(IN_WINDOW, resume=True, conversation_id=ID))
    assert window.argv[-4:] == ("resume", ID, "--", "fix it")
    assert codex.interactive(replace(IN_WINDOW, resume=True, conversation_id=ID, prompt=None)).argv[-2:] == (
        "resume",
        ID,
    )


def test_model_program_and_further_arguments_are_the_persons_choice() -> None:
    request = replace(IN_CONTAINER, model="gpt-5", program=("npx", "codex"), extra_arguments=("-p", "fast"))
    argv = codex.headless(request).argv
    assert argv[:3] == ("npx", "codex", "exec")
    assert argv[argv.index("-m") + 1] == "gpt-5"
    assert argv[-3:] == ("-p", "fast", "-")


def test_in_a_container_its_configuration_is_its_own_and_trusts_the_worktree() -> None:
    command = codex.headless(IN_CONTAINER)
    assert command.env["CODEX_HOME"] == "/session/agent/config"
    written = config(IN_CONTAINER)
    assert written["check_for_update_on_startup"] is False
    assert written["projects"] == {
        "/home/me/wt/auth": {"trust_level": "trusted"},
        "/workspace": {"trust_level": "trusted"},
    }


@pytest.mark.parametrize("name", ["CODEX_API_KEY", "OPENAI_API_KEY"])
def test_a_key_reaches_it_by_the_environment_and_stands_in_no_file_and_no_argument(name: str) -> None:
    command = codex.headless(replace(IN_CONTAINER, secrets={name: KEY}))
    assert command.env["CODEX_API_KEY"] == KEY
    assert KEY.encode() not in b"".join(command.config_files.values())
    assert not any(KEY in part for part in command.argv)
    written = config(replace(IN_CONTAINER, secrets={name: KEY}))
    assert written["model_provider"] == "scopecraft"
    assert written["model_providers"] == {
        "scopecraft": {
            "name": "OpenAI",
            "wire_api": "responses",
            "env_key": "CODEX_API_KEY",
        }
    }


def test_another_server_is_asked_where_the_person_says_so() -> None:
    server = {"OPENAI_BASE_URL": 'https://models.example.com/v1?a="b"'}
    with_key = config(replace(IN_CONTAINER, secrets={"CODEX_API_KEY": KEY, **server}))
    assert with_key["model_providers"]["scopecraft"]["base_url"] == server["OPENAI_BASE_URL"]  # type: ignore[index]
    without = config(replace(IN_CONTAINER, secrets=server))
    assert without["openai_base_url"] == server["OPENAI_BASE_URL"]
    assert "model_provider" not in without


def test_a_token_of_a_login_leaves_the_server_to_codex() -> None:
    written = config(replace(IN_CONTAINER, secrets={"CODEX_ACCESS_TOKEN": "t"}))
    assert "model_provider" not in written
    assert "CODEX_API_KEY" not in codex.headless(replace(IN_CONTAINER, secrets={"CODEX_ACCESS_TOKEN": "t"})).env


def test_in_a_window_the_persons_own_configuration_is_left_alone() -> None:
    command = codex.interactive(IN_WINDOW)
    assert (command.env, command.config_files) == ({}, {})
    # whether the folder is to be trusted is for the person to say
    assert "projects" not in settings_of(command.argv)


def test_in_a_window_hooks_come_with_the_arguments_and_approve_only_themselves() -> None:
    command = codex.interactive(IN_WINDOW)
    hooks = settings_of(command.argv)["hooks"]
    assert isinstance(hooks, dict)
    state = hooks.pop("state")
    assert set(hooks) == set(EVENTS)
    assert len(state) == len(EVENTS)
    assert all(key.startswith("/<session-flags>/config.toml:") for key in state)
    [hook] = hooks["UserPromptSubmit"][0]["hooks"]
    assert hook["command"] == "/bin/sh /home/me/.scopecraft/sessions/r-1/hooks/hook.sh UserPromptSubmit"
    approved = state["/<session-flags>/config.toml:user_prompt_submit:0:0"]["trusted_hash"]
    assert approved == trusted_hash("user_prompt_submit", hook["command"])
    assert command.session_files["hook.sh"].startswith(b"#!/bin/sh\n")
    assert command.argv[-2:] == ("--", "fix it")


def test_hooks_work_where_the_path_has_spaces_and_quotes() -> None:
    hooks = settings_of(codex.interactive(replace(IN_WINDOW, hooks_folder='/home/me too/it\'s "ü"')).argv)["hooks"]
    assert isinstance(hooks, dict)
    command = hooks["Stop"][0]["hooks"][0]["command"]
    assert command == """/bin/sh '/home/me too/it'"'"'s "ü"/hook.sh' Stop"""


def test_without_a_hooks_folder_there_are_no_hooks() -> None:
    command = codex.interactive(replace(IN_WINDOW, hooks_folder=None, prompt=None))
    assert command.argv == ("codex",)
    assert command.session_files == {}


@pytest.mark.parametrize("prompt", [None, "", " \n"])
def test_headless_needs_a_prompt(prompt: str | None) -> None:
    with pytest.raises(BadInput, match="needs a prompt"):
        codex.headless(replace(IN_CONTAINER, prompt=prompt))


@pytest.mark.parametrize(("prompt", "words"), [("a\0b", "NUL"), ("é" * 60_000, "100,000 bytes")])
def test_a_prompt_that_cannot_be_an_argument_is_refused(prompt: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        codex.interactive(replace(IN_WINDOW, prompt=prompt))
    assert codex.headless(replace(IN_CONTAINER, prompt=prompt)).stdin == prompt.encode()


def test_how_much_it_is_to_think_is_a_setting_of_the_run() -> None:
    request = replace(IN_CONTAINER, effort="high", resume=True, conversation_id=ID)
    argv = codex.headless(request).argv
    assert settings_of(argv)["model_reasoning_effort"] == "high"
    # `resume` itself would not take it
    assert argv.index("-c") < argv.index("resume")
