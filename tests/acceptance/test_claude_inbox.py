"""The real Claude Code in a container, spoken to while it works: messages, an interrupt, an answer."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from tests.support.command_line import PROGRAM, sc
from tests.support.scripted_claude import KEY, build_image, container_settings
from tests.support.supervisors import running_supervisor
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image, pytest.mark.claude]

# Claude Code itself refuses a plain `sleep`
UNTIL = "python3 -c \"import os, time\nwhile not os.path.exists('go'): time.sleep(0.05)\""
COLOUR = {
    "question": "Which colour?",
    "header": "Colour",
    "multiSelect": False,
    "options": [{"label": "Red", "description": "like fire"}, {"label": "Blue", "description": "like the sea"}],
}
SCRIPT: dict[str, list[dict[str, Any]]] = {
    "PLAY:until": [{"tool": "Bash", "input": {"command": UNTIL}}, {"text": "First things are done."}],
    "PLAY:second": [{"text": "Second things are done."}],
    "PLAY:third": [{"text": "Third things are done."}],
    "PLAY:colour": [{"tool": "AskUserQuestion", "input": {"questions": [COLOUR]}}, {"text": "Thank you."}],
    "PLAY:hang": [{"tool": "Bash", "input": {"command": "python3 -c 'import time; time.sleep(600)'"}}],
}


@pytest.fixture(scope="module")
def talking_image(engine: DockerClient, agent_image: str) -> str:
    return build_image(engine, SCRIPT, "scopecraft-test-claude-talk")


@pytest.fixture
def shop(workplace: Path, talking_image: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings = Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"
    settings.write_text(container_settings(talking_image))
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    return workplace


def begin(shop: Path, prompt: str, sign: str) -> Path:
    """A session of the task `fix` that is at it; its folder."""
    started = sc("run", "fix", "-m", prompt, "--detach", cwd=shop)
    assert started.code == 0, started.err
    until(lambda: sign in logs(shop), 60, every=0.1, what=sign)
    return next((Path(os.environ["SCOPECRAFT_HOME"]) / "sessions").glob("r-*"))


def logs(shop: Path) -> str:
    return sc("logs", "fix", cwd=shop).out


def row(shop: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sc("ls", "--all", "--json", cwd=shop).out)[0]
    return found


def outcome(shop: Path) -> str:
    """Once it has ended."""
    status = until(lambda: "outcome" in (found := row(shop)["status"]) and found, 60, every=0.2)
    return str(status["outcome"]["kind"])


def worktree(shop: Path) -> Path:
    return Path(sc("path", "fix", cwd=shop).out.strip())


def kinds(shop: Path) -> list[str]:
    said = sc("events", "--json", cwd=shop)
    assert said.code == 0, said.err
    return [json.loads(line)["kind"] for line in said.out.splitlines()]


def test_messages_reach_it_while_it_works_whoever_is_alive(shop: Path) -> None:
    folder = begin(shop, "PLAY:until", "python3")
    sent = sc("send", "fix", "PLAY:second please", cwd=shop)
    assert (sent.code, "taken by" in sent.err) == (0, True), sent.err
    # the one who sends another is killed as soon as it is in the inbox
    sender = subprocess.Popen([*PROGRAM, "send", "fix", "PLAY:third too"], cwd=shop, stderr=subprocess.DEVNULL)
    until(lambda: b"PLAY:third" in (folder / "inbox" / "inbox.jsonl").read_bytes(), every=0.005)
    sender.kill()
    sender.wait()
    (worktree(shop) / "go").touch()
    assert outcome(shop) == "completed"
    said = logs(shop)
    assert "PLAY:second please" in said and "PLAY:third too" in said
    assert "things are done." in said
    assert "PLAY:until" not in said, "the prompt is not told to whoever gave it"
    late = sc("send", "fix", "too late", cwd=shop)
    assert late.code == 3
    assert "has ended" in late.err


def test_an_interrupted_turn_waits_and_goes_on_with_the_next_message(shop: Path) -> None:
    begin(shop, "PLAY:hang", "time.sleep(600)")
    began = time.monotonic()
    stopped = sc("interrupt", "fix", cwd=shop)
    assert stopped.code == 0, stopped.err
    assert time.monotonic() - began < 5
    assert "waits for you" in stopped.err
    assert row(shop)["state"] == "idle"
    sent = sc("send", "fix", "PLAY:second instead", cwd=shop)
    assert (sent.code, "delivered to" in sent.err) == (0, True), sent.err
    assert outcome(shop) == "completed"
    assert "Second things are done." in logs(shop)
    found = kinds(shop)
    assert [kind for kind in found if kind in ("turn_interrupted", "session_resumed", "message_sent")] == [
        "turn_interrupted", "message_sent", "session_resumed"
    ]  # fmt: skip


def test_a_question_is_shown_and_answered_where_no_window_is(shop: Path) -> None:
    with running_supervisor():
        _answer_a_question(shop)


def _answer_a_question(shop: Path) -> None:
    begin(shop, "PLAY:colour", "asks")
    until(lambda: row(shop)["state"] == "waiting", 20, every=0.2)
    assert row(shop)["detail"] == "question: Which colour?"
    refused = sc("send", "fix", "what is it?", cwd=shop)
    assert (refused.code, "sc answer" in refused.err) == (3, True), refused.err
    shown = json.loads(sc("answer", "fix", "--json", cwd=shop).out)
    assert [choice["label"] for choice in shown["inquiries"][0]["choices"]] == ["Red", "Blue"]
    followed = shop.parent / "followed"
    with followed.open("wb") as output:
        follower = subprocess.Popen([*PROGRAM, "attach", "fix"], cwd=shop, stdout=output, stderr=output)
    until(lambda: "answer it: sc answer fix" in followed.read_text(), 30)
    wrong = sc("answer", "fix", "Red", "Blue", cwd=shop)
    assert wrong.code == 2
    answered = sc("answer", "fix", "blue", cwd=shop)
    assert answered.code == 0, answered.err
    assert "Which colour?" in answered.err and "like the sea" in answered.err
    assert outcome(shop) == "completed"
    follower.wait(30)
    said = logs(shop)
    assert '"Which colour?"="Blue"' in said and "Thank you." in said
    assert "question_answered" in kinds(shop)


def test_what_comes_too_late_is_told_and_refused_with_the_way_on(shop: Path, engine: DockerClient) -> None:
    folder = begin(shop, "PLAY:hang", "time.sleep(600)")
    container = engine.containers.get(f"sc-{folder.name}")
    container.pause()  # it reads nothing any more
    sender = subprocess.Popen([*PROGRAM, "send", "fix", "hurry", "--wait", "2s"], cwd=shop, stderr=subprocess.PIPE)
    until(lambda: b"hurry" in (folder / "inbox" / "inbox.jsonl").read_bytes(), every=0.005)
    (folder / "out" / "inbox-closed").mkdir()
    _, talk = sender.communicate(timeout=30)
    assert (sender.returncode, b"came too late" in talk, b"sc resume" in talk) == (1, True, True), talk
    before = (folder / "inbox" / "inbox.jsonl").read_bytes()
    for words in (("send", "fix", "x"), ("interrupt", "fix")):
        late = sc(*words, cwd=shop)
        assert (late.code, "sc resume" in late.err) == (3, True), late.err
    assert (folder / "inbox" / "inbox.jsonl").read_bytes() == before
    container.kill()
    assert outcome(shop) == "interrupted"
    assert "came too late to be read" in sc("show", "fix", cwd=shop).out
