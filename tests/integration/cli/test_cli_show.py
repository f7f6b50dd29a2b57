"""`sc show`: every attempt at a task, for people and for programs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scopecraft.config.paths import Home
from scopecraft.missions.advance import VISIT_STEP
from scopecraft.missions.folder import create_mission
from scopecraft.model.event import Event
from scopecraft.model.mission import Mission
from scopecraft.model.session import Completed, Ended, Failed, Killed, Queued, Running, Starting
from scopecraft.state.store import Store
from tests.support.command_line import on_a_terminal, sc, sc_bytes
from tests.support.sessions import AT, CONTAINER, LATER, a_mission_id, a_session, ended

MUCH_LATER = "2026-03-01T10:06:00.000Z"
TIP = "1a2b3c4d5e6f" + "0" * 28


@pytest.fixture
def store() -> Iterator[Store]:
    assert sc("init").code == 0
    with Store.open(Path(os.environ["SCOPECRAFT_HOME"]).resolve()) as store:
        yield store


@pytest.fixture
def attempts(store: Store) -> list[str]:
    """The sessions of a mission, newest first: a container's, a window's, and a container's that took commits."""
    home = Home(Path(os.environ["SCOPECRAFT_HOME"]).resolve())
    mission = Mission(
        id=a_mission_id(),
        title="fix login",
        slug="fix-login",
        type="feature",
        workflow_id="oneshot",
        current_step=0,
        status="completed",
        project="shop",
        branch="feature/fix-login",
        base="0" * 40,
        worktree=str(home.worktrees / "shop" / "fix-login"),
        created_at=AT,
        updated_at=AT,
    )
    create_mission(home, mission, "")
    made = [an_attempt(home, store, mission.id, executor) for executor in ("container", "tmux", "container")]
    data: dict[str, Any] = {"tip": TIP, "commits": 2, "in_progress": False}
    alert = {"code": "history_rewritten", "text": "the branch was rewritten"}
    store.append(
        Event(0, LATER, "commits_taken", mission.id, made[0], data),
        Event(0, LATER, "alert_raised", mission.id, made[0], alert),
    )
    return made[::-1]


def an_attempt(home: Home, store: Store, mission_id: str, executor: str, step_id: str = "implement") -> str:
    mode = "dispatch" if executor == "tmux" else "autonomous"
    made = a_session(mission_id=mission_id, executor=executor, mode=mode, dialect="plain", agent="plain")
    session = store.create(replace(made, step_id=step_id), AT)
    store.move(session.id, ended(Failed("Agent exited with code 3", 3)), "session_ended", LATER)
    folder = home.sessions / session.id
    folder.mkdir(exist_ok=True)
    (folder / "stream.jsonl").write_text(f"words of {session.id}\n")
    return session.id


def test_every_attempt_has_the_same_keys(attempts: list[str]) -> None:
    rows = json.loads(sc("show", "fix-login", "--json").out)["sessions"]
    assert [row["id"] for row in rows] == attempts
    assert {tuple(row) for row in rows} == {tuple(rows[0])}
    assert {"activity", "alerts", "commits", "stream", "screen", "outcome"} <= set(rows[0])
    assert [row["activity"] is None for row in rows] == [False, True, True], "reading whole streams takes long"
    assert [row["commits"] for row in rows] == [None, None, {"count": 2, "branch": "feature/fix-login", "tip": TIP}]
    assert [len(row["alerts"]) for row in rows] == [0, 0, 1]
    assert [row["stream"] is None for row in rows] == [False, True, False]


def test_an_earlier_attempt_that_is_named_tells_what_its_agent_said(attempts: list[str]) -> None:
    [row] = json.loads(sc("show", attempts[2], "--json").out)["sessions"]
    assert row["activity"]["lines"] == 1
    assert row["commits"]["count"] == 2


def test_what_a_person_ran_afterwards_does_not_hide_what_the_agent_said(attempts: list[str], store: Store) -> None:
    agents = store.get(attempts[0])
    assert agents is not None
    home = Home(Path(os.environ["SCOPECRAFT_HOME"]).resolve())
    visit = an_attempt(home, store, agents.mission_id, "container", VISIT_STEP)
    out = sc("show", "fix-login").out
    assert f"words of {attempts[0]}" in out and f"words of {visit}" not in out
    assert f"{visit}  visit  (" in out
    assert f"words of {visit}" in sc("show", visit).out


def test_a_person_sees_commits_and_alerts_of_each_attempt(attempts: list[str]) -> None:
    lines = sc("show", "fix-login").out.splitlines()
    earliest = lines[next(number for number, line in enumerate(lines) if line.startswith(attempts[2])) :]
    assert "  commits      2 on feature/fix-login, now at 1a2b3c4d5e6f" in earliest
    assert "  alert        the branch was rewritten" in earliest
    assert not [line for line in lines[: -len(earliest)] if line.startswith("  commits")]


@pytest.fixture
def artifacts(attempts: list[str]) -> Path:
    (folder,) = Path(os.environ["SCOPECRAFT_HOME"]).glob("missions/active/*/artifacts")
    return folder


def test_artifacts_are_listed_with_what_cannot_be_read(artifacts: Path) -> None:
    (artifacts / "plan.md").write_text("a plan")
    (artifacts / "key").symlink_to("/etc/passwd")
    (artifacts / "\x1b]0;evil\x07").touch()
    said = sc("show", "fix-login")
    assert "  artifact     plan.md (6 bytes)" in said.out.splitlines()
    assert "key cannot be read: a link" in said.out
    assert "\x1b" not in said.out
    rows = json.loads(sc("show", "fix-login", "--json").out)["artifacts"]
    assert [(row["name"], row["size"], bool(row["refusal"])) for row in rows] == [
        ("\x1b]0;evil\x07", 0, True), ("key", 11, True), ("plan.md", 6, False), ("raw-input.md", 0, False),
    ]  # fmt: skip


def test_an_artifact_goes_out_byte_for_byte_but_for_a_terminal(artifacts: Path) -> None:
    content = b"\xff\x00\x1b]52;c;ZXZpbA==\x07\r\n\xc3\xa4" + "ä".encode() * 70_000
    (artifacts / "plan.md").write_bytes(content)
    assert sc_bytes("show", "fix-login", "--artifact", "plan.md").stdout == content
    refused = on_a_terminal("show", "fix-login", "--artifact", "plan.md")
    assert "this is no text" in refused and "]52;" not in refused
    (artifacts / "plan.md").write_bytes(content.replace(b"\x00", b""))
    seen = on_a_terminal("show", "fix-login", "--artifact", "plan.md")
    assert "\x1b" not in seen and "\x07" not in seen
    assert seen.count("ä") == 70_001
    assert "\\x1b]52;c;ZXZpbA==\\x07" in seen


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("../mission.json", 2, "is no name of an artifact"),
        ("%2e%2e%2fmission.json", 2, "is no name of an artifact"),
        ("key", 3, "is a link"),
        ("key", 3, "sc mission ls fix-login"),
        ("plan.md", 3, "has no artifact plan.md"),
    ],
)
def test_an_artifact_that_cannot_be_read_is_one_sentence(artifacts: Path, name: str, code: int, says: str) -> None:
    (artifacts / "key").symlink_to("/etc/passwd")
    said = sc("show", "fix-login", "--artifact", name)
    assert (said.code, said.out) == (code, "")
    assert says in said.err
    assert len([line for line in said.err.splitlines() if line.startswith("error: ")]) == 1


def test_an_artifact_and_json_do_not_go_together(artifacts: Path) -> None:
    assert sc("show", "fix-login", "--artifact", "raw-input.md", "--json").code == 2


def test_a_session_of_the_task_will_do_to_name_an_artifact(attempts: list[str], artifacts: Path) -> None:
    (artifacts / "plan.md").write_text("a plan")
    assert sc("show", attempts[0], "--artifact", "plan.md").out == "a plan"


def a_waiting_one(store: Store) -> str:
    return store.create(a_session(status=Queued(AT)), AT).id


def test_the_time_in_line_is_not_counted_as_work(store: Store) -> None:
    waited = a_waiting_one(store)
    store.move(waited, Starting(LATER), "session_starting", LATER)
    store.move(waited, Running(LATER, CONTAINER), "session_started", LATER)
    store.move(waited, Ended(LATER, MUCH_LATER, Completed()), "session_ended", MUCH_LATER)
    told = [line.split()[0] for line in sc("show", waited).out.splitlines()[1:5]]
    assert told == ["state", "asked", "began", "took"]
    assert "  took         1m00s\n" in sc("show", waited).out


def test_what_was_taken_out_of_the_queue_never_began(store: Store) -> None:
    removed = a_waiting_one(store)
    store.move(removed, Ended(None, LATER, Killed("sc queue remove")), "session_ended", LATER)
    told = sc("show", removed).out
    assert "killed: taken out of the queue by sc queue remove\n" in told
    assert "began" not in told and "took" not in told
