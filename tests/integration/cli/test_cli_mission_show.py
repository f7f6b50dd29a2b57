"""`sc mission show`: the story of a mission, and what to type next."""

from __future__ import annotations

import json
import shutil

import pytest

from scopecraft.config.paths import Home
from scopecraft.missions.folder import changing, folder_of, save_mission
from scopecraft.missions.moves import approved
from scopecraft.missions.versions import artifact_hash
from scopecraft.model.event import Event
from scopecraft.model.mission import Approval, Mission
from scopecraft.model.session import Failed
from scopecraft.state.store import Store
from tests.support.command_line import sc
from tests.support.sessions import LATER, ended
from tests.support.standing_missions import WORKFLOW, a_run, an_ended_run, stand

REJECTED_AT, APPROVED_AT = "2026-03-01T10:06:00.000Z", "2026-03-01T10:09:00.000Z"


def write(home: Home, mission: Mission, name: str, text: str) -> None:
    (folder_of(home, mission) / "artifacts" / name).write_text(text)


def told(store: Store, mission: Mission, kind: str, at: str, **data: str) -> None:
    store.append(Event(0, at, kind, mission.id, data=data))  # type: ignore[arg-type]


def pass_the_gate(home: Home, store: Store, mission: Mission) -> None:
    """As `approve` writes it down."""
    sha256 = artifact_hash(home, mission, "research.md")
    with changing(home, mission.id) as found:
        approval = Approval("ann", APPROVED_AT, "research.md", sha256)
        save_mission(home, approved(found, WORKFLOW, "review", approval, APPROVED_AT))
    told(store, mission, "gate_approved", APPROVED_AT, step="review", by="ann", sha256=str(sha256))


@pytest.fixture
def story(home: Home, store: Store) -> Mission:
    """Researched, rejected, researched again, approved; the build has failed."""
    mission = stand(home, "fix-login", "research")
    an_ended_run(store, mission, "research", cost_usd=0.36)
    told(store, mission, "gate_rejected", REJECTED_AT, step="review", by="ann", why="too short\x1b[2J")
    an_ended_run(store, mission, "research", cost_usd=0.2)
    write(home, mission, "research.md", "what was found\n")
    pass_the_gate(home, store, mission)
    build = a_run(store, mission, "build")
    store.move(build.id, ended(Failed("Agent exited with code 3")), "session_ended", LATER, data={})
    return mission


def test_the_story_of_a_mission_is_told(home: Home, story: Mission) -> None:
    said = sc("mission", "show", "fix-login")
    assert said.code == 0, said.err
    lines = [line.strip() for line in said.out.splitlines()]
    steps = [line.split() for line in lines if line[:1] in "+?!o." and line[1:2] == " "]
    assert [(step[0], step[1]) for step in steps] == [("+", "1"), ("+", "2"), ("o", "3"), (".", "4")]
    first, second = (line for line in lines if "in 41k · out 3.0k" in line)
    assert "5m00s" in first and "$0.360" in first
    assert second.startswith("attempt 2 · r-")
    rejected = next(number for number, line in enumerate(lines) if line.startswith("rejected by ann"))
    assert lines[rejected].endswith(": too short\\x1b[2J")
    assert lines[rejected + 1].startswith("approved by ann")
    assert f"research.md {artifact_hash(home, story, 'research.md')}"[:24] in lines[rejected + 1]
    assert "cost       $0.56" in lines
    assert any(line.startswith("artifact   research.md (15 bytes") for line in lines)
    assert any("Agent exited with code 3" in line for line in lines)
    assert "\x1b" not in said.out


def test_it_says_what_to_type(home: Home, store: Store) -> None:
    gate = stand(home, "gate", "research")
    said = sc("mission", "show", "gate").out.splitlines()
    at = said.index("next: Review research waits for you: read research.md")
    assert said[at + 1 :] == ["  sc mission approve gate", "  sc mission reject gate -m 'why'"]
    assert sc("mission", "show", gate.id).out.splitlines() == said


def test_a_gate_whose_document_has_changed_waits_again(home: Home, store: Store) -> None:
    mission = stand(home, "fix-login", "research")
    write(home, mission, "research.md", "what was found\n")
    pass_the_gate(home, store, mission)
    assert "Review research waits" not in sc("mission", "show", "fix-login").out
    write(home, mission, "research.md", "something else\n")
    said = sc("mission", "show", "fix-login")
    assert "waits for you again: research.md has changed since it was approved" in said.out
    assert "what was approved has changed since" in said.out


def test_a_part_names_the_mission_that_it_belongs_to(home: Home, store: Store) -> None:
    whole = stand(home, "fix-login")
    stand(home, "add-tests", parent=whole.id)
    assert "part of    fix-login\n" in sc("mission", "show", "add-tests").out
    shutil.rmtree(folder_of(home, whole))
    assert f"part of    {whole.id}\n" in sc("mission", "show", "add-tests").out


def test_one_that_is_complete_is_shown_from_where_it_stands(home: Home, store: Store) -> None:
    mission = stand(home, "fix-login", "research", "review", "build", "look")
    an_ended_run(store, mission, "research", cost_usd=0.25)
    folder = folder_of(home, mission)
    folder.rename(home.missions_completed / folder.name)
    said = sc("mission", "show", "fix-login")
    assert said.code == 0, said.err
    assert "cost       $0.25" in said.out
    assert "next: it is complete; its work is on feature/fix-login" in said.out
    told(store, mission, "branch_merged", LATER, into="main")
    assert "next: it is complete, and merged" in sc("mission", "show", "fix-login").out
    watched = sc("mission", "watch", "fix-login")
    assert (watched.code, watched.out) == (0, "")
    assert "it is complete, and merged: sc mission reopen fix-login" in watched.err


def test_json_has_what_the_contract_names(home: Home, story: Mission) -> None:
    said = sc("mission", "show", "fix-login", "--json")
    assert said.code == 0, said.err
    row = json.loads(said.out)
    assert {"mission_id", "title", "type", "workflow_id", "current_step", "status", "created_at", "updated_at"} < set(
        row
    )
    assert (row["mission_id"], row["errors"]) == (story.id, [])
    assert [step["step_id"] for step in row["workflow"]["steps"]] == ["research", "review", "build", "look"]
    assert row["artifacts"]["research.md"] == "what was found\n"
    assert [run["step_id"] for run in row["runs"]] == ["research", "research", "build"]
    assert all({"run_id", "started_at", "finished_at", "exit_code"} < set(run) for run in row["runs"])
    assert row["runs"][0]["usage"]["cost_usd"] == 0.36
    assert row["runs"][2]["exit_code"] == 1
    assert "current_log_tail" not in row
    assert [step["phase"] for step in row["steps"]] == ["done", "done", "pending", "pending"]
    assert row["steps"][1]["approval"]["by"] == "ann"


def test_one_that_is_not_there_is_said_so(home: Home) -> None:
    said = sc("mission", "show", "nothing")
    assert said.code == 3
    assert "no mission is called 'nothing'" in said.err
