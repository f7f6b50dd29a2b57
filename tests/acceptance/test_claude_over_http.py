"""The real Claude Code, steered by a program over HTTP: taken over, typed to in its terminal, answered, handed back."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from scopecraft.api.access import read_token
from scopecraft.config.paths import home_of
from tests.support.scripted_claude import KEY, container_settings
from tests.support.shown_windows import Watcher
from tests.support.supervisors import running_supervisor
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image, pytest.mark.tmux, pytest.mark.claude]


@pytest.fixture
def client(workplace: Path, claude_image: str) -> Iterator[httpx.Client]:
    home = home_of(os.environ)
    home.settings_file.write_text(container_settings(claude_image))
    with running_supervisor(ANTHROPIC_API_KEY=KEY) as supervisor:
        token = {"Authorization": f"Bearer {read_token(home)}"}
        address = supervisor.ask("health")["http"]["address"]
        with httpx.Client(base_url=address, headers=token, timeout=120) as found:
            yield found


def asked(client: httpx.Client, path: str, **body: Any) -> Any:
    answer = client.post(f"/api/sessions{path}", json=body)
    assert answer.is_success, answer.text
    return answer.json()


def becomes(client: httpx.Client, session: str, state: str) -> dict[str, Any]:
    def shown() -> dict[str, Any]:
        found: dict[str, Any] = client.get(f"/api/sessions/{session}").json()
        return found

    until(lambda: shown()["state"] == state, 60, every=0.1, what=f"{session} to be {state}")
    return shown()


def test_it_is_taken_over_answered_at_its_terminal_and_handed_back(client: httpx.Client, workplace: Path) -> None:
    alone = asked(client, "", task="greet", prompt="PLAY:hang")["session"]["id"]
    log = f"/api/sessions/{alone}/log"
    until(lambda: "time.sleep(600)" in client.get(log).text, 60, every=0.1, what="the agent to be at it")
    # its log has a word a moment before its conversation has, and until then there is nothing to take over
    taken = until(lambda: (came := client.post(f"/api/sessions/{alone}/takeover")).is_success and came, 20, every=0.2)
    by_hand = taken.json()["session"]
    assert (by_hand["mode"], by_hand["is_contained"], by_hand["follows"]) == ("dispatch", True, alone)
    becomes(client, by_hand["id"], "idle")

    with terminal(client, by_hand["id"]) as there:
        there.say(size={"cols": 100, "rows": 30})
        there.say(control="take")
        there.until_told(control={"mine": True})
        there.type("PLAY:by-hand")
        on_screen(there, "PLAY:by-hand")
        there.type("\r")
        assert "permission: Bash: echo by-hand" in becomes(client, by_hand["id"], "waiting")["detail"]
        question = client.get(f"/api/sessions/{by_hand['id']}/question").json()
        asked(client, f"/{by_hand['id']}/answer", answers=["allow"], id=question["id"])
        becomes(client, by_hand["id"], "idle")
        there.say(size={"cols": 60, "rows": 20})
        on_screen(there, "Step by-hand is done.")

        again = asked(client, f"/{by_hand['id']}/handback", prompt="PLAY:alone-again")["session"]["id"]
        assert there.until_told(ended={"lives": False})["sentence"] == "stopped by sc handback"
    ended = becomes(client, again, "ended")
    assert (ended["outcome"], ended["origin"], ended["commits"]["count"]) == ("completed", "handback", 1), ended
    commits = ["git", "log", "--format=%s", "main..feature/greet"]
    told = subprocess.run(commits, cwd=workplace, check=True, capture_output=True, text=True).stdout
    assert told == "Step alone-again\nStep by-hand\n"


@contextmanager
def terminal(client: httpx.Client, session: str) -> Iterator[Watcher]:
    address = f"ws://{client.base_url.netloc.decode()}/ws/terminal/{session}"
    token = {"Authorization": client.headers["Authorization"]}
    with connect(address, additional_headers=token, max_size=None) as connection:
        yield Watcher(connection)


def on_screen(there: Watcher, text: str) -> None:
    """Until the window shows it; its bytes alone do not tell, since words are drawn in pieces."""

    def is_shown() -> bool:
        there.told.clear()
        there.say(history=40)
        while not (lines := [each["history"] for each in there.told if "history" in each]):
            there.read()
        return any(text in line for line in lines[-1])

    until(is_shown, 30, every=0.1, what=f"{text!r} on the screen")
