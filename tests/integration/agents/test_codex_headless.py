"""The real Codex, headless and offline: it is called as the dialect says, and its stream is understood."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from scopecraft.agents.base import dialect
from scopecraft.model.activity import Activity, Usage
from scopecraft.model.launch import AgentRequest
from scopecraft.streams.activity import read_activity
from tests.support.agent_programs import program
from tests.support.scripted_openai import OpenAIServer
from tests.support.wait import until

KEY = "sk-dummy-0123456789012345678901234567890"
CODEX = dialect("codex")
FEW_TRIES = ("-c", "model_providers.scopecraft.stream_max_retries=1")
LONG_WORK = [{"tool": "exec_command", "input": {"cmd": "touch going; sleep 30"}}]
ONE_CALL = Usage(20, 20, 80)


@dataclass(frozen=True)
class Ended:
    code: int
    activity: Activity
    stderr: str
    keys: set[str]


class Played:
    """A folder to work in, a configuration of its own, and a model that says what the script says."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.binary = folder, program("codex")
        self.work, self.config, self.stream = folder / "work", folder / "config", folder / "stream.jsonl"
        self.work.mkdir()
        self.config.mkdir()

    def request(self, prompt: str, **changes: Any) -> AgentRequest:
        request = AgentRequest(
            prompt=prompt,
            model="gpt-5-scripted",
            conversation_id="",
            resume=False,
            cwd=str(self.work),
            config_folder=str(self.config),
            hooks_folder=None,
            program=(str(self.binary),),
            sandboxed=True,
            secrets={"CODEX_API_KEY": KEY},
        )
        return replace(request, **changes)

    def start(self, request: AgentRequest, server: OpenAIServer) -> subprocess.Popen[bytes]:
        command = CODEX.headless(replace(request, secrets={**request.secrets, "OPENAI_BASE_URL": server.url}))
        for name, content in command.config_files.items():
            (self.config / name).write_bytes(content)
        own = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
        with self.stream.open("wb") as stream, (self.folder / "stderr").open("wb") as errors:
            process = subprocess.Popen(
                command.argv,
                env={**own, **command.env},
                cwd=self.work,
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=errors,
            )
        assert process.stdin is not None
        process.stdin.write(command.stdin or b"")
        process.stdin.close()
        return process

    def run(self, script: list[dict[str, Any]], request: AgentRequest, before: Usage | None = None) -> Ended:
        with OpenAIServer(script) as server:
            code = self.start(request, server).wait(60)
        activity = read_activity(self.stream, CODEX.entries, before=before or Usage())
        return Ended(code, activity, (self.folder / "stderr").read_text(), server.keys)


@pytest.fixture
def played(tmp_path: Path) -> Played:
    return Played(tmp_path)


def test_a_run_with_tools_is_read_from_its_first_word_to_its_claim(played: Played) -> None:
    script: list[dict[str, Any]] = [
        {"thinking": "hm", "text": "I look.", "tool": "exec_command", "input": {"cmd": "echo hi > a.txt; exit 3"}},
        {"text": "All done."},
    ]
    ended = played.run(script, played.request("please write"))
    activity = ended.activity
    assert ended.code == 0, ended.stderr
    assert (played.work / "a.txt").read_text() == "hi\n"
    assert activity.conversation_id is not None
    assert (activity.tools, activity.tool_calls, activity.open_tool_calls) == (("command_execution",), 1, 0)
    assert activity.last_message == "All done."
    assert [error.text for error in activity.errors if error.severity == "info"] == ["exit code 3"]
    assert activity.claim is not None
    assert (activity.claim.is_error, activity.claim.stop_reason) == (False, "end_turn")
    assert activity.usage == Usage(40, 40, 160)
    assert (activity.damaged_count, activity.unknown_count) == (0, 0)
    last = played.stream.read_bytes().splitlines()[-1]
    assert all(mark.encode() in last for mark in CODEX.headless(played.request("x")).done_marks)


@pytest.mark.parametrize("name", ["CODEX_API_KEY", "OPENAI_API_KEY"])
def test_either_key_reaches_the_server_and_no_file(played: Played, name: str) -> None:
    ended = played.run([{"text": "x"}], played.request("hello", secrets={name: KEY}))
    assert ended.keys == {f"Bearer {KEY}"}
    holders = [path for path in played.folder.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert holders == []


def test_a_conversation_goes_on_under_the_same_id_and_its_tokens_are_counted_once(played: Played) -> None:
    first = played.run([{"text": "one"}], played.request("first")).activity
    assert (first.last_message, first.usage) == ("one", ONE_CALL)
    request = played.request("second", resume=True, conversation_id=first.conversation_id)
    second = played.run([{"text": "two"}], request, first.usage).activity
    assert (second.conversation_id, second.last_message) == (first.conversation_id, "two")
    assert second.usage == ONE_CALL


def test_a_conversation_that_is_not_there_is_a_clear_failure(played: Played) -> None:
    request = played.request("go on", resume=True, conversation_id="01a1fe01-7f7a-7ac0-b676-8f9c5255192a")
    ended = played.run([], request)
    assert ended.code == 1
    assert ended.activity.claim is None
    assert "no rollout found" in ended.stderr


@pytest.mark.parametrize("status", [400, 401])
def test_an_error_of_the_server_is_the_outcome_in_its_own_words(played: Played, status: int) -> None:
    script = [{"error": status, "message": "the model says no", "times": 0}]
    ended = played.run(script, played.request("hello", extra_arguments=FEW_TRIES))
    assert ended.code == 1
    claim = ended.activity.claim
    assert claim is not None
    assert (claim.is_error, claim.stop_reason) == (True, "error")
    assert "the model says no" in claim.text
    assert "{" not in claim.text
    assert ended.activity.critical_count == 1


def test_a_server_that_is_busy_for_a_moment_is_only_a_warning(played: Played) -> None:
    ended = played.run([{"error": 503, "message": "busy", "times": 2}, {"text": "At last."}], played.request("hello"))
    assert (ended.code, ended.activity.last_message, ended.activity.critical_count) == (0, "At last.", 0)


def test_a_polite_signal_leaves_no_claim(played: Played) -> None:
    with OpenAIServer(LONG_WORK) as server:
        process = played.start(played.request("work"), server)
        until(lambda: b"item.started" in played.stream.read_bytes(), 30)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) != 0
    activity = read_activity(played.stream, CODEX.entries)
    assert activity.claim is None
    assert activity.open_tool_calls == 1
