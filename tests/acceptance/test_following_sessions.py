"""Retry, resume, takeover and handback with the real Claude Code and a scripted model: one conversation, all commits."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import sc
from tests.support.scripted_claude import KEY, container_settings
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image, pytest.mark.claude]


@pytest.fixture
def shop(workplace: Path, claude_image: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings = Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"
    settings.write_text(container_settings(claude_image))
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    return workplace


def commits(shop: Path, task: str = "fix") -> list[str]:
    done = subprocess.run(
        ["git", "log", "--reverse", "--format=%s", f"main..feature/{task}"],
        cwd=shop, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.splitlines()


def sessions(shop: Path, task: str = "fix") -> list[dict[str, Any]]:
    """Of the task, the newest first, as `sc show` knows them."""
    found: list[dict[str, Any]] = json.loads(sc("show", task, "--json", cwd=shop).out)["sessions"]
    return found


def is_state(shop: Path, state: str) -> bool:
    return bool(sessions(shop)[0]["state"] == state)


def test_resume_goes_on_with_the_conversation_and_counts_nothing_twice(shop: Path) -> None:
    assert sc("run", "fix", "-m", "PLAY:steps", cwd=shop).code == 0
    first = sessions(shop)[0]
    resumed = sc("resume", "fix", "-m", "and the next one", cwd=shop)
    assert resumed.code == 0, resumed.err
    assert "Step two is done." in resumed.out, "the model was told of the first step"
    assert commits(shop) == ["Step one", "Step two"]
    again, _ = sessions(shop)
    assert (again["origin"], again["follows"], again["attempt"]) == ("resume", first["id"], 2)
    assert again["conversation_id"] == first["conversation_id"]
    used, before = again["activity"]["usage"], first["activity"]["usage"]
    assert used["output_tokens"] == before["output_tokens"] > 0
    assert used["cost_usd"] == pytest.approx(before["cost_usd"])

    retried = sc("retry", "fix", cwd=shop)
    assert retried.code == 0, retried.err
    assert "Step one is done." in retried.out, "a new conversation begins from the beginning"
    assert sessions(shop)[0]["conversation_id"] != first["conversation_id"]
    assert sessions(shop)[0]["attempt"] == 3


def test_a_conversation_is_taken_over_in_the_middle_and_handed_back(shop: Path) -> None:
    assert sc("run", "fix", "-m", "PLAY:steps", cwd=shop).code == 0
    assert sc("resume", "fix", "-m", "PLAY:hang", "--detach", cwd=shop).code == 0
    until(lambda: "time.sleep(600)" in sc("logs", "fix", cwd=shop).out, 60, every=0.2)

    taken = sc("takeover", "fix", cwd=shop)
    assert taken.code == 0, taken.err
    window, alone, _ = sessions(shop)
    assert alone["status"]["outcome"] == {"kind": "killed", "by": "sc takeover"}
    assert (window["mode"], window["is_contained"]) == ("dispatch", True)
    assert (window["origin"], window["follows"]) == ("takeover", alone["id"])
    # what was said without a person stands in the window
    until(lambda: "Step one is done." in "\n".join(sessions(shop)[0]["screen"]), 30, every=0.2)

    sent = sc("send", "fix", "PLAY:by-hand", "--anyway", cwd=shop)
    assert sent.code == 0, sent.err
    until(lambda: is_state(shop, "waiting"), 60, every=0.2, what="a permission to be asked for")
    assert sc("answer", "fix", "allow", cwd=shop).code == 0
    until(lambda: is_state(shop, "idle"), 60, every=0.2, what="the turn to end")

    back = sc("handback", "fix", "-m", "PLAY:alone-again", cwd=shop)
    assert back.code == 0, back.err
    assert "Step alone-again is done." in back.out
    assert commits(shop) == ["Step one", "Step by-hand", "Step alone-again"]
    alone_again, window, *_ = sessions(shop)
    assert (alone_again["origin"], alone_again["mode"]) == ("handback", "autonomous")
    assert window["status"]["outcome"] == {"kind": "killed", "by": "sc handback"}
    assert len({session["conversation_id"] for session in sessions(shop)}) == 1
    assert json.loads(sc("show", "fix", "--json", cwd=shop).out)["mission"]["errors"] == []
