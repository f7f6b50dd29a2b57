"""A mission through agents and gates, by the commands that a person types; the agents are scripts in containers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from scopecraft.sessions.gate_content import gate_of
from scopecraft.sessions.gates import approve
from tests.support.gated import Gated, gated
from tests.support.missions import Desk
from tests.support.played import STARTED, Shop, check_invariants, kill_after, opened_shop
from tests.support.repos import git
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image]

# The first time it forgets to write its plan; then it keeps what it was told, and tries to approve its own work.
PLAN = """
cat >/mission/artifacts/prompt-$SCOPECRAFT_SESSION.txt
while [ -e /mission/artifacts/hold ]; do sleep 0.1; done
[ -e /mission/artifacts/tried ] || { touch /mission/artifacts/tried; exit 0; }
find / -xdev \\( -name mission.json -o -name scopecraft.db \\) >/mission/artifacts/reached 2>/dev/null
echo '{"status": "approved"}' >/mission/artifacts/approval.json
echo "the plan of $SCOPECRAFT_SESSION" >/mission/artifacts/plan.md
"""
BUILD = f"""
{STARTED}
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
        (shop.folder / "idea.md").write_text("# Say hello\n\nTo everybody who comes in.\n")
        yield shop


def said(shop: Shop, *arguments: str) -> dict[str, Any]:
    """What `--json` tells of a move that went well."""
    done = shop.sc("mission", *arguments, "--json")
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def after(shop: Shop, move: dict[str, Any]) -> dict[str, Any]:
    """The mission's record, once the session that the move began has been settled."""
    (session_id,) = move["begun"]
    shop.wait_over(session_id)
    until(lambda: all(row["state"] == "ended" for row in shop.rows()), 60, every=0.2, what="it to be settled")
    return shop.mission(move["task"])


def test_an_idea_goes_through_a_failure_a_rejection_and_two_gates(shop: Shop) -> None:
    made = said(shop, "new", "-f", "idea.md", "--workflow", "plan-build")
    assert (made["task"], made["status"]) == ("say-hello", "ready")
    assert not shop.worktree("say-hello").exists()

    tried = after(shop, said(shop, "continue", "say-hello"))
    assert (tried["status"], tried["current_step"]) == ("failed", 0)
    assert "plan.md was not written" in tried["last_error"]
    planned = after(shop, said(shop, "retry", "say-hello"))
    assert (planned["status"], planned["current_step"]) == ("waiting_human", 1)

    (active,) = shop.home.missions_active.glob("m-*--say-hello")
    hold = active / "artifacts" / "hold"
    hold.touch()
    busy = said(shop, "reject", "say-hello", "-m", "say it louder")
    refused = shop.sc("mission", "continue", "say-hello")
    assert (refused.code, "is at work: Plan" in refused.err) == (3, True), refused.err
    hold.unlink()
    again = after(shop, busy)
    assert again["status"] == "waiting_human"
    (run_id,) = busy["begun"]
    told = shop.sc("mission", "cat", "say-hello", f"prompt-{run_id}.txt").out
    assert "Write the plan." in told and "say it louder" in told

    # what the agent claimed, and all that it could reach of the home
    assert shop.sc("mission", "cat", "say-hello", "reached").out == ""
    assert shop.mission("say-hello")["steps"][1]["approval"] is None

    built = after(shop, said(shop, "approve", "say-hello", "--yes"))
    assert (built["status"], built["current_step"]) == ("waiting_code_review", 3)
    assert built["steps"][1]["approval"]["artifact"] == "plan.md"
    assert git(shop.folder, "log", "-1", "--format=%s", "feature/say-hello") == "Say hello"

    # a plan that is changed after its approval has to be read again; the code that was built stays
    shop.sc("mission", "put", "say-hello", "plan.md", "-f", "idea.md")
    opened = said(shop, "approve", "say-hello", "review-code", "--yes")
    assert (opened["status"], opened["current_step"]) == ("waiting_human", 1)
    done = said(shop, "approve", "say-hello", "--yes")
    assert (done["status"], done["approved"]["artifact"]) == ("completed", "plan.md")
    (folder,) = shop.home.missions_completed.glob("m-*--say-hello")
    assert (folder / "versions" / "plan.md").is_dir()

    assert said(shop, "reopen", "say-hello")["status"] == "waiting_code_review"
    assert said(shop, "back", "say-hello", "build")["commands"] == ["sc mission continue say-hello"]
    assert said(shop, "complete", "say-hello")["status"] == "completed"
    kinds = [event["kind"] for event in events(shop)]
    assert [kinds.count(kind) for kind in ("mission_created", "gate_approved", "gate_rejected")] == [1, 3, 1]


def events(shop: Shop) -> list[dict[str, Any]]:
    done = shop.sc("events", "--json")
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def test_whoever_is_killed_while_approving_has_approved_once_and_begun_nothing_twice(shop: Shop) -> None:
    """Killed at another moment each time, and said again: the mission comes to its end all the same."""
    for number, delay in enumerate((0.2, 0.4, 0.6, 0.9)):
        task = f"task-{number}"
        at_its_plan(shop, task)
        kill_after(shop.begin("mission", "approve", task, "--yes"), delay)
        until(partial(is_built, shop, task), 120, every=0.2, what=f"{task} to be built")
        record = shop.mission(task)
        assert record["steps"][1]["approval"]["artifact"] == "plan.md"
        started = shop.sc("mission", "cat", task, "started").out.split()
        assert len(started) == len(set(started)), started
    approvals = [event["mission_id"] for event in events(shop) if event["kind"] == "gate_approved"]
    assert len(approvals) == len(set(approvals))
    check_invariants(shop)


def test_what_a_person_approves_begins_with_the_keys_that_they_have(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not with those of the supervisor, which hears of it too."""
    monkeypatch.delenv("SCOPECRAFT_SUPERVISOR")
    shop.home.settings_file.write_text('[container]\nnetwork = "none"\nstop_grace = 2\n')
    assert shop.sc("up").code == 0
    try:
        for number in range(3):
            mission = gated(Desk(shop.folder), f"task-{number}").at_plan()
            done = shop.sc("mission", "approve", f"task-{number}", "--yes", "--json", ANTHROPIC_API_KEY="sk-ant-of-ann")
            assert done.code == 0, done.err
            state = mission.mission.state("build")
            assert state is not None and json.loads(done.out)["begun"] == [state.run_id]
            assert shop.sc("stop", f"task-{number}", "--now").code == 0
    finally:
        assert shop.sc("down").code == 0


def test_what_a_killed_person_approved_is_begun_by_the_supervisor(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    at_its_plan(shop, "say-hello")
    mission = Gated(Desk(shop.folder), shop.mission("say-hello")["mission_id"])
    monkeypatch.delenv("SCOPECRAFT_SUPERVISOR")
    assert shop.sc("up").code == 0
    try:
        approve(mission.context, mission.id, gate_of(mission.context, mission.mission).seen, "ann")
        until(lambda: mission.mission.status == "waiting_code_review", 25, every=0.2, what="the build")
    finally:
        assert shop.sc("down").code == 0


def at_its_plan(shop: Shop, task: str) -> None:
    said(shop, "new", task, "-f", "idea.md", "--workflow", "plan-build")
    (folder,) = shop.home.missions_active.glob(f"m-*--{task}")
    (folder / "artifacts" / "tried").touch()  # it does not forget
    assert after(shop, said(shop, "continue", task))["status"] == "waiting_human"


def is_built(shop: Shop, task: str) -> bool:
    """As a person would go on who sees how it stands."""
    match shop.mission(task)["status"]:
        case "waiting_code_review":
            return True
        case "waiting_human":
            shop.sc("mission", "approve", task, "--yes")
        case "failed":
            shop.sc("mission", "retry", task)
        case "ready" | "running_code_agent":
            shop.sc("mission", "continue", task)
    return False
