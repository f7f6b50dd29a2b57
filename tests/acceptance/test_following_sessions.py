"""Retry, resume, takeover and handback with the real Claude Code and a scripted model: one conversation, one branch."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from tests.support.command_line import PROGRAM, sc
from tests.support.model_server import ModelServer
from tests.support.scripted_claude import KEY, container_settings
from tests.support.supervisors import running_supervisor
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

    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    follower = subprocess.Popen([*PROGRAM, "attach", "fix"], cwd=shop, text=True, **pipes)
    assert follower.stdout is not None and follower.stdout.readline()
    taken = sc("takeover", "fix", cwd=shop)
    assert taken.code == 0, taken.err
    assert "its conversation goes on in a window: sc attach fix" in follower.communicate(timeout=60)[1]
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


def test_of_two_who_go_on_at_once_one_does(shop: Path) -> None:
    assert sc("run", "fix", "-m", "PLAY:steps", cwd=shop).code == 0
    words = [("takeover", "fix"), ("takeover", "fix"), ("resume", "fix", "-m", "PLAY:hang", "--detach")]
    begun = [
        subprocess.Popen(
            [*PROGRAM, *each],
            cwd=shop,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for each in words
    ]
    told = [process.communicate(timeout=120)[1] for process in begun]
    codes = sorted(process.returncode for process in begun)
    assert codes == [0, 3, 3], told
    later = sessions(shop)
    assert len(later) == 2
    assert later[0]["state"] != "ended"


def test_an_interrupted_session_goes_on_by_its_conversation(shop: Path, engine: DockerClient) -> None:
    assert sc("run", "fix", "-m", "PLAY:hang", "--detach", cwd=shop).code == 0
    until(lambda: "time.sleep(600)" in sc("logs", "fix", cwd=shop).out, 60, every=0.2)
    cut = sessions(shop)[0]
    engine.containers.get(f"sc-{cut['id']}").remove(force=True)
    assert f"sc resume {cut['id']}" in sc("show", "fix", cwd=shop).out
    resumed = sc("resume", cut["id"], "-m", "PLAY:by-hand", cwd=shop)
    assert resumed.code == 0, resumed.err
    assert commits(shop) == ["Step by-hand"]
    assert sessions(shop)[0]["conversation_id"] == cut["conversation_id"]


def test_a_window_that_does_not_come_up_loses_nothing(shop: Path) -> None:
    settings = Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"
    settings.write_text(settings.read_text().replace("command =", 'host_command = ["false"]\ncommand ='))
    assert sc("run", "fix", "-m", "PLAY:hang", "--detach", cwd=shop).code == 0
    until(lambda: "time.sleep(600)" in sc("logs", "fix", cwd=shop).out, 60, every=0.2)
    alone = sessions(shop)[0]
    assert sc("interrupt", "fix", cwd=shop).code == 0  # it waits for a person, and is taken over all the same
    taken = sc("takeover", "fix", "--on-host", cwd=shop)
    assert taken.code == 1
    assert f"{alone['id']} has ended, its conversation and its commits are kept" in taken.err
    assert f"sc takeover {alone['id']}" in taken.err
    resumed = sc("resume", alone["id"], "-m", "PLAY:by-hand", cwd=shop)
    assert resumed.code == 0, resumed.err
    assert commits(shop) == ["Step by-hand"]
    assert sessions(shop)[0]["conversation_id"] == alone["conversation_id"]


def test_what_has_no_conversation_is_refused_and_stays_as_it_is(shop: Path) -> None:
    assert sc("run", "plain", "--agent", "plain", "-m", "x", "--detach", "--", "sleep", "600", cwd=shop).code == 0
    for words in (("takeover", "plain"), ("resume", "plain", "-m", "x"), ("retry", "plain"), ("handback", "plain")):
        refused = sc(*words, cwd=shop)
        assert refused.code == 3, words
    assert sessions(shop, "plain")[0]["state"] == "running"
    assert sc("stop", "plain", "--now", cwd=shop).code == 0
    resumed = sc("resume", "plain", "-m", "x", cwd=shop)
    assert resumed.code == 3
    assert "sc retry" in resumed.err
    retried = sc("retry", "plain", "--detach", cwd=shop)
    assert retried.code == 0, retried.err
    assert [session["attempt"] for session in sessions(shop, "plain")] == [2, 1]


@pytest.fixture
def own_claude(shop: Path, claude_image: str, claude_binary: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """On the machine, too, a Claude Code whose person has used it before, and another model for it."""
    home = Path(os.environ["SCOPECRAFT_HOME"])
    host = f"host_command = {json.dumps([str(claude_binary)])}\ncommand ="
    settings = container_settings(claude_image).replace("command =", host)
    (home / "config" / "settings.toml").write_text(settings)
    person = {
        "hasCompletedOnboarding": True,
        "projects": {str(home / "worktrees" / "shop" / "fix"): {"hasTrustDialogAccepted": True}},
        "customApiKeyResponses": {"approved": [KEY[-20:]], "rejected": []},
    }
    (Path(os.environ["HOME"]) / ".claude.json").write_text(json.dumps(person))
    with ModelServer({"PLAY:here": [{"text": "I am on your machine."}]}) as model:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", model.url)
        for name in ("DISABLE_TELEMETRY", "DISABLE_AUTOUPDATER", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"):
            monkeypatch.setenv(name, "1")
        yield


@pytest.mark.usefixtures("own_claude")
def test_on_the_persons_machine_and_back(shop: Path) -> None:
    assert sc("run", "fix", "-m", "PLAY:steps", cwd=shop).code == 0
    taken = sc("takeover", "fix", "--on-host", cwd=shop)
    assert taken.code == 0, taken.err
    assert "copied to" in taken.err
    assert sessions(shop)[0]["is_contained"] is False
    sent = sc("send", "fix", "PLAY:here", cwd=shop)
    assert sent.code == 0, sent.err
    until(lambda: "I am on your machine." in "\n".join(sessions(shop)[0]["screen"]), 30, every=0.2)
    assert sc("stop", "fix", cwd=shop).code == 0
    # its window opens again, here, where the conversation is
    assert sc("resume", "fix", cwd=shop).code == 0
    until(lambda: "I am on your machine." in "\n".join(sessions(shop)[0]["screen"]), 30, every=0.2)

    back = sc("handback", "fix", "-m", "and the next one", cwd=shop)
    assert back.code == 0, back.err
    assert back.out.count("Step two is done.") == 1, "what was said here counts as a turn"
    assert commits(shop) == ["Step one"]


def test_a_takeover_frees_the_slot_and_a_handback_waits_for_one(shop: Path) -> None:
    with running_supervisor():
        assert sc("queue", "limit", "--running", "1", "--waiting", "1", cwd=shop).code == 0
        assert sc("run", "fix", "-m", "PLAY:hang", "--detach", cwd=shop).code == 0
        until(lambda: "time.sleep(600)" in sc("logs", "fix", cwd=shop).out, 60, every=0.2)
        assert sc("run", "other", "--agent", "plain", "-m", "x", "-d", "--", "sleep", "600", cwd=shop).code == 0
        assert sessions(shop, "other")[0]["state"] == "queued"

        taken = sc("takeover", "fix", "--detach", cwd=shop)
        assert taken.code == 0, taken.err
        until(lambda: sessions(shop, "other")[0]["state"] == "running", 60, every=0.2)
        assert sc("run", "third", "--agent", "plain", "-m", "x", "-d", "--", "true", cwd=shop).code == 0

        back = sc("handback", "fix", "-m", "PLAY:alone-again", "--detach", cwd=shop)
        assert back.code == 0, back.err
        assert "place 2 in the queue" in back.err, "a full queue does not refuse what has begun"
        assert sessions(shop)[0]["state"] == "queued"
        refused = sc("resume", "fix", "-m", "x", cwd=shop)
        assert refused.code == 3, refused.err
        assert sc("stop", "other", "--now", cwd=shop).code == 0
        until(lambda: is_state(shop, "ended"), 60, every=0.2)
        assert commits(shop) == ["Step alone-again"]
