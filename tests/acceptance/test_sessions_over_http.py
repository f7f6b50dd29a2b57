"""Sessions begun, watched and ended by a program over HTTP, in real containers and windows."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from docker import DockerClient

from scopecraft.api.access import read_token
from scopecraft.config.paths import home_of
from tests.support.played import COMMIT, HANG, STARTED, Shop, opened_shop
from tests.support.supervisors import running_supervisor
from tests.support.wait import until


@pytest.fixture
def shop(clean_environment: Path, engine: DockerClient, agent_image: str) -> Iterator[Shop]:
    with opened_shop(clean_environment / "shop", engine) as found:
        yield found


@pytest.fixture
def client(shop: Shop) -> Iterator[httpx.Client]:
    with running_supervisor() as supervisor:
        address = supervisor.ask("health")["http"]["address"]
        token = read_token(home_of(os.environ))
        with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=120) as found:
            yield found


def begin(client: httpx.Client, task: str, script: str, **more: Any) -> httpx.Response:
    body = {"task": task, "prompt": "x", "agent": "plain", "arguments": ["sh", "-c", script], **more}
    if body.get("mode") == "dispatch":
        del body["prompt"]
    return client.post("/api/sessions", json=body)


def test_a_program_starts_stops_and_tries_again(shop: Shop, client: httpx.Client) -> None:
    assert client.put("/api/queue/rules", json={"max_running": 1, "max_waiting": 0}).status_code == 200
    begun = begin(client, "fix-login", f"{STARTED} && {COMMIT} && {HANG}")
    assert begun.status_code == 201, begun.text
    session = begun.json()["session"]
    assert (session["state"], session["mode"], begun.json()["place"]) == ("running", "autonomous", None)

    full = begin(client, "other", "true")
    assert full.status_code == 429, full.text
    assert full.json()["message"] == "the queue is full: 1 of 1 run, 0 of 0 wait"
    twice = begin(client, "fix-login", "true")
    assert twice.status_code == 409, twice.text

    shop.wait_started("fix-login")
    until(lambda: shop.worktree("fix-login").joinpath("work.txt").exists(), what="the agent has committed")
    ended: list[httpx.Response] = []
    path = f"/api/sessions/{session['id']}"
    stopping = threading.Thread(target=lambda: ended.append(client.post(f"{path}/stop", json={})))
    stopping.start()
    assert client.get("/api/sessions?live=true").status_code == 200  # nobody waits for the agent's last words
    stopping.join(100)
    assert ended[0].json()["outcome"] == "killed", ended[0].text
    found = client.get(path).json()
    assert (found["commits"]["count"], found["commits"]["branch"]) == (1, "feature/fix-login")
    (row,) = client.get("/api/worktrees?state=true").json()["worktrees"]
    assert (row["task"], row["is_there"], row["changed_files"], row["prune"]["goes"]) == ("fix-login", True, 0, False)

    again = client.post(f"{path}/retry", json={}).json()["session"]
    assert (again["attempt"], again["origin"], again["follows"]) == (2, "retry", session["id"])
    assert client.post(f"/api/sessions/{again['id']}/stop", json={"now": True}).json()["outcome"] == "killed"


def test_a_window_opens_takes_messages_and_closes(shop: Shop, client: httpx.Client) -> None:
    begun = begin(client, "by-hand", 'read line && echo "$line" > said.txt && sleep 600', mode="dispatch")
    assert begun.status_code == 201, begun.text
    session = begun.json()["session"]
    assert (session["mode"], session["is_contained"]) == ("dispatch", False)
    path = f"/api/sessions/{session['id']}"
    assert client.get(f"{path}/question").status_code == 409
    sent = client.post(f"{path}/send", json={"message": "use the new client", "anyway": True})
    assert (sent.status_code, sent.json().get("how")) == (200, "typed"), sent.text
    said = shop.worktree("by-hand") / "said.txt"
    until(lambda: said.exists() and said.read_text() == "use the new client\n", what="the window has heard it")
    assert client.post(f"{path}/handback", json={}).status_code == 409  # a plain program has no conversation
    assert client.post(f"{path}/stop", json={"now": True}).json()["state"] == "ended"
