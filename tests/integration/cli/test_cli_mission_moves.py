"""`sc mission new` and the moves of a person: what is said, what is refused, and that each happens once."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scopecraft.model.event import EventKind
from scopecraft.sessions.gate_content import gate_of
from scopecraft.sessions.gates import approve
from tests.support.command_line import PROGRAM, Said, environment
from tests.support.gated import Gated, gated
from tests.support.missions import Desk, make_desk
from tests.support.played import kill_after
from tests.support.repos import commit, git

ONESHOT = ("--workflow", "oneshot")
# arguments, text, exit code, and a part of what is said
REFUSED: tuple[tuple[tuple[str, ...], str, int, str], ...] = (
    (("Fix the login",), "x", 3, "fix-the-login is there already"),
    (("fix-the-login",), "x", 3, "fix-the-login is there already"),
    ((), "", 2, "needs a title"),
    ((), "---\n***\n", 2, "needs a title"),
    (("a/b",), "x", 2, "holds no '/'"),
    (("Other",), "x\0y", 2, "NUL"),
    (("Other",), "\udcff", 2, "not UTF-8"),
    (("Other", "--base", "nowhere"), "x", 3, "no commit 'nowhere'"),
    (("Other", "--workflow", "nowhere"), "x", 3, "nowhere"),
    (("Other", "-f", "nowhere.md"), "x", 2, "nowhere.md cannot be read"),
    (("Other", "--type", "story"), "x", 2, "story"),
    (("Other", "--start"), " \n", 2, "without a text cannot begin"),
)


@pytest.fixture
def desk(clean_environment: Path) -> Desk:
    return make_desk(clean_environment)


def new(desk: Desk, *arguments: str, text: str = "", **env: str) -> Said:
    done = subprocess.run(
        [*PROGRAM, "mission", "new", *ONESHOT, *arguments],
        cwd=desk.folder,
        env=environment(**env),
        input=text.encode("utf-8", "surrogateescape"),
        capture_output=True,
    )
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())


def as_json(said: Said) -> dict[str, Any]:
    assert said.code == 0, said.err
    found: dict[str, Any] = json.loads(said.out)
    return found


def at_code(desk: Desk, slug: str = "fix-login") -> Gated:
    """All that is left is the review of its code."""
    mission = gated(desk, slug).at_plan()
    approve(mission.context, mission.id, gate_of(mission.context, mission.mission).seen, "ann")
    mission.do("build")
    commit(mission.worktree, "login.py", f"def login(): ...  # {slug}\n")
    return mission


def kinds(mission: Gated, *wanted: EventKind) -> list[str]:
    return [event.kind for event in mission.context.store.events(mission_id=mission.id) if event.kind in wanted]


class TestNew:
    def test_a_text_becomes_a_mission_that_nothing_has_begun_for(self, desk: Desk) -> None:
        before = git(desk.folder, "for-each-ref")
        said = new(desk, "--type", "fix", text="\n## Fix the *login* in src/app.py\n\nIt forgets names.\n")
        assert said.code == 0, said.err
        assert "Implementation can begin: sc mission continue fix-the-login" in said.err
        row = as_json(desk.sc("mission", "show", said.out.strip(), "--json"))
        assert (row["title"], row["type"], row["status"]) == ("Fix the *login* in src app.py", "fix", "ready")
        assert git(desk.folder, "for-each-ref") == before
        assert not (desk.home.worktrees / "shop").exists()
        assert desk.sc("mission", "cat", said.out.strip(), "raw-input.md").out.startswith("\n## Fix the *login*")

    def test_its_base_is_of_now_and_it_keeps_its_recipe(self, desk: Desk) -> None:
        base = git(desk.folder, "rev-parse", "HEAD")
        made = as_json(new(desk, "Fix the login", "--json", text="x"))
        commit(desk.folder, "later.txt")
        (folder,) = desk.home.missions_active.glob(f"{made['mission_id']}--fix-the-login")
        kept = json.loads((folder / "mission.json").read_text())
        assert (kept["base"], kept["branch"], kept["workflow_id"]) == (base, "feature/fix-the-login", "oneshot")
        assert kept["port_base"] is not None
        assert [step["step_id"] for step in kept["steps"]] == ["implementation", "review-impl"]
        assert json.loads((folder / "workflow.json").read_text())["workflow_id"] == "oneshot"

    def test_a_draft_waits_for_its_text(self, desk: Desk) -> None:
        assert as_json(new(desk, "Fix the login", "--json"))["status"] == "draft"
        said = desk.sc("mission", "continue", "fix-the-login")
        assert said.code == 3
        assert "does not say yet what is to be done" in said.err
        assert "sc mission edit fix-the-login raw-input.md" in said.err

    def test_a_part_is_of_a_mission_of_the_same_project(self, desk: Desk) -> None:
        whole = as_json(new(desk, "The whole", "--json", text="x"))
        part = as_json(new(desk, "A part", "--parent", "the-whole", "--json", text="x"))
        assert part["parent"] == whole["mission_id"]
        assert new(desk, "Another", "--parent", "nothing", text="x").code == 3
        assert [folder.name[19:] for folder in sorted(desk.home.missions_active.iterdir())] == ["-the-whole", "-a-part"]

    def test_what_cannot_be_made_leaves_nothing(self, desk: Desk) -> None:
        assert new(desk, "Fix the login", text="x").code == 0
        for arguments, text, code, says in REFUSED:
            said = new(desk, *arguments, text=text)
            assert (said.code, says in said.err) == (code, True), (arguments, said.err)
        assert len(list(desk.home.missions_active.iterdir())) == 1

    def test_of_two_at_once_by_one_name_one_is_made(self, desk: Desk) -> None:
        begun = [
            subprocess.Popen(
                [*PROGRAM, "mission", "new", *ONESHOT, "Fix the login", "-f", "file-0.txt"],
                cwd=desk.folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for _ in range(3)
        ]
        said = [process.communicate()[1].decode() for process in begun]
        assert sorted(process.returncode for process in begun) == [0, 3, 3], said
        assert len(list(desk.home.missions_active.iterdir())) == 1

    def test_its_text_may_come_from_the_editor(self, desk: Desk) -> None:
        editor = desk.folder / "editor"
        editor.write_text('#!/bin/sh\n{ echo "Greet people"; echo; echo "by name"; cat "$1"; } >x && mv x "$1"\n')
        editor.chmod(0o755)
        shown = typed(desk, "mission", "new", *ONESHOT, EDITOR=str(editor))
        assert "greet-people is made" in shown
        assert desk.sc("mission", "cat", "greet-people", "raw-input.md").out == "Greet people\n\nby name\n"
        assert "nothing was written" in typed(desk, "mission", "new", "Another", *ONESHOT, EDITOR="true")


class TestApproving:
    def test_a_script_says_yes_beforehand_and_hears_what_was_approved(self, desk: Desk) -> None:
        mission = at_code(desk)
        asked = desk.sc("mission", "approve", "fix-login")
        assert (asked.code, "nobody is here to say yes" in asked.err) == (2, True)
        said = desk.sc("mission", "approve", "fix-login", "--yes")
        assert said.code == 0, said.err
        tip = git(desk.folder, "rev-parse", "feature/fix-login")
        assert f"Review code of fix-login is approved: commit {tip[:12]}" in said.err
        assert "it is complete" in said.err
        assert mission.mission.is_frozen

    def test_it_is_shown_before_it_is_asked_and_nothing_in_it_steers_the_terminal(self, desk: Desk) -> None:
        mission = gated(desk).at_plan()
        mission.write("plan.md", "the plan\x1b]52;c;c3RlYWw=\x07\n")
        shown = typed(desk, "mission", "approve", "fix-login", answer="n")
        assert "the plan\\x1b]52" in shown
        assert "approve Review plan of fix-login (plan.md " in shown
        assert mission.mission.status == "waiting_human"
        shown = typed(desk, "mission", "continue", "fix-login", answer="y")
        assert "Review plan of fix-login is approved" in shown
        state = mission.mission.state("review-plan")
        assert state is not None and state.approval is not None
        assert state.approval.by.startswith("Tester")

    def test_code_is_summed_up_with_what_would_run_on_the_machine(self, desk: Desk) -> None:
        mission = at_code(desk)
        commit(mission.worktree, ".envrc", "steal\n")
        shown = typed(desk, "mission", "approve", "fix-login", answer="n")
        assert "login.py" in shown and "what runs on your machine was changed:" in shown
        said = desk.sc("mission", "approve", "fix-login", "--yes", "--quiet")
        assert ".envrc: your shell runs it" in said.err

    def test_of_two_at_once_one_approves(self, desk: Desk) -> None:
        mission = at_code(desk)
        begun = [self.begin(desk, "fix-login") for _ in range(3)]
        said = [process.communicate()[1].decode() for process in begun]
        assert sorted(process.returncode for process in begun) == [0, 3, 3], said
        losers = [text for process, text in zip(begun, said, strict=True) if process.returncode]
        assert all("does not wait" in text for text in losers), losers
        assert kinds(mission, "gate_approved", "mission_archived") == ["gate_approved"] * 2 + ["mission_archived"]

    def test_whoever_is_killed_while_approving_approves_once(self, desk: Desk) -> None:
        """Killed later and later, then said again: one approval, whole, and the mission is complete."""
        for number, delay in enumerate((0.15, 0.3, 0.45, 0.6, 0.8)):
            slug = f"task-{number}"
            mission = at_code(desk, slug)
            kill_after(self.begin(desk, slug, subprocess.DEVNULL), delay)
            again = desk.sc("mission", "approve", slug, "--yes")
            assert again.code == 0 or "does not wait" in again.err, again.err
            desk.sc("mission", "complete", slug)  # what was approved by the killed one is carried on by anything
            found = mission.mission
            state = found.state("review-code")
            assert found.status == "completed" and found.is_frozen
            assert state is not None and state.phase == "done" and state.approval is not None
            assert kinds(mission, "gate_approved").count("gate_approved") <= 2
            tip = git(desk.folder, "rev-parse", f"feature/{slug}")
            assert state.approval.commit == tip

    @staticmethod
    def begin(desk: Desk, slug: str, heard: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*PROGRAM, "mission", "approve", slug, "--yes"],
            cwd=desk.folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=heard,
            stderr=heard,
        )


class TestOtherMoves:
    def test_an_agents_session_decides_nothing(self, at_plan: Gated) -> None:
        moves = (("approve",), ("continue",), ("reject", "-m", "no"), ("complete",), ("back", "plan"), ("reopen",))
        for number, (command, *rest) in enumerate(moves):
            mark = ("SCOPECRAFT_SESSION", "SC_MISSION")[number % 2]
            said = at_plan.desk.sc("mission", command, "fix-login", *rest, **{mark: "r-1"})
            assert (said.code, "is for a person" in said.err) == (3, True), (command, said.err)
        assert at_plan.mission.status == "waiting_human"

    def test_back_complete_and_reopen_tell_what_comes_next(self, at_plan: Gated) -> None:
        desk = at_plan.desk
        assert as_json(desk.sc("mission", "complete", "fix-login", "--json"))["status"] == "completed"
        assert at_plan.mission.is_frozen
        refused = desk.sc("mission", "back", "fix-login", "plan")
        assert (refused.code, "sc mission reopen fix-login" in refused.err) == (3, True)
        row = as_json(desk.sc("mission", "reopen", "fix-login", "--json"))
        assert (row["status"], row["commands"][0]) == ("waiting_human", "sc mission approve fix-login")
        assert not at_plan.mission.is_frozen
        row = as_json(desk.sc("mission", "back", "fix-login", "Plan", "--json"))
        assert (row["status"], row["commands"], row["begun"]) == ("ready", ["sc mission continue fix-login"], [])
        assert desk.sc("mission", "retry", "fix-login").code == 3
        assert kinds(at_plan, "mission_completed", "mission_reopened", "mission_moved") == [
            "mission_completed",
            "mission_reopened",
            "mission_moved",
        ]

    def test_what_nobody_has_begun_since_its_beginner_was_killed_is_begun_now(self, desk: Desk) -> None:
        mission = gated(desk)
        run_id = mission.give("plan")
        said = desk.sc("mission", "continue", "fix-login")
        assert (said.code, "claude has no key" in said.err) == (4, True), said.err  # it was tried
        state = mission.mission.state("plan")
        assert state is not None and (state.phase, state.run_id) == ("failed", run_id)
        assert desk.sc("mission", "retry", "fix-login").code == 4

    def test_a_rejection_without_a_reason_is_none(self, at_plan: Gated) -> None:
        said = at_plan.desk.sc("mission", "reject", "fix-login")
        assert (said.code, "needs a reason" in said.err) == (2, True)
        assert at_plan.mission.status == "waiting_human"


@pytest.fixture
def at_plan(desk: Desk) -> Iterator[Gated]:
    yield gated(desk).at_plan()


def typed(desk: Desk, *arguments: str, answer: str = "", **env: str) -> str:
    """What a terminal shows of a command, with an answer to the one question that it asks."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        cwd=desk.folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(COLUMNS="200", NO_COLOR="1", PAGER="cat", **env),
        start_new_session=True,
    )
    os.close(theirs)
    seen, is_answered = b"", not answer
    try:
        while part := os.read(ours, 4096):
            seen += part
            if not is_answered and b"(n)o:" in seen:
                is_answered = True
                os.write(ours, answer.encode() + b"\n")
    except OSError:  # the last one closed it
        pass
    finally:
        os.close(ours)
    process.wait(120)
    return seen.decode().replace("\r", "")
