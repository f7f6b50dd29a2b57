"""Messages and answers to the real Claude Code in its window: what `sc send` and `sc answer` say is what happened."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import Said, on_a_terminal, sc
from tests.support.model_server import ModelServer
from tests.support.scripted_claude import KEY
from tests.support.wait import until

pytestmark = [pytest.mark.tmux, pytest.mark.claude]

COLOUR = {"question": "Which colour?", "header": "Colour", "multiSelect": False,
          "options": [{"label": "Red", "description": "r"}, {"label": "Blue", "description": "b"}]}  # fmt: skip
SIZES = {"question": "Which sizes?", "header": "Sizes", "multiSelect": True,
         "options": [{"label": "S", "description": "small"}, {"label": "L", "description": "large"}]}  # fmt: skip
SCRIPT: dict[str, list[dict[str, Any]]] = {
    "PLAY:ask": [{"tool": "Bash", "input": {"command": "touch allowed.txt"}}, {"text": "It is there."}],
    "PLAY:colour": [{"tool": "AskUserQuestion", "input": {"questions": [COLOUR]}}, {"text": "Thank you."}],
    "PLAY:both": [{"tool": "AskUserQuestion", "input": {"questions": [COLOUR, SIZES]}}, {"text": "Thank you both."}],
    "PLAY:slow": [{"text": "That took a while.", "delay_seconds": 6}],
}


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with ModelServer(SCRIPT) as server:
        yield server


@pytest.fixture
def shop(workplace: Path, claude_binary: Path, model: ModelServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A linked repository; Claude Code's own configuration is that of a person who has used it before."""
    home = Path(os.environ["SCOPECRAFT_HOME"])
    (home / "config" / "settings.toml").write_text(
        f"[agents.claude]\nhost_command = {json.dumps([str(claude_binary)])}\n"
        'arguments = ["--permission-mode", "manual"]\n'
    )
    person = {
        "hasCompletedOnboarding": True,
        "projects": {str(home / "worktrees" / "shop" / "fix"): {"hasTrustDialogAccepted": True}},
        "customApiKeyResponses": {"approved": [KEY[-20:]], "rejected": []},
    }
    (Path(os.environ["HOME"]) / ".claude.json").write_text(json.dumps(person))
    quiet = ("DISABLE_TELEMETRY", "DISABLE_AUTOUPDATER", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC")
    for name, value in {"ANTHROPIC_BASE_URL": model.url, "ANTHROPIC_API_KEY": KEY, **dict.fromkeys(quiet, "1")}.items():
        monkeypatch.setenv(name, value)
    return workplace


def row(shop: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sc("ls", "--json", cwd=shop).out)[0]
    return found


def becomes(shop: Path, state: str) -> dict[str, Any]:
    until(lambda: row(shop)["state"] == state, 60, every=0.1, what=f"the session to be {state}")
    return row(shop)


def opened(shop: Path, prompt: str | None) -> None:
    words = ("-m", prompt) if prompt else ()
    said = sc("dispatch", "fix", *words, cwd=shop)
    assert said.code == 0, said.err


def send(shop: Path, *words: str, stdin: bytes = b"") -> Said:
    return sc("send", "fix", *words, cwd=shop, stdin=stdin)


def prompts(model: ModelServer) -> list[str]:
    """The texts of the person, as the model got them."""
    found: list[str] = []
    for request in model.requests:
        for message in request.get("messages", []):
            content = message.get("content")
            blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
            if message.get("role") == "user":
                found += [block["text"] for block in blocks if block.get("type") == "text"]
    return found


def last_message(shop: Path) -> str:
    hooks = Path(os.environ["SCOPECRAFT_HOME"]) / "sessions" / row(shop)["id"] / "hooks" / "hooks.jsonl"
    stops = [line for line in map(json.loads, hooks.read_text().splitlines()) if line["event"] == "Stop"]
    return str(stops[-1]["payload"]["last_assistant_message"])


MESSAGES = (
    "hello",
    "two\nlines, and white  space  in the second",
    "ünïcödé 漢字 🎉",
    "!important: this is no shell command",
    "/etc/hosts is wrong",
    "ends in a backslash \\",
    "-dash first",
    'it\'s "quoted" `and` $HOME; #{pane_id}',
    "a long line " * 800,
    "many lines\n" * 300,
)


def test_messages_arrive_as_they_were_written(shop: Path, model: ModelServer) -> None:
    opened(shop, None)
    for text in MESSAGES:
        becomes(shop, "idle")
        said = send(shop, "--", text)
        assert (said.code, "delivered to" in said.err) == (0, True), (text[:30], said.err)
    becomes(shop, "idle")
    arrived = prompts(model)
    assert [text[:30] for text in MESSAGES if not any(text.strip() in prompt for prompt in arrived)] == []


def test_a_message_from_standard_input_and_from_a_file(shop: Path, model: ModelServer) -> None:
    opened(shop, None)
    assert send(shop, stdin=b"from a pipe").code == 0
    (shop / "notes.md").write_text("from a file\nwith lines")
    assert send(shop, "-f", "notes.md").code == 0
    until(lambda: {"from a pipe", "from a file\nwith lines"} <= {prompt.strip() for prompt in prompts(model)}, 20)


def test_a_working_agent_takes_a_message_for_later(shop: Path, model: ModelServer) -> None:
    opened(shop, "PLAY:slow")
    becomes(shop, "running")
    until(lambda: model.requests, 30, what="the turn to reach the model")
    said = send(shop, "and then this")
    assert (said.code, "it reads the message at the next chance" in said.err) == (0, True), said.err
    until(lambda: any("and then this" in prompt for prompt in prompts(model)), 30)


def test_an_interrupted_turn_ends_and_the_next_message_is_read(shop: Path, model: ModelServer) -> None:
    opened(shop, "PLAY:slow")
    becomes(shop, "running")
    until(lambda: model.requests, 30, what="the turn to reach the model")
    said = sc("interrupt", "fix", cwd=shop)
    assert (said.code, "waits for you" in said.err) == (0, True), said.err
    assert row(shop)["state"] == "idle"
    again = sc("interrupt", "fix", cwd=shop)
    assert (again.code, "works on nothing" in again.err) == (3, True), again.err
    assert send(shop, "and then this").code == 0
    until(lambda: any("and then this" in prompt for prompt in prompts(model)), 30)


def test_words_that_would_end_the_agent_are_refused(shop: Path) -> None:
    opened(shop, None)
    said = send(shop, " exit ")
    assert (said.code, "would end Claude Code" in said.err, "sc stop" in said.err) == (2, True, True)
    assert row(shop)["state"] in ("idle", "running")


def test_a_command_of_the_agent_is_typed_and_not_called_delivered(shop: Path) -> None:
    opened(shop, "hello")
    becomes(shop, "idle")
    said = send(shop, "/nosuch")
    assert (said.code, "typed into" in said.err, "delivered" in said.err) == (0, True, False), said.err


def test_an_agent_that_asks_gets_no_message(shop: Path) -> None:
    opened(shop, "PLAY:ask")
    becomes(shop, "waiting")
    said = send(shop, "1")
    assert (said.code, "waits for an answer first" in said.err) == (3, True), said.err
    assert becomes(shop, "waiting")["detail"] == "permission: Bash: touch allowed.txt"


def test_a_permission_is_shown_and_given(shop: Path) -> None:
    opened(shop, "PLAY:ask")
    worktree = Path(becomes(shop, "waiting")["worktree"])
    said = sc("answer", "fix", "allow", cwd=shop)
    assert said.code == 0, said.err
    assert "may it? Bash: touch allowed.txt" in said.err
    becomes(shop, "idle")
    assert (worktree / "allowed.txt").exists()
    again = sc("answer", "fix", "allow", cwd=shop)
    assert (again.code, "asks nothing" in again.err) == (3, True)


def test_a_permission_is_refused(shop: Path) -> None:
    opened(shop, "PLAY:ask")
    worktree = Path(becomes(shop, "waiting")["worktree"])
    assert sc("answer", "fix", "deny", cwd=shop).code == 0
    becomes(shop, "idle")
    assert not (worktree / "allowed.txt").exists()


def test_a_refusal_with_words_reaches_the_agent(shop: Path, model: ModelServer) -> None:
    opened(shop, "PLAY:ask")
    worktree = Path(becomes(shop, "waiting")["worktree"])
    said = sc("answer", "fix", "no, say PLAY:colour instead", cwd=shop)
    assert (said.code, "it has your words" in said.err) == (0, True), said.err
    assert becomes(shop, "waiting")["detail"] == "question: Which colour?"
    assert not (worktree / "allowed.txt").exists()


def test_a_question_takes_a_choice_or_own_words(shop: Path, model: ModelServer) -> None:
    opened(shop, "PLAY:colour")
    for answer, understood in (("Blue", "Blue"), ("1", "Red"), ("mauve, and quickly", "mauve, and quickly")):
        becomes(shop, "waiting")
        said = sc("answer", "fix", answer, cwd=shop)
        assert said.code == 0, said.err
        assert "2. Blue" in said.err
        becomes(shop, "idle")
        told = json.dumps(model.requests[-1]["messages"], ensure_ascii=False).replace("\\", "")
        assert f'"Which colour?"="{understood}"' in told
        assert send(shop, "PLAY:colour").code == 0


def test_several_questions_are_answered_together(shop: Path, model: ModelServer) -> None:
    opened(shop, "PLAY:both")
    becomes(shop, "waiting")
    few = sc("answer", "fix", "Blue", cwd=shop)
    assert (few.code, "asks 2 questions" in few.err) == (2, True), few.err
    wrong = sc("answer", "fix", "Blue", "S, XL", cwd=shop)
    assert (wrong.code, "none of its choices: S, L" in wrong.err) == (2, True), wrong.err
    said = sc("answer", "fix", "blue", "S, L", cwd=shop)
    assert said.code == 0, said.err
    becomes(shop, "idle")
    told = json.dumps(model.requests[-1]["messages"]).replace("\\", "")
    assert '"Which colour?"="Blue"' in told
    assert '"Which sizes?"="S, L"' in told


def test_the_question_can_be_read_by_a_program(shop: Path) -> None:
    opened(shop, "PLAY:both")
    becomes(shop, "waiting")
    question = json.loads(sc("answer", "fix", "--json", cwd=shop).out)
    assert [inquiry["text"] for inquiry in question["inquiries"]] == ["Which colour?", "Which sizes?"]
    assert becomes(shop, "waiting")["detail"] == "question: Which colour?"


def test_without_an_answer_and_a_terminal_it_is_only_shown(shop: Path) -> None:
    opened(shop, "PLAY:ask")
    becomes(shop, "waiting")
    said = sc("answer", "fix", cwd=shop)
    assert (said.code, "may it? Bash" in said.err, "allow, deny" in said.err) == (2, True, True), said.err
    assert becomes(shop, "waiting")["detail"] == "permission: Bash: touch allowed.txt"


def test_a_person_at_a_terminal_is_asked(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(shop, "PLAY:ask")
    becomes(shop, "waiting")
    monkeypatch.chdir(shop)
    assert "may it? Bash: touch allowed.txt" in on_a_terminal("answer", "fix", "allow")


def test_a_session_in_a_container_or_over_takes_no_messages(shop: Path) -> None:
    assert sc("dispatch", "other", "--agent", "plain", "--", "true", cwd=shop).code == 0
    said = sc("send", "other", "hello", cwd=shop)
    assert (said.code, "has ended" in said.err) == (3, True), said.err


def test_a_program_that_tells_nothing_gets_it_typed(shop: Path) -> None:
    assert (
        sc("dispatch", "other", "--agent", "plain", "--", "sh", "-c", "read x; echo got $x; sleep 60", cwd=shop).code
        == 0
    )
    said = sc("send", "other", "hello", cwd=shop)
    assert (said.code, "nobody can tell" in said.err) == (3, True), said.err
    said = sc("send", "--anyway", "other", "hello", cwd=shop)
    assert (said.code, "typed into" in said.err) == (0, True), said.err
    until(lambda: "got hello" in sc("show", "other", cwd=shop).out, 10, every=0.2)
