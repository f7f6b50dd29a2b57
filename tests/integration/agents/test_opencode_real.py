"""The real OpenCode, offline: called as the dialect says, headless and in a window, and understood."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scopecraft.agents.base import dialect
from scopecraft.model import clock
from scopecraft.model.activity import Usage
from scopecraft.model.launch import AgentRequest
from tests.support.agent_programs import program
from tests.support.agent_window import AgentWindow
from tests.support.model_server import ModelServer
from tests.support.played_agent import KEY, OFFLINE, PlayedAgent
from tests.support.wait import until

MODEL = "anthropic/claude-sonnet-4-5"
OPENCODE = dialect("opencode")
START_SECONDS = 120  # it takes five on a machine that has nothing else to do
QUIET = {"OPENCODE_DISABLE_MODELS_FETCH": "1"}


@pytest.fixture
def played(tmp_path: Path) -> PlayedAgent:
    return PlayedAgent(tmp_path, OPENCODE, program("opencode"), MODEL, "ANTHROPIC_API_KEY", ModelServer, QUIET)


def shell(command: str) -> dict[str, Any]:
    return {"tool": "bash", "input": {"command": command, "description": "d"}}


def test_a_run_with_tools_is_read_from_its_first_word_to_its_claim(played: PlayedAgent) -> None:
    script = [{"text": "I look at it.", **shell("echo hi > a.txt; exit 3")}, {"text": "All done."}]
    ended = played.run(script, played.request("please write"))
    activity = ended.activity
    assert ended.code == 0, ended.stderr
    assert (played.work / "a.txt").read_text() == "hi\n"
    assert activity.conversation_id is not None
    assert activity.conversation_id.startswith("ses_")
    assert (activity.tools, activity.tool_calls, activity.open_tool_calls) == (("bash",), 1, 0)
    assert (activity.last_message, activity.turns) == ("All done.", 1)
    assert activity.claim is not None
    assert (activity.claim.is_error, activity.claim.stop_reason) == (False, "end_turn")
    usage = activity.usage
    assert (usage.input_tokens, usage.output_tokens) == (200, 84)
    assert (usage.cache_read_tokens, usage.cache_write_tokens) == (2000, 20)
    assert usage.cost_usd is not None
    assert usage.cost_usd > 0
    assert (activity.damaged_count, activity.unknown_count) == (0, 0)
    last = played.stream.read_bytes().splitlines()[-1]
    assert all(mark.encode() in last for mark in OPENCODE.headless(played.request("x")).done_marks)
    assert played.files_with_the_key() == []


def test_a_conversation_goes_on_under_the_same_id_and_counts_anew(played: PlayedAgent) -> None:
    first = played.run([{"text": "one"}], played.request("first")).activity
    assert first.last_message == "one"
    again = played.request("second", resume=True, conversation_id=first.conversation_id)
    second = played.run([{"text": "two"}], again).activity
    assert (second.conversation_id, second.last_message) == (first.conversation_id, "two")
    assert second.usage == first.usage != Usage()


def test_an_error_of_the_api_is_its_last_word(played: PlayedAgent) -> None:
    ended = played.run([{"error": 400, "message": "the model says no", "times": 0}], played.request("hello"))
    assert ended.code == 1
    assert ended.activity.claim is not None
    assert ended.activity.claim.is_error
    assert ended.activity.claim.text == "the model's server: 400 the model says no"
    assert ended.activity.critical_count == 1


def test_without_a_key_it_says_so(played: PlayedAgent) -> None:
    ended = played.run([], played.request("hello", secrets={}))
    assert ended.code == 1
    assert ended.activity.claim is not None
    assert "ANTHROPIC_API_KEY" in ended.activity.claim.text


def test_a_conversation_that_is_not_there_is_said_on_stderr_alone(played: PlayedAgent) -> None:
    ended = played.run([], played.request("hello", resume=True, conversation_id="ses_none"))
    assert (ended.code, ended.activity.lines) == (1, 0)
    assert "Session not found" in ended.stderr


def test_what_must_be_asked_is_refused_where_nothing_is_bypassed(played: PlayedAgent) -> None:
    script = [shell("touch /var/tmp/sc-never; touch made"), {"text": "I was refused."}]
    request = played.request("work", extra_arguments=())
    ask = played.config / "config" / "opencode" / "opencode.json"
    ask.parent.mkdir(parents=True)
    ask.write_text(json.dumps({"permission": {"bash": "ask"}}))
    ended = played.run(script, replace(request, sandboxed=False))
    assert ended.activity.last_message in ("I was refused.", "")
    assert not (played.work / "made").exists()
    assert [error.severity for error in ended.activity.errors] == ["info"]


def test_a_polite_signal_ends_it(played: PlayedAgent) -> None:
    with ModelServer([shell("touch going; sleep 60")]) as server:
        process = played.start(played.request("work"), server)
        until(lambda: (played.work / "going").exists(), 60)
        process.send_signal(signal.SIGTERM)
        process.wait(10)


class Person:
    """A home whose OpenCode asks before it runs a command."""

    def __init__(self, folder: Path, server: ModelServer) -> None:
        own, self.work, hooks = Path(os.environ["HOME"]) / ".config" / "opencode", folder / "my work", folder / "hooks"
        for each in (own, self.work, hooks):
            each.mkdir(parents=True)
        settings = {"permission": {"bash": "ask"}, "autoupdate": False}
        places = {"anthropic": {"options": {"baseURL": f"{server.url}/v1"}}}
        self.file, self.settings = own / "opencode.json", json.dumps(settings | {"provider": places})
        self.file.write_text(self.settings)
        request = AgentRequest(
            prompt=None,
            model=MODEL,
            conversation_id="",
            resume=False,
            cwd=str(self.work),
            config_folder=None,
            hooks_folder=str(hooks),
            program=(str(program("opencode")),),
        )
        self.window = AgentWindow(folder, OPENCODE, request, {"ANTHROPIC_API_KEY": KEY, **QUIET, **OFFLINE})


@pytest.fixture
def person(clean_environment: Path) -> Iterator[Person]:
    script: dict[str, list[dict[str, Any]]] = {
        "SC:work": [{"text": "I make it.", **shell("touch made")}, {"text": "All done."}],
        "SC:slow": [{"text": "too late", "delay_seconds": 60}],
        "SC:fail": [{"error": 400, "message": "the model says no", "times": 0}],
        "default": [{"text": "Hello to you."}],
    }
    with ModelServer(script) as server:
        person = Person(clean_environment, server)
        try:
            yield person
        finally:
            person.window.close()


@pytest.mark.tmux
def test_in_a_window_a_permission_is_asked_seen_and_given(person: Person) -> None:
    window, begun = person.window, clock.to_text(clock.now())
    window.open("-SC:work, please")
    until(lambda: "PermissionRequest" in window.events(), START_SECONDS)
    asked = window.becomes("waiting", "permission")
    assert asked.detail == "bash: touch made"
    assert asked.conversation_id is not None
    assert asked.conversation_id.startswith("ses_")
    assert not (person.work / "made").exists()
    assert OPENCODE.turn_started(window.view(), begun) is True
    assert OPENCODE.turn_started(window.view(), "2999-01-01T00:00:00.000Z") is False
    window.shows("Allow once")
    window.keys("Enter")
    window.becomes("idle", "idle")
    assert (person.work / "made").exists()
    window.shows("All done.")
    kept = json.loads(person.file.read_text())
    kept.pop("$schema", None)  # OpenCode itself adds that wherever it is missing
    assert kept == json.loads(person.settings)


@pytest.mark.tmux
def test_in_a_window_prompts_are_typed_turns_fail_and_esc_ends_them(person: Person) -> None:
    window = person.window
    window.open(None)
    until(lambda: "Ask anything" in window.screen(), START_SECONDS)
    assert window.state(age_seconds=60).reason == "question"
    window.say("SC:fail")
    until(lambda: "StopFailure" in window.events(), 30)
    assert window.becomes("idle", "idle").conversation_id is not None
    window.say("SC:slow")
    window.becomes("working", None)
    window.shows("esc interrupt")
    window.keys("Escape")
    window.shows("again to interrupt")
    window.keys("Escape")
    window.becomes("idle", "idle")
