"""A dispatch session with the real Codex: asked for a permission, seen as waiting, answered with a key, done."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.agent_programs import program
from tests.support.command_line import sc
from tests.support.scripted_codex import KEY
from tests.support.scripted_openai import OpenAIServer
from tests.support.wait import until

pytestmark = pytest.mark.tmux

ASKING = {"cmd": "touch allowed.txt", "sandbox_permissions": "require_escalated", "justification": "to make it"}
ASK = {"PLAY:ask": [{"tool": "exec_command", "input": ASKING}, {"text": "It is there."}]}


@pytest.fixture
def shop(workplace: Path) -> Iterator[Path]:
    """A linked repository; Codex's own configuration is that of a person who has used it there before."""
    home = Path(os.environ["SCOPECRAFT_HOME"])
    command = json.dumps([str(program("codex"))])
    (home / "config" / "settings.toml").write_text(f"[agents.codex]\ndialect = 'codex'\nhost_command = {command}\n")
    own = Path(os.environ["HOME"]) / ".codex"
    own.mkdir()
    (own / "auth.json").write_text(json.dumps({"OPENAI_API_KEY": KEY}))
    with OpenAIServer(ASK) as model:
        (own / "config.toml").write_text(
            f'openai_base_url = "{model.url}"\nmodel = "gpt-5-scripted"\napproval_policy = "on-request"\n'
            f'[projects."{workplace}"]\ntrust_level = "trusted"\n'
        )
        yield workplace


def row(shop: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sc("ls", "--json", cwd=shop).out)[0]
    return found


def test_it_asks_is_seen_waiting_and_goes_on_when_answered(shop: Path) -> None:
    opened = sc("dispatch", "fix-login", "--agent", "codex", "-m", "PLAY:ask please", cwd=shop)
    assert opened.code == 0, opened.err
    until(lambda: row(shop)["state"] == "waiting", 40, every=0.1, what="the permission to be asked")
    waiting = row(shop)
    assert waiting["detail"] == "permission: Bash: touch allowed.txt"
    assert waiting["conversation_id"], "the id that Codex chose is known"
    assert not (Path(waiting["worktree"]) / "allowed.txt").exists()
    handle = waiting["status"]["handle"]

    def screen() -> str:
        shown = ["tmux", "-S", handle["socket"], "capture-pane", "-p", "-t", handle["pane_id"]]
        return subprocess.run(shown, check=True, capture_output=True, text=True).stdout

    until(lambda: "Yes, proceed" in screen(), 20, every=0.1)
    subprocess.run(["tmux", "-S", handle["socket"], "send-keys", "-t", handle["pane_id"], "y"], check=True)
    until(lambda: row(shop)["state"] == "idle", 40, every=0.1, what="the end of the turn")
    assert (Path(waiting["worktree"]) / "allowed.txt").exists()
    assert sc("stop", "fix-login", cwd=shop).code == 0
    assert row(shop)["status"]["outcome"]["kind"] == "killed"


def test_opened_without_a_prompt_it_is_ready_and_a_message_reaches_it(shop: Path) -> None:
    assert sc("dispatch", "fix-login", "--agent", "codex", cwd=shop).code == 0
    until(lambda: row(shop)["state"] == "idle", 40, every=0.1, what="readiness for a prompt")
    conversation = row(shop)["conversation_id"]
    # it would be a shell command without a space before it
    sent = sc("send", "fix-login", "!touch danger.txt", cwd=shop)
    assert sent.code == 0, sent.err
    until(lambda: row(shop)["state"] == "idle", 40, every=0.1)
    assert not (Path(row(shop)["worktree"]) / "danger.txt").exists()
    sent = sc("send", "fix-login", "PLAY:ask please", cwd=shop)
    assert sent.code == 0, sent.err
    until(lambda: row(shop)["state"] == "waiting", 40, every=0.1, what="the permission to be asked")
    assert row(shop)["conversation_id"] == conversation
