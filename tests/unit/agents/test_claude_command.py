"""How Claude Code is called."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from scopecraft.agents.claude import Claude
from scopecraft.errors import BadInput
from scopecraft.model.launch import AgentCommand, AgentRequest

ID = "6f0c9b1e-0c1f-4a43-9a5e-1d0b6d2f7a11"
KEY = "sk-ant-api03-abcdefghijklmnopqrstuvwxyz"
IN_CONTAINER = AgentRequest(
    prompt="fix it",
    model=None,
    conversation_id=ID,
    resume=False,
    cwd="/home/me/wt/auth",
    config_folder="/session/agent/config",
    hooks_folder=None,
    sandboxed=True,
    secrets={"ANTHROPIC_API_KEY": KEY},
)
IN_WINDOW = AgentRequest(
    prompt="fix it",
    model=None,
    conversation_id=ID,
    resume=False,
    cwd="/home/me/wt/auth",
    config_folder=None,
    hooks_folder="/home/me/.scopecraft/sessions/r-1/hooks",
)
claude = Claude()


def told(command: AgentCommand) -> str:
    """The prompt in the one line that stdin begins with."""
    assert command.stdin is not None and command.stdin.isascii()
    (line, rest) = command.stdin.split(b"\n")
    assert rest == b""
    return str(orjson.loads(line)["message"]["content"])


def test_headless_it_reads_its_prompt_from_stdin_and_writes_a_stream() -> None:
    command = claude.headless(IN_CONTAINER)
    assert command.argv == (
        "claude", "-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose",
        "--replay-user-messages", "--permission-prompt-tool", "stdio", "--session-id", ID,
        "--dangerously-skip-permissions",
    )  # fmt: skip
    assert told(command) == "fix it"
    assert command.has_inbox


def test_permissions_are_bypassed_in_a_sandbox_and_only_there() -> None:
    assert "--dangerously-skip-permissions" not in claude.headless(replace(IN_CONTAINER, sandboxed=False)).argv
    assert "--dangerously-skip-permissions" not in claude.interactive(IN_WINDOW).argv
    assert "--dangerously-skip-permissions" in claude.interactive(replace(IN_WINDOW, sandboxed=True)).argv


def test_root_in_a_sandbox_says_that_it_is_one() -> None:
    assert claude.headless(replace(IN_CONTAINER, as_root=True)).env["IS_SANDBOX"] == "1"
    assert "IS_SANDBOX" not in claude.headless(IN_CONTAINER).env
    assert "IS_SANDBOX" not in claude.headless(replace(IN_CONTAINER, sandboxed=False, as_root=True)).env


def test_a_conversation_is_taken_up_again_by_its_id() -> None:
    argv = claude.headless(replace(IN_CONTAINER, resume=True)).argv
    assert argv[argv.index("--resume") + 1] == ID
    assert "--session-id" not in argv


def test_model_program_and_further_arguments_are_the_persons_choice() -> None:
    request = replace(IN_CONTAINER, model="opus", program=("npx", "claude"), extra_arguments=("--effort", "high"))
    argv = claude.headless(request).argv
    assert argv[:3] == ("npx", "claude", "-p")
    assert argv[argv.index("--model") + 1] == "opus"
    assert argv[-2:] == ("--effort", "high")


def test_its_configuration_is_its_own_and_it_stays_quiet() -> None:
    assert claude.headless(IN_CONTAINER).env == {
        "CLAUDE_CONFIG_DIR": "/session/agent/config",
        "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_TELEMETRY": "1",
    }


def test_every_first_run_question_is_answered_beforehand() -> None:
    files = claude.headless(IN_CONTAINER).config_files
    state = orjson.loads(files[".claude.json"])
    assert state["hasCompletedOnboarding"] is True
    assert state["projects"]["/home/me/wt/auth"] == {"hasTrustDialogAccepted": True}
    assert state["projects"]["/workspace"] == {"hasTrustDialogAccepted": True}
    assert state["bypassPermissionsModeAccepted"] is True
    assert state["customApiKeyResponses"]["approved"] == [KEY[-20:]]
    assert orjson.loads(files["settings.json"])["skipDangerousModePermissionPrompt"] is True


@pytest.mark.parametrize("key", [KEY, "short-key", "x" * 20])
def test_no_whole_key_is_written_anywhere(key: str) -> None:
    command = claude.headless(replace(IN_CONTAINER, secrets={"ANTHROPIC_API_KEY": key}))
    assert key.encode() not in b"".join(command.config_files.values())
    assert not any(key in part for part in (*command.argv, *command.env.values()))


def test_in_a_window_the_prompt_is_the_last_argument_whatever_it_begins_with() -> None:
    command = claude.interactive(replace(IN_WINDOW, prompt="--help me", extra_arguments=("--permission-mode", "plan")))
    assert command.argv == (
        "claude", "--session-id", ID, "--settings", "/home/me/.scopecraft/sessions/r-1/hooks/settings.json",
        "--permission-mode", "plan", "--", "--help me",
    )  # fmt: skip
    assert command.stdin is None


def test_in_a_window_without_a_prompt_it_waits_for_the_person() -> None:
    assert claude.interactive(replace(IN_WINDOW, prompt=None)).argv[-1].endswith("settings.json")


def test_in_a_window_the_persons_own_configuration_is_left_alone() -> None:
    command = claude.interactive(IN_WINDOW)
    assert (command.env, command.config_files) == ({}, {})


def test_a_window_in_a_container_has_its_own_configuration() -> None:
    command = claude.interactive(replace(IN_WINDOW, config_folder="/session/agent/config", sandboxed=True))
    assert command.env["CLAUDE_CONFIG_DIR"] == "/session/agent/config"
    assert ".claude.json" in command.config_files


def test_hooks_call_a_script_beside_their_settings_also_where_the_path_has_spaces() -> None:
    files = claude.interactive(replace(IN_WINDOW, hooks_folder="/home/me too/it's")).session_files
    settings = orjson.loads(files["settings.json"])
    [entry] = settings["hooks"]["PermissionRequest"][0]["hooks"]
    assert entry["command"] == """/bin/sh '/home/me too/it'"'"'s/hook.sh' PermissionRequest"""
    assert files["hook.sh"].startswith(b"#!/bin/sh\n")


def test_without_a_hooks_folder_there_are_no_hooks() -> None:
    command = claude.interactive(replace(IN_WINDOW, hooks_folder=None))
    assert "--settings" not in command.argv
    assert command.session_files == {}


@pytest.mark.parametrize("prompt", [None, "", " \n"])
def test_headless_needs_a_prompt(prompt: str | None) -> None:
    with pytest.raises(BadInput, match="needs a prompt"):
        claude.headless(replace(IN_CONTAINER, prompt=prompt))


@pytest.mark.parametrize(("prompt", "words"), [("a\0b", "NUL"), ("é" * 60_000, "100,000 bytes")])
def test_a_prompt_that_cannot_be_an_argument_is_refused(prompt: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        claude.interactive(replace(IN_WINDOW, prompt=prompt))
    assert told(claude.headless(replace(IN_CONTAINER, prompt=prompt))) == prompt


def test_the_marks_of_the_end_are_in_every_result_and_in_no_text_about_one() -> None:
    marks = claude.headless(IN_CONTAINER).done_marks
    result = {"num_turns": 1, "is_error": True, "total_cost_usd": 0, "type": "result"}
    told = {"type": "assistant", "message": {"content": [{"type": "text", "text": orjson.dumps(result).decode()}]}}
    assert all(mark.encode() in orjson.dumps(result) for mark in marks)
    assert not all(mark.encode() in orjson.dumps(told) for mark in marks)


def test_how_much_it_is_to_think_is_told_headless_and_in_a_window() -> None:
    for argv in (
        claude.headless(replace(IN_CONTAINER, effort="high")).argv,
        claude.interactive(replace(IN_WINDOW, effort="high")).argv,
    ):
        assert argv[argv.index("--effort") + 1] == "high"
    assert "--effort" not in claude.headless(IN_CONTAINER).argv
