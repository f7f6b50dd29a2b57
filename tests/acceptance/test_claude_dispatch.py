"""A dispatch session with the real Claude Code: asked for a permission, seen as waiting, answered with keys, done."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import sc
from tests.support.model_server import ModelServer
from tests.support.scripted_claude import KEY
from tests.support.wait import until

pytestmark = [pytest.mark.tmux, pytest.mark.claude]

ASK = {"PLAY:ask": [{"tool": "Bash", "input": {"command": "touch allowed.txt"}}, {"text": "It is there."}]}


@pytest.fixture
def shop(workplace: Path, claude_binary: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A linked repository; Claude Code's own configuration is that of a person who has used it before."""
    home = Path(os.environ["SCOPECRAFT_HOME"])
    command = json.dumps([str(claude_binary)])
    (home / "config" / "settings.toml").write_text(f"[agents.claude]\nhost_command = {command}\n")
    trusted = {str(home / "worktrees" / "shop" / "fix-login"): {"hasTrustDialogAccepted": True}}
    person = {
        "hasCompletedOnboarding": True,
        "projects": trusted,
        "customApiKeyResponses": {"approved": [KEY[-20:]], "rejected": []},
    }
    (Path(os.environ["HOME"]) / ".claude.json").write_text(json.dumps(person))
    with ModelServer(ASK) as model:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", model.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        monkeypatch.setenv("DISABLE_TELEMETRY", "1")
        monkeypatch.setenv("DISABLE_AUTOUPDATER", "1")
        monkeypatch.setenv("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
        yield workplace


def row(shop: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sc("ls", "--json", cwd=shop).out)[0]
    return found


def press(shop: Path, *keys: str) -> None:
    """Keys of a person at the window."""
    handle = row(shop)["status"]["handle"]
    subprocess.run(["tmux", "-S", handle["socket"], "send-keys", "-t", handle["pane_id"], *keys], check=True)


def answer(shop: Path, key: str, *, until_state: str) -> None:
    """As a person does it: Claude takes no keys in the first moments of a question, so once more if need be."""

    def has_moved() -> bool:
        if is_state(shop, "waiting"):
            press(shop, key)
        return is_state(shop, until_state)

    until(has_moved, 60, every=0.3, what=f"{key} to lead to {until_state}")


def is_state(shop: Path, state: str) -> bool:
    return bool(row(shop)["state"] == state)


def test_it_asks_is_seen_waiting_and_goes_on_when_answered(shop: Path) -> None:
    opened = sc("dispatch", "fix-login", "-m", "PLAY:ask please", "--", "--permission-mode", "manual", cwd=shop)
    assert opened.code == 0, opened.err
    until(lambda: is_state(shop, "waiting"), 40, every=0.1, what="the permission to be asked")
    waiting = row(shop)
    assert waiting["detail"].startswith("permission: Bash")
    assert "touch allowed.txt" in waiting["detail"]
    assert waiting["status"]["reason"] == "permission"
    assert (waiting["state_source"], waiting["since"]) == ("hooks", waiting["status"]["since"])
    worktree = Path(waiting["worktree"])
    assert not (worktree / "allowed.txt").exists()

    answer(shop, "Enter", until_state="idle")
    assert (worktree / "allowed.txt").exists()
    # the screen is drawn a moment after the hook, its transcript far above its input line
    until(lambda: "It is there." in sc("show", "fix-login", cwd=shop).out, 20, every=0.1)

    stopped = sc("stop", "fix-login", cwd=shop)
    assert stopped.code == 0, stopped.err
    ended = row(shop)
    assert (ended["state"], ended["status"]["outcome"]["kind"]) == ("ended", "killed")


def test_escape_at_the_question_is_seen_as_idle(shop: Path) -> None:
    assert sc("dispatch", "fix-login", "-m", "PLAY:ask", "--", "--permission-mode", "manual", cwd=shop).code == 0
    until(lambda: is_state(shop, "waiting"), 40, every=0.1)
    answer(shop, "Escape", until_state="idle")


def test_what_stands_first_in_the_list_waits_for_a_person(shop: Path) -> None:
    assert sc("dispatch", "other", "--agent", "plain", "--", "sleep", "600", cwd=shop).code == 0
    assert sc("dispatch", "fix-login", "-m", "PLAY:ask", "--", "--permission-mode", "manual", cwd=shop).code == 0
    assert sc("dispatch", "third", "--agent", "plain", "--", "sleep", "600", cwd=shop).code == 0
    until(lambda: is_state(shop, "waiting"), 40, every=0.1)
    assert row(shop)["task"] == "fix-login"


def test_nothing_of_the_persons_configuration_is_edited(shop: Path) -> None:
    assert sc("dispatch", "fix-login", "-m", "PLAY:ask", "--", "--permission-mode", "manual", cwd=shop).code == 0
    until(lambda: is_state(shop, "waiting"), 40, every=0.1)
    settings = Path(os.environ["HOME"]) / ".claude" / "settings.json"
    assert not settings.exists() or "scopecraft" not in settings.read_text()
    assert not (Path(row(shop)["worktree"]) / ".claude").exists()
