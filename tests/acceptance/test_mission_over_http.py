"""A client of the earlier system: no token, a page of another origin, and a mission from its idea to a checked branch.

The agents are scripts in real containers, carried on by a real supervisor; the client only ever speaks HTTP.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from docker import DockerClient

from scopecraft.api.access import read_token
from scopecraft.sessions.checking import executions
from scopecraft.sessions.setup_container import CANCELLED
from tests.support.command_line import PROGRAM
from tests.support.gated import gated
from tests.support.missions import Desk
from tests.support.played import Shop, check_invariants, opened_shop
from tests.support.repos import git
from tests.support.supervisors import running_supervisor
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image]

PAGE = "http://localhost:3000"
PLAN = """
while [ -e /mission/artifacts/hold ]; do sleep 0.1; done
echo "reading the request"
[ -e /mission/artifacts/tried ] || { touch /mission/artifacts/tried; echo 'no idea' >&2; exit 3; }
echo "the plan of $SCOPECRAFT_SESSION" >/mission/artifacts/plan.md
"""
BUILD = """
echo hello >hello.txt; git add hello.txt; git commit -qm 'Say hello'
echo done >/mission/artifacts/result.md
"""
WORKFLOW = {
    "workflow_id": "plan-build",
    "name": "Plan and build",
    "steps": [
        {
            "step_id": "plan",
            "name": "Plan",
            "type": "agent",
            "dialect": "planner",
            "workspaceMode": "document",
            "inputArtifact": "raw-input.md",
            "outputArtifact": "plan.md",
            "prompt": "Write the plan.",
        },
        {"step_id": "review-plan", "name": "Review the plan", "type": "human-gate", "reviewArtifact": "plan.md"},
        {
            "step_id": "build",
            "name": "Build",
            "type": "agent",
            "dialect": "builder",
            "inputArtifact": "plan.md",
            "outputArtifact": "result.md",
            "prompt": "Build it.",
        },
        {"step_id": "review-code", "name": "Review the code", "type": "code-review"},
    ],
}


@dataclass
class Page:
    """What a page that polls knows: a mission's id."""

    client: httpx.Client
    mission: str = ""

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The data of an answer that went well."""
        answer = self.client.request(method, f"/api/missions{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    def refused(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        answer = self.client.request(method, f"/api/missions{path}", json=body)
        return answer.status_code, answer.json()["error"]

    @property
    def shown(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", f"/{self.mission}")
        return found

    def until_status(self, status: str) -> dict[str, Any]:
        until(lambda: self.shown["status"] == status, 90, every=0.2, what=f"the mission to be {status}")
        return self.shown


@pytest.fixture
def shop(clean_environment: Path, engine: DockerClient, agent_image: str) -> Iterator[Shop]:
    with opened_shop(clean_environment / "shop", engine) as shop:
        text = '[container]\nnetwork = "none"\nstop_grace = 2\n'
        for name, script in (("planner", PLAN), ("builder", BUILD)):
            text += f'[agents.{name}]\ndialect = "plain"\ncommand = ["sh", "-c", {json.dumps(script)}]\n'
        shop.home.settings_file.write_text(text)
        folder = shop.home.config / "workflows"
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / "workflows.json").write_text(json.dumps({"workflows": [WORKFLOW]}))
        yield shop


@pytest.fixture
def page(shop: Shop) -> Iterator[Page]:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port = asked.getsockname()[1]
    options = ("serve", "--port", str(port), "--auth", "none", "--allow-origin", PAGE)
    with (
        running_supervisor(program=(*PROGRAM, *options)),
        httpx.Client(base_url=f"http://localhost:{port}", headers={"Origin": PAGE}, timeout=120) as client,
    ):
        yield Page(client)


def test_a_page_of_the_earlier_system_takes_a_mission_through_its_workflow(shop: Shop, page: Page) -> None:
    asked = page.client.options("/api/missions")
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (204, PAGE)
    body = {"title": "Say hello", "type": "feature", "rawInput": "to everybody", "workflowId": "plan-build"}
    page.mission = page.ask("POST", "", body)["mission_id"]
    assert page.shown["status"] == "ready"
    assert page.ask("GET", f"/{page.mission}/git-status")["hasChanges"] is False

    _plan(page, shop)
    path = f"/{page.mission}/artifacts/plan.md"
    page.ask("PUT", path, {"content": "a better plan\n"})
    assert page.shown["artifacts"]["plan.md"] == "a better plan\n"

    page.ask("POST", f"/{page.mission}/continue")  # passes the gate, and the next agent begins by itself
    built = page.until_status("waiting_code_review")
    assert [run["step_id"] for run in built["runs"]] == ["plan", "plan", "build"]
    assert page.ask("GET", f"/{page.mission}/git-status")["files"] == [{"path": "hello.txt", "status": "added"}]
    assert "+hello" in page.ask("GET", f"/{page.mission}/git-diff/hello.txt")["diff"]
    _check(page)

    page.ask("POST", f"/{page.mission}/continue")
    (row,) = page.ask("GET", "")
    assert (row["status"], row["current_step_name"]) == ("completed", "Complete")
    assert page.shown["current_step"] == 4
    assert git(shop.folder, "log", "-1", "--format=%s", "feature/say-hello") == "Say hello"
    page.ask("DELETE", f"/{page.mission}")
    assert page.ask("GET", "") == []
    assert shop.sc("restore", "say-hello").code == 0
    assert page.shown["artifacts"]["plan.md"] == "a better plan\n"
    check_invariants(shop)


def _plan(page: Page, shop: Shop) -> None:
    """The agent fails at first; while it works, nothing else can be done."""
    page.ask("POST", f"/{page.mission}/continue")
    failed = page.until_status("failed")
    assert failed["last_error"].startswith("Agent exited with code 3")
    assert "no idea" in failed["last_error"]
    assert [run["exit_code"] for run in failed["runs"]] == [3]
    (active,) = shop.home.missions_active.glob("m-*--say-hello")
    hold = active / "artifacts" / "hold"
    hold.touch()
    page.ask("POST", f"/{page.mission}/continue")
    assert page.refused("POST", f"/{page.mission}/continue") == (409, "say-hello is at work: Plan")
    assert "current_log_tail" in page.shown
    assert page.refused("DELETE", f"/{page.mission}")[0] == 409
    hold.unlink()
    planned = page.until_status("waiting_human")
    assert "current_log_tail" not in planned
    assert planned["artifacts"]["plan.md"].startswith("the plan of r-")
    assert [len(run["container_id"]) for run in planned["runs"]] == [64, 64]


def _check(page: Page) -> None:
    """A command in the worktree: its output while it runs, and how it ended, also at its time limit."""
    run = page.ask("POST", f"/{page.mission}/run-command", {"command": "cat hello.txt; sleep 2; exit 4"})
    path = f"/{page.mission}/execution/{run['executionId']}"
    assert page.ask("GET", path)["status"] == "running"
    until(lambda: "hello" in page.ask("GET", path)["output"], 60, every=0.2, what="the output of the command")
    until(lambda: page.ask("GET", path)["status"] != "running", 60, every=0.2, what="the command to end")
    ended = page.ask("GET", path)
    assert (ended["status"], ended["exitCode"], ended["id"]) == ("failed", 4, run["executionId"])
    assert not ended["output"].startswith("$ ") and "exit code" not in ended["output"], "what it printed, and no more"
    assert [each["id"] for each in page.ask("GET", f"/{page.mission}/executions")] == [run["executionId"]]
    late = page.ask("POST", f"/{page.mission}/run-command", {"command": "sleep 60", "timeout": 1000})
    path = f"/{page.mission}/execution/{late['executionId']}"
    until(lambda: page.ask("GET", path)["status"] == "failed", 60, every=0.2, what="the command to be ended")


def test_a_command_ends_with_the_supervisor_that_runs_it(shop: Shop) -> None:
    standing = gated(Desk(shop.folder))
    with running_supervisor() as supervisor:
        address = supervisor.ask("health")["http"]["address"]
        with httpx.Client(base_url=address, timeout=60) as client:
            assert client.get("/health").status_code == 200
            client.headers["Authorization"] = f"Bearer {read_token(shop.home)}"
            page = Page(client, standing.id)
            run = page.ask("POST", f"/{standing.id}/run-command", {"command": "echo begun; sleep 300"})["executionId"]
            path = f"/{standing.id}/execution/{run}"
            until(lambda: "begun" in page.ask("GET", path)["output"], 60, every=0.2, what="the command to have begun")
        supervisor.terminate()
        supervisor.wait_gone()
    assert shop.containers() == []
    (ended,) = executions(standing.context, standing.mission)
    assert (ended.status, ended.exit_code, ended.error) == ("failed", None, CANCELLED)
