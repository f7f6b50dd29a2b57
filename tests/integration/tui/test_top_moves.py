"""A person's moves in `sc top`: what is shown is what is approved, a reason goes along, and an agent is refused."""

from __future__ import annotations

import hashlib

import pytest

from scopecraft.missions.recipe import load_workflow
from scopecraft.model.mission import Mission
from tests.support.dashboard import Seat, seated
from tests.support.gated import gated
from tests.support.missions import Desk
from tests.support.repos import git


def events(mission_id: str, desk: Desk) -> list[str]:
    from scopecraft.state.store import Store

    with Store.open(desk.home.root) as store:
        return [event.kind for event in store.events(mission_id=mission_id)]


def test_what_is_shown_is_what_is_approved(desk: Desk) -> None:
    mission = gated(desk).at_plan()
    mission.write("plan.md", "the first plan\n[b]not bold[/b] \x1b[31m\n")

    async def visit(seat: Seat) -> None:
        await seat.sees("waits for your review")
        await seat.press("a")
        await seat.sees("the first plan", "[b]not bold[/b] \\x1b[31m", "approve Review plan of fix-login")
        mission.write("plan.md", "another plan\n")
        await seat.press("y")
        await seat.sees("plan.md has changed since you were shown it", "look again")
        assert approval(mission.mission) is None
        await seat.press("a", "a")
        await seat.sees("another plan")
        await seat.press("n")
        await seat.until(lambda: "another plan" not in seat.text())
        assert approval(mission.mission) is None
        await seat.press("enter")
        await seat.sees("Review plan", "[1 Log]")
        await seat.press("a")
        await seat.sees("another plan", "y yes")
        await seat.press("y")
        await seat.until(lambda: approval(mission.mission) is not None, "the approval")
        await seat.sees("Review plan of fix-login is approved", "approved by Tester")

    seated(visit)
    assert approval(mission.mission) == hashlib.sha256(b"another plan\n").hexdigest()


def test_code_is_approved_with_its_changes_in_sight(desk: Desk) -> None:
    mission = gated(desk).at_plan()
    (mission.worktree / "greeting.py").write_text("print('hi')\n")
    (mission.worktree / ".envrc").write_text("echo hi\n")
    for step in ("review-plan", "build"):
        mission.do(step)

    async def visit(seat: Seat) -> None:
        await seat.sees("waits for your code review")
        await seat.press("enter")
        await seat.sees("Review code")
        await seat.press("3")
        await seat.sees("not committed: 2 files", "greeting.py", ".envrc  (runs on your machine)", "print('hi')")
        await seat.press("right_square_bracket")
        await seat.press("a")
        await seat.sees("approve Review code of fix-login", "t take the rest into a commit of yours", "o only what is")
        await seat.press("t")
        await seat.until(lambda: mission.mission.is_frozen or approved_commit(mission.mission), "the approval")

    seated(visit)
    assert "greeting.py" in git(desk.folder, "ls-tree", "--name-only", f"feature/{mission.mission.slug}")


def test_a_rejection_needs_a_reason_which_the_agent_gets(desk: Desk) -> None:
    mission = gated(desk).at_plan()

    async def visit(seat: Seat) -> None:
        await seat.sees("waits for your review")
        await seat.press("r")
        await seat.sees("Reject Review plan of fix-login")
        await seat.press("ctrl+s")
        assert "gate_rejected" not in events(mission.id, desk)
        await seat.press("r")
        await seat.sees("Reject Review plan of fix-login")
        await seat.type("no tests")
        await seat.press("ctrl+s")
        await seat.until(lambda: "gate_rejected" in events(mission.id, desk), "the rejection")
        await seat.sees("Review plan of fix-login is rejected")

    seated(visit, columns=80, rows=24)
    state = mission.mission.state("plan")
    assert state is not None and state.feedback == ("no tests",)
    assert load_workflow(mission.folder).id == "planned"


def test_inside_a_session_of_an_agent_nothing_is_decided(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    mission = gated(desk).at_plan()
    monkeypatch.setenv("SCOPECRAFT_SESSION", "r-1")

    async def visit(seat: Seat) -> None:
        await seat.sees("waits for your review")
        for key in ("a", "r", "c", "C", "e"):
            await seat.press(key)
            await seat.until(lambda: seat.top._notifications, f"a refusal of {key}")
            assert "is for a person" in next(iter(seat.top._notifications)).message
            seat.top.clear_notifications()

    seated(visit)
    assert events(mission.id, desk) == []


def test_a_new_mission_is_made_from_the_form(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk.folder)

    async def visit(seat: Seat) -> None:
        await seat.sees("no mission yet")
        await seat.press("n")
        await seat.sees("New mission", "shop", "feature")
        await seat.type("Add search")
        await seat.press("enter")
        await seat.type("find it all")
        await seat.press("tab", "space", "ctrl+s")
        await seat.sees("add-search is made", "Add search")

    seated(visit, columns=80, rows=24)
    assert "find it all" in desk.done("mission", "cat", "add-search", "raw-input.md").out


def approval(mission: Mission) -> str | None:
    state = mission.state("review-plan")
    return state.approval.sha256 if state is not None and state.approval is not None else None


def approved_commit(mission: Mission) -> str | None:
    state = mission.state("review-code")
    return state.approval.commit if state is not None and state.approval is not None else None
