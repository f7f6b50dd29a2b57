"""Section 1 of the HTTP contract, row by row: what clients of the earlier system send, and exactly what they get."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.gated import Gated, gated
from tests.support.missions import make_desk
from tests.support.repos import git, make_repository
from tests.support.served import served

META = {"mission_id", "title", "type", "workflow_id", "current_step", "status", "created_at", "updated_at", "errors"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
IDEA = {"title": "Say hello", "type": "feature", "rawInput": "say hello to a person\n"}


@dataclass(frozen=True, slots=True)
class Counter:
    """A served home as a client stands before it, with a mission whose first step may begin."""

    client: httpx.Client
    gated: Gated

    @property
    def mission(self) -> str:
        return f"/api/missions/{self.gated.id}"

    def answered(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """The status and the data, or what is said to be wrong; the envelope is looked at here."""
        answer = self.client.request(method, path, json=body) if body is not None else self.client.request(method, path)
        row = answer.json()
        assert answer.headers["content-type"] == "application/json"
        assert row["success"] is answer.is_success, row
        if answer.is_success:
            assert row == {"success": True, "data": row["data"], "error": None}
            return answer.status_code, row["data"]
        assert (row["data"], set(row)) == (None, {"success", "data", "error", "hint"})
        return answer.status_code, row["error"]

    def done(self, method: str, path: str, body: object = None) -> Any:
        status, data = self.answered(method, path, body)
        assert status < 300, data
        return data


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    mission = gated(make_desk(tmp_path))
    with served() as server:
        yield Counter(server.client, mission)


EMPTY = "title: Title is required, rawInput: Raw input is required"
NOBODY = "m-0123456789abcdef"
# method, path below /api/missions, body, status, message; {id} is a mission that is there
REFUSED: tuple[tuple[str, str, object, int, str], ...] = (
    (
        "POST",
        "",
        {**IDEA, "title": "", "rawInput": ""},
        400,
        "title: Title is required, rawInput: Raw input is required",
    ),
    ("POST", "", {"title": "x", "type": "fix"}, 400, "rawInput: Required"),
    ("POST", "", {}, 400, "title: Required, type: Required, rawInput: Required"),
    ("POST", "", {**IDEA, "title": "x", "workflowId": "nope"}, 400, "no workflow is called 'nope'"),
    ("POST", "", {**IDEA, "project": "nope"}, 400, "project: no project is called 'nope'"),
    ("POST", "", {**IDEA, "title": "Fix login"}, 409, "fix-login is there already: fix-login"),
    ("GET", "/nope", None, 404, "Mission not found: nope"),
    ("GET", f"/{NOBODY}", None, 404, f"Mission not found: {NOBODY}"),
    ("DELETE", f"/{NOBODY}", None, 404, f"Mission not found: {NOBODY}"),
    ("PUT", f"/{NOBODY}/artifacts/plan.md", {}, 400, "content: Required"),
    ("PUT", f"/{NOBODY}/artifacts/plan.md", {"content": ""}, 404, f"Mission not found: {NOBODY}"),
    ("PUT", "/{id}/artifacts/%2e%2e/mission.json", {"content": ""}, 400, ""),
    ("POST", f"/{NOBODY}/continue", None, 404, f"Mission not found: {NOBODY}"),
    ("POST", f"/{NOBODY}/mark-completed", None, 404, f"Mission not found: {NOBODY}"),
    ("GET", f"/{NOBODY}/git-status", None, 404, f"Mission not found: {NOBODY}"),
    ("GET", f"/{NOBODY}/git-diff", None, 404, f"Mission not found: {NOBODY}"),
    ("GET", "/{id}/git-diff/a/%2e%2e/%2e%2e/b", None, 400, "path: no path within the worktree"),
    ("POST", "/{id}/run-command", {}, 400, "Command is required"),
    ("POST", "/{id}/run-command", None, 400, "Command is required"),
    ("POST", "", None, 400, "a JSON body is required"),
    ("POST", "/{id}/run-command", {"command": " "}, 400, "Command is required"),
    ("POST", f"/{NOBODY}/run-command", {"command": "true"}, 404, f"Mission not found: {NOBODY}"),
    ("GET", "/{id}/execution/nope", None, 404, "Execution not found: nope"),
    ("GET", "/{id}/gate", None, 409, "fix-login does not wait for a review just now"),
    ("POST", "/{id}/reject", {"reason": "no"}, 409, "fix-login does not wait for a review just now"),
    ("POST", "/{id}/retry", None, 409, "no step of fix-login has failed"),
    ("POST", "/{id}/reopen", None, 409, "fix-login is not complete: ready to go on"),
    ("POST", "/{id}/nope", None, 404, "Cannot POST /api/missions/{id}/nope"),
)


def test_what_is_refused_is_refused_in_the_words_of_the_contract(counter: Counter) -> None:
    wrong = []
    for method, path, body, status, message in REFUSED:
        asked = f"/api/missions{path.replace('{id}', counter.gated.id)}"
        expected = (status, message.replace("{id}", counter.gated.id))
        got = counter.answered(method, asked, body)
        if got != expected and not (message == "" and got[0] == status):
            wrong.append((method, path, body, expected, got))
    assert wrong == []


def test_a_mission_is_made_shown_listed_and_removed(counter: Counter) -> None:
    status, made = counter.answered("POST", "/api/missions", {**IDEA, "title": "And / or", "ignored": 1})
    assert status == 201
    assert set(made) >= META
    assert re.fullmatch(r"m-[0-9a-f]{16}", made["mission_id"])
    assert (made["title"], made["type"], made["status"]) == ("And or", "feature", "ready")
    assert made["workflow_id"] == counter.done("GET", "/api/workflows")[0]["workflow_id"]
    assert made["current_step"] == 0
    assert made["errors"] == []
    assert "last_error" not in made
    assert TIME.fullmatch(made["created_at"])

    shown = counter.done("GET", f"/api/missions/{made['mission_id']}")
    assert {*META, "workflow", "artifacts", "runs"} <= set(shown)
    assert "current_log_tail" not in shown
    assert shown["artifacts"] == {"raw-input.md": IDEA["rawInput"]}
    assert shown["runs"] == []
    assert set(shown["workflow"]) >= {"workflow_id", "name", "steps"}
    assert [step["type"] for step in shown["workflow"]["steps"]].count("agent") == 4
    assert shown["workflow"]["steps"][-1]["type"] == "code-review"
    assert {"name", "command"} <= set(shown["workflow"]["steps"][-1]["quickCommands"][0])

    assert counter.done("DELETE", f"/api/missions/{made['mission_id']}") is None
    assert counter.answered("GET", f"/api/missions/{made['mission_id']}")[0] == 404
    counter.gated.desk.done("restore", made["task"])
    assert counter.done("GET", f"/api/missions/{made['mission_id']}")["artifacts"] == shown["artifacts"]


def test_the_default_workflow_comes_first_and_all_have_their_steps(counter: Counter) -> None:
    workflows = counter.done("GET", "/api/workflows")
    ids = [workflow["workflow_id"] for workflow in workflows]
    assert ids[0] == "raw-research-plan-implement"
    assert {"standard-feature", "oneshot"} <= set(ids)
    standard = next(workflow for workflow in workflows if workflow["workflow_id"] == "standard-feature")
    assert [step["step_id"] for step in standard["steps"]] == [
        "cleanup",
        "review-structured",
        "research",
        "review-research",
        "planning",
        "review-plan",
        "implementation",
        "review-impl",
    ]


def test_an_artifact_is_put_and_what_it_was_is_kept(counter: Counter) -> None:
    counter.gated.at_plan()
    path = f"{counter.mission}/artifacts/plan.md"
    assert counter.done("PUT", path, {"content": "a better plan\n"}) is None
    assert counter.done("GET", counter.mission)["artifacts"]["plan.md"] == "a better plan\n"
    seen = hashlib.sha256(b"the plan\n").hexdigest()
    status, message = counter.answered("PUT", path, {"content": "from the old one", "expected": seen})
    assert (status, message) == (409, "plan.md of fix-login was changed at the same time")
    counter.done("PUT", f"{counter.mission}/artifacts/notes/new.md", {"content": "é", "expected": None})
    assert (counter.gated.folder / "artifacts" / "notes" / "new.md").read_text() == "é"


def test_a_gate_is_passed_for_exactly_what_was_seen(counter: Counter) -> None:
    counter.gated.at_plan()
    shown = counter.done("GET", f"{counter.mission}/gate")
    assert shown["step"] == "review-plan"
    assert shown["content"] == "the plan\n"
    assert shown["seen"] == {"sha256": hashlib.sha256(b"the plan\n").hexdigest(), "commit": None, "tree": None}
    counter.gated.write("plan.md", "another plan\n")
    approval = {"step": "review-plan", "seen": shown["seen"]}
    assert counter.answered("POST", f"{counter.mission}/approve", approval) == (
        409,
        "plan.md has changed since you were shown it",
    )
    rejected = counter.done("POST", f"{counter.mission}/reject", {"reason": "say how it is tested"})
    assert rejected["status"] == "failed", "the step before begins again, and nothing here can start an agent"
    assert [row["message"] for row in rejected["refusals"]] == [rejected["last_error"]]
    assert counter.gated.mission.state("plan").feedback == ("say how it is tested",)  # type: ignore[union-attr]


def test_a_code_review_shows_the_work_and_passes_it(counter: Counter) -> None:
    for step in ("plan", "build"):
        counter.gated.write("plan.md", "the plan\n")
        counter.gated.do(step)
        if step == "plan":
            counter.done("POST", f"{counter.mission}/approve")
    worktree = counter.gated.worktree
    (worktree / "hello.py").write_text("print('hello')\n")
    git(worktree, "add", "hello.py")
    git(worktree, "commit", "-qm", "Say hello")
    (worktree / "new file.txt").write_text("not yet tracked\n")

    assert counter.done("GET", f"{counter.mission}/git-status") == {
        "hasChanges": True,
        "files": [{"path": "hello.py", "status": "added"}, {"path": "new file.txt", "status": "added"}],
        "summary": "2 files changed, 2 added, 0 deleted lines",
    }
    whole = counter.done("GET", f"{counter.mission}/git-diff")["diff"]
    assert "+print('hello')" in whole
    assert "+not yet tracked" in whole
    assert "hello.py" not in counter.done("GET", f"{counter.mission}/git-diff/new%20file.txt")["diff"]
    assert counter.done("GET", f"{counter.mission}/git-diff/:%28glob%29*") == {"diff": ""}, "a path, no pattern"

    gate = counter.done("GET", f"{counter.mission}/gate")
    assert [change["path"] for change in gate["work"]["uncommitted"]] == ["new file.txt"]
    assert gate["seen"]["commit"] == git(worktree, "rev-parse", "HEAD")
    assert counter.answered("POST", f"{counter.mission}/approve", {"seen": gate["seen"]}) == (
        409,
        "work in the worktree of fix-login is not committed",
    )
    passed = counter.done("POST", f"{counter.mission}/approve", {"seen": gate["seen"], "commit": True})
    assert (passed["status"], passed["current_step"]) == ("completed", 4)
    assert counter.done("GET", counter.mission)["current_step_name"] == "Complete"
    assert git(worktree, "status", "--porcelain") == ""

    merged = counter.done("POST", f"{counter.mission}/merge")
    assert (merged["merged"], merged["into"]) == (True, "main")
    assert (counter.gated.desk.folder / "new file.txt").read_text() == "not yet tracked\n"
    assert counter.done("POST", f"{counter.mission}/reopen")["status"] == "waiting_code_review"


def test_continue_passes_a_gate_and_changes_nothing_while_an_agent_is_at_work(counter: Counter) -> None:
    counter.gated.at_plan()
    status, message = counter.answered("POST", f"{counter.mission}/continue")
    assert status in (400, 409, 503), "the gate is passed; what kept the next step from its beginning is said"
    assert counter.gated.mission.state("review-plan").phase == "done"  # type: ignore[union-attr]
    assert message == counter.done("GET", counter.mission)["last_error"]

    counter.done("POST", f"{counter.mission}/back", {"step": "plan"})
    counter.gated.give("plan")
    before = counter.gated.mission
    assert counter.answered("POST", f"{counter.mission}/retry") == (409, "fix-login is at work: Plan")
    assert counter.answered("POST", f"{counter.mission}/mark-completed") == (409, "fix-login is at work: Plan")
    assert counter.gated.mission == before


def test_a_mission_is_forced_to_be_complete(counter: Counter) -> None:
    done = counter.done("POST", f"{counter.mission}/mark-completed")
    assert (done["status"], done["current_step"]) == ("completed", 4)
    assert counter.done("POST", f"{counter.mission}/mark-completed")["status"] == "completed"


def test_speech_is_not_understood_and_that_is_said(counter: Counter) -> None:
    assert counter.done("GET", "/api/transcribe/status") == {"available": False}
    assert counter.answered("POST", "/api/transcribe") == (400, "No audio file provided")
    answer = counter.client.post("/api/transcribe", files={"audio": b"RIFF"})
    assert (answer.status_code, answer.json()["error"]) == (503, "Transcription is not available")


def test_without_an_engine_there_is_nothing_to_clean_up(tmp_path: Path) -> None:
    make_desk(tmp_path)
    with served(DOCKER_HOST=f"unix://{tmp_path}/no.sock") as server:
        answer = server.client.delete("/api/system/cleanup-containers")
    assert (answer.status_code, answer.json()["error"]) == (503, "Docker is not available")


@pytest.mark.engine
def test_an_engine_without_containers_of_ours_has_nothing_to_clean_up(counter: Counter) -> None:
    assert counter.done("DELETE", "/api/system/cleanup-containers") == {
        "removed": 0,
        "message": "No containers to clean up",
    }


def test_several_projects_are_named_to_who_chooses_none(counter: Counter, tmp_path: Path) -> None:
    other = make_repository(tmp_path / "other")
    counter.gated.desk.done("link", str(other))
    assert counter.answered("POST", "/api/missions", IDEA) == (400, "project: Required, one of shop, other")
    assert counter.done("POST", "/api/missions", {**IDEA, "project": "other"})["project"] == "other"
    counter.gated.desk.done("config", "set", "http.project", "other")
    assert counter.done("POST", "/api/missions", {**IDEA, "title": "Again"})["project"] == "other"
