"""The real Claude Code, headless and offline: it is called as the dialect says, and its stream is understood."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from scopecraft.agents.base import dialect
from scopecraft.model.activity import Activity
from scopecraft.model.launch import AgentRequest
from scopecraft.streams.activity import read_activity
from tests.support.model_server import ModelServer
from tests.support.wait import until

pytestmark = pytest.mark.claude

KEY = "sk-ant-dummy-0123456789012345678901234567890"
CLAUDE = dialect("claude")


@dataclass(frozen=True)
class Ended:
    code: int
    activity: Activity
    stderr: str


class Played:
    """A folder to work in, a configuration of its own, and a model that says what the script says."""

    def __init__(self, folder: Path, binary: Path) -> None:
        self.folder, self.binary = folder, binary
        self.work, self.config, self.stream = folder / "work", folder / "config", folder / "stream.jsonl"
        self.work.mkdir()
        self.config.mkdir()

    def request(self, prompt: str, conversation_id: str) -> AgentRequest:
        return AgentRequest(
            prompt=prompt,
            model=None,
            conversation_id=conversation_id,
            resume=False,
            cwd=str(self.work),
            config_folder=str(self.config),
            hooks_folder=None,
            program=(str(self.binary),),
            sandboxed=True,
            as_root=os.getuid() == 0,
            secrets={"ANTHROPIC_API_KEY": KEY},
        )

    def start(self, request: AgentRequest, server: ModelServer, **environment: str) -> subprocess.Popen[bytes]:
        command = CLAUDE.headless(request)
        for name, content in command.config_files.items():
            if not (self.config / name).exists():
                (self.config / name).write_bytes(content)
        own = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "ANTHROPIC_API_KEY": KEY}
        with self.stream.open("wb") as stream, (self.folder / "stderr").open("wb") as errors:
            process = subprocess.Popen(
                command.argv,
                env={**own, **command.env, "ANTHROPIC_BASE_URL": server.url, **environment},
                cwd=self.work,
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=errors,
            )
        assert process.stdin is not None
        process.stdin.write(command.stdin or b"")
        process.stdin.close()
        return process

    def ended(self, process: subprocess.Popen[bytes]) -> Ended:
        code = process.wait(60)
        return Ended(code, read_activity(self.stream, CLAUDE.entries), (self.folder / "stderr").read_text())

    def run(self, script: list[dict[str, Any]], request: AgentRequest, **environment: str) -> Ended:
        with ModelServer(script) as server:
            return self.ended(self.start(request, server, **environment))


@pytest.fixture
def played(tmp_path: Path, claude_binary: Path) -> Played:
    return Played(tmp_path, claude_binary)


LONG_WORK = [{"tool": "Bash", "input": {"command": "touch going; sleep 30; echo done", "description": "wait"}}]


def new_id() -> str:
    return str(uuid.uuid4())


def test_a_run_with_tools_is_read_from_its_first_word_to_its_claim(played: Played) -> None:
    conversation = new_id()
    script: list[dict[str, Any]] = [
        {"text": "I write it.", "tool": "Write", "input": {"file_path": str(played.work / "a.txt"), "content": "hi\n"}},
        {"tool": "Bash", "input": {"command": "cat a.txt; exit 3", "description": "look"}},
        {"thinking": "hm", "text": "All done."},
    ]
    ended = played.run(script, played.request("please write", conversation))
    activity = ended.activity
    assert (ended.code, ended.stderr) == (0, "")
    assert (played.work / "a.txt").read_text() == "hi\n"
    assert activity.conversation_id == conversation
    assert (activity.tools, activity.tool_calls, activity.open_tool_calls) == (("Write", "Bash"), 2, 0)
    assert activity.last_message == "All done."
    assert [(error.severity, error.text) for error in activity.errors] == [("info", "Exit code 3\nhi")]
    assert activity.claim is not None
    assert (activity.claim.is_error, activity.claim.stop_reason, activity.claim.text) == (
        False,
        "end_turn",
        "All done.",
    )
    assert (activity.usage.input_tokens, activity.usage.output_tokens) == (300, 126)
    assert activity.usage.cost_usd is not None and activity.usage.cost_usd > 0
    assert (activity.damaged_count, activity.unknown_count) == (0, 0)
    command = CLAUDE.headless(played.request("x", conversation))
    lines = played.stream.read_bytes().splitlines()
    ends = [line for line in lines if all(mark.encode() in line for mark in command.done_marks)]
    begins = [line for line in lines if command.turn_mark.encode() in line]
    assert (len(ends), len(begins)) == (1, 1)


def test_a_conversation_goes_on_under_the_same_id(played: Played) -> None:
    request = played.request("first", new_id())
    first = played.run([{"text": "one"}], request)
    second = played.run([{"text": "two"}], replace(request, prompt="second", resume=True))
    assert second.activity.conversation_id == first.activity.conversation_id == request.conversation_id
    assert second.activity.last_message == "two"
    # it counts on from the saved total, which is why a session takes that off
    assert second.activity.usage.input_tokens == 2 * first.activity.usage.input_tokens
    own = read_activity(played.stream, CLAUDE.entries, before=first.activity.usage).usage
    assert (own.input_tokens, own.output_tokens) == (100, 42)


def test_a_conversation_that_is_not_there_is_a_clear_failure(played: Played) -> None:
    ended = played.run([], replace(played.request("go on", new_id()), resume=True))
    assert ended.code == 1
    assert ended.activity.claim is not None and ended.activity.claim.is_error
    assert "No conversation found" in ended.activity.claim.text
    assert ended.activity.critical_count == 1


@pytest.mark.parametrize(("status", "message"), [(400, "no such thing"), (401, "bad key")])
def test_a_model_that_refuses_is_an_error_whatever_the_subtype_says(played: Played, status: int, message: str) -> None:
    script = [{"error": status, "message": message, "times": 0}]
    ended = played.run(script, played.request("go", new_id()), CLAUDE_CODE_MAX_RETRIES="1")
    claim = ended.activity.claim
    assert ended.code == 1
    assert claim is not None and claim.is_error
    assert ended.activity.critical_count == 1
    assert str(status) in ended.activity.errors[-1].text


@pytest.mark.parametrize("status", [429, 529])
def test_a_model_that_is_busy_is_a_warning_for_each_try(played: Played, status: int) -> None:
    ended = played.run([{"error": status, "times": 2}, {"text": "at last"}], played.request("go", new_id()))
    assert ended.code == 0
    assert ended.activity.claim is not None and not ended.activity.claim.is_error
    assert [(error.severity, str(status) in error.text) for error in ended.activity.errors] == [("warning", True)] * 2


def test_the_agents_own_turn_limit_is_told_apart(played: Played) -> None:
    turns = [{"tool": "Bash", "input": {"command": f"echo {n}", "description": "count"}} for n in range(5)]
    ended = played.run(turns, replace(played.request("go", new_id()), extra_arguments=("--max-turns", "2")))
    assert ended.activity.claim is not None
    assert (ended.activity.claim.is_error, ended.activity.claim.stop_reason) == (True, "max_turn_requests")


def test_an_interrupted_run_says_so_although_it_exits_with_0(played: Played) -> None:
    with ModelServer(LONG_WORK) as server:
        process = played.start(played.request("go", new_id()), server)
        until((played.work / "going").exists, 30)
        process.send_signal(signal.SIGINT)
        ended = played.ended(process)
    assert ended.code == 0
    assert ended.activity.claim is not None
    assert (ended.activity.claim.aborted, ended.activity.claim.stop_reason) == (True, "cancelled")


def test_a_killed_run_claims_nothing(played: Played) -> None:
    with ModelServer(LONG_WORK) as server:
        process = played.start(played.request("go", new_id()), server)
        until((played.work / "going").exists, 30)
        process.send_signal(signal.SIGTERM)
        ended = played.ended(process)
    assert ended.code == 143
    assert ended.activity.claim is None


def test_a_subagents_tokens_count_and_its_words_are_its_own(played: Played) -> None:
    task = {
        "description": "look",
        "prompt": "SC:sub look",
        "subagent_type": "general-purpose",
        "run_in_background": False,
    }
    scripts: dict[str, list[dict[str, Any]]] = {
        "SC:main": [{"tool": "Agent", "input": task}, {"text": "all of it"}],
        "SC:sub": [{"tool": "Bash", "input": {"command": "echo sub", "description": "x"}}, {"text": "sub's word"}],
    }
    with ModelServer(scripts) as server:
        ended = played.ended(played.start(played.request("SC:main go", new_id()), server))
    assert ended.activity.last_message == "all of it"
    assert ended.activity.tools == ("Agent", "Bash")
    assert ended.activity.usage.input_tokens == 400


def test_no_key_stands_in_what_was_seeded(played: Played) -> None:
    played.run([{"text": "x"}], played.request("go", new_id()))
    assert json.loads((played.config / ".claude.json").read_text())["customApiKeyResponses"]["approved"] == [KEY[-20:]]
    for file in played.config.rglob("*"):
        if file.is_file():
            assert KEY.encode() not in file.read_bytes(), file
