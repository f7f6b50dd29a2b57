"""The real Gemini CLI, offline: called as the dialect says, headless and in a window, and understood."""

from __future__ import annotations

import json
import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scopecraft.agents.base import dialect, exit_meaning
from scopecraft.model import clock
from scopecraft.model.activity import Usage
from scopecraft.model.launch import AgentRequest
from tests.support.agent_programs import program
from tests.support.agent_window import AgentWindow
from tests.support.played_agent import KEY, PlayedAgent
from tests.support.scripted_gemini import GeminiServer
from tests.support.wait import until

MODEL = "gemini-2.5-flash"
GEMINI = dialect("gemini")
START_SECONDS = 120  # it takes four on a machine that has nothing else to do
ONE_CALL = Usage(60, 25, 40)


def search_path() -> dict[str, str]:
    """The Node.js that images have comes first: this machine's own may be too old."""
    return {"PATH": f"{program('node').parent}:{os.environ['PATH']}"}


@pytest.fixture
def played(tmp_path: Path) -> PlayedAgent:
    return PlayedAgent(tmp_path, GEMINI, program("gemini"), MODEL, "GEMINI_API_KEY", GeminiServer, search_path())


def new_id() -> str:
    return str(uuid.uuid4())


def shell(command: str) -> dict[str, Any]:
    return {"tool": "run_shell_command", "input": {"command": command, "description": "d"}}


def test_a_run_with_tools_is_read_from_its_first_word_to_its_claim(played: PlayedAgent) -> None:
    script = [{"text": "I look at it.", **shell("echo hi > a.txt; exit 3")}, {"thinking": "hm", "text": "All done."}]
    conversation = new_id()
    ended = played.run(script, played.request("please write", conversation_id=conversation))
    activity = ended.activity
    assert ended.code == 0, ended.stderr
    assert (played.work / "a.txt").read_text() == "hi\n"
    assert (activity.conversation_id, activity.model) == (conversation, MODEL)
    assert (activity.tools, activity.tool_calls, activity.open_tool_calls) == (("run_shell_command",), 1, 0)
    assert activity.last_message == "All done."
    assert activity.claim is not None
    assert (activity.claim.is_error, activity.claim.stop_reason) == (False, "end_turn")
    assert (activity.usage, activity.usage_is_final) == (Usage(120, 50, 80), True)
    assert (activity.damaged_count, activity.unknown_count, activity.error_count) == (0, 0, 0)
    last = played.stream.read_bytes().splitlines()[-1]
    assert all(mark.encode() in last for mark in GEMINI.headless(played.request("x")).done_marks)
    assert played.files_with_the_key() == []


def test_a_conversation_goes_on_under_the_same_id_and_counts_anew(played: PlayedAgent) -> None:
    conversation = new_id()
    first = played.run([{"text": "one"}], played.request("first", conversation_id=conversation))
    assert (first.activity.last_message, first.activity.usage) == ("one", ONE_CALL)
    again = played.request("second", conversation_id=conversation, resume=True)
    second = played.run([{"text": "two"}], again)
    assert (second.activity.conversation_id, second.activity.last_message) == (conversation, "two")
    assert second.activity.usage == ONE_CALL


def test_an_error_of_the_api_is_its_last_word_and_its_exit_code(played: PlayedAgent) -> None:
    refused = [{"error": 400, "message": "the model says no", "times": 0}]
    ended = played.run(refused, played.request("hello", conversation_id=new_id()))
    assert exit_meaning(GEMINI, ended.code) == "the model's server answered 400"
    assert ended.activity.claim is not None
    assert ended.activity.claim.is_error
    assert "the model says no" in ended.activity.claim.text
    assert ended.activity.critical_count == 1


def test_an_answer_without_words_is_no_success_though_the_exit_code_is_0(played: PlayedAgent) -> None:
    thoughts: list[dict[str, Any]] = [{"thinking": "hm"}] * 6
    ended = played.run(thoughts, played.request("hello", conversation_id=new_id()))
    assert ended.code == 0
    assert ended.activity.claim is not None
    assert ended.activity.claim.is_error
    assert "no final response text" in ended.activity.errors[0].text


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"secrets": {}}, 41, "When using Vertex AI, you must specify"),
        ({"sandboxed": False}, 55, "trusted directory"),
        ({"resume": True}, 42, "No previous sessions found"),
    ],
)
def test_what_it_refuses_it_says_on_stderr_alone(
    played: PlayedAgent, changes: dict[str, Any], code: int, words: str
) -> None:
    ended = played.run([], played.request("hello", conversation_id=new_id(), **changes))
    assert ended.code == code
    assert exit_meaning(GEMINI, code)
    assert ended.activity.lines == 0
    assert words in ended.stderr


def test_a_polite_signal_ends_it_at_once(played: PlayedAgent) -> None:
    with GeminiServer([shell("touch going; sleep 60")]) as server:
        process = played.start(played.request("work", conversation_id=new_id()), server)
        until(lambda: (played.work / "going").exists(), 60)
        process.send_signal(signal.SIGTERM)
        process.wait(10)


class Person:
    """A home whose Gemini has a key, settings and folders of its own."""

    def __init__(self, folder: Path, server: GeminiServer) -> None:
        self.own, self.work, hooks = Path(os.environ["HOME"]) / ".gemini", folder / "my work", folder / "hooks"
        for each in (self.own, self.work, hooks):
            each.mkdir()
        settings = {"security": {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": {"enabled": False}}}
        self.settings = json.dumps(settings | {"general": {"enableAutoUpdate": False}})
        (self.own / "settings.json").write_text(self.settings)
        request = AgentRequest(
            prompt=None,
            model=MODEL,
            conversation_id=new_id(),
            resume=False,
            cwd=str(self.work),
            config_folder=None,
            hooks_folder=str(hooks),
            program=(str(program("gemini")),),
        )
        environment = {"GEMINI_API_KEY": KEY, "GOOGLE_GEMINI_BASE_URL": server.url, **search_path()}
        self.window = AgentWindow(folder, GEMINI, request, environment)


@pytest.fixture
def person(clean_environment: Path) -> Iterator[Person]:
    script: dict[str, list[dict[str, Any]]] = {
        "SC:work": [{"text": "I make it.", **shell("touch made")}, {"text": "All done."}],
        "SC:slow": [{"text": "too late", "delay_seconds": 60}],
        "default": [{"text": "Hello to you."}],
    }
    with GeminiServer(script) as server:
        person = Person(clean_environment, server)
        try:
            yield person
        finally:
            person.window.close()


@pytest.mark.tmux
def test_in_a_window_it_takes_its_first_prompt_asks_and_answers(person: Person) -> None:
    window, begun = person.window, clock.to_text(clock.now())
    window.open("-SC:work, please")
    until(lambda: "Allow execution" in window.screen(), START_SECONDS)
    assert not (person.work / "made").exists(), "nothing is bypassed on the host"
    assert GEMINI.turn_started(window.view(), begun) is True
    assert GEMINI.turn_started(window.view(), "2999-01-01T00:00:00.000Z") is False
    window.keys("Enter")
    window.shows("All done.")
    assert (person.work / "made").exists()
    assert window.state().kind == "unknown"
    assert (person.own / "settings.json").read_text() == person.settings


@pytest.mark.tmux
def test_in_a_window_a_prompt_that_is_typed_begins_a_turn(person: Person) -> None:
    window = person.window
    window.open(None)
    until(lambda: "Type your message" in window.screen(), START_SECONDS)
    assert window.state(age_seconds=60).reason == "question"
    assert GEMINI.turn_started(window.view(), "") is None
    window.say("SC:slow")
    assert window.becomes("working", None).conversation_id == window.request.conversation_id
    assert GEMINI.turn_started(window.view(), "2026-01-01T00:00:00.000Z") is True
