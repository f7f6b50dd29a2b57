"""`sc missions`: what is listed, in which order, and what it costs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

from scopecraft.config.paths import Home
from scopecraft.missions.folder import folder_of
from scopecraft.model.mission import Mission
from scopecraft.model.session import Queued
from scopecraft.state.store import Store
from tests.support.command_line import on_a_terminal, sc
from tests.support.queue_processes import guard
from tests.support.sessions import AT, a_session
from tests.support.standing_missions import an_ended_run, stand


def listed(*options: str) -> list[dict[str, Any]]:
    said = sc("missions", "--json", *options)
    assert said.code == 0, said.err
    rows: list[dict[str, Any]] = json.loads(said.out)
    return rows


def tasks(*options: str) -> list[str]:
    return [row["task"] for row in listed(*options)]


def complete(home: Home, slug: str) -> Mission:
    """Where the complete ones stand."""
    mission = stand(home, slug, "research", "review", "build", "look")
    folder = folder_of(home, mission)
    folder.rename(home.missions_completed / folder.name)
    return mission


def test_nothing_to_list_says_how_to_begin(home: Home) -> None:
    said = sc("missions")
    assert (said.code, said.out) == (0, "")
    assert "no mission yet" in said.err
    assert "sc mission new" in said.err


def test_what_needs_a_person_stands_first(home: Home, store: Store) -> None:
    stand(home, "gate", "research")
    stand(home, "failed", phases={"research": "failed"}, errors=("Agent exited with code 3",))
    stand(home, "draft", status="draft")
    in_line = stand(home, "in-line", phases={"research": "running"})
    store.queue.enqueue(a_session(mission_id=in_line.id, step_id="research", status=Queued(AT)), AT, guard)
    assert tasks() == ["gate", "failed", "draft", "in-line"]
    assert tasks("--needs-me") == ["gate", "failed", "draft"]
    assert tasks("-n", "1") == ["gate"]
    said = sc("missions")
    assert "gate: Review research waits for you: read research.md: sc mission approve gate" in said.err
    assert [line.split()[:2] for line in said.out.splitlines()[1:]] == [
        ["?", "gate"],
        ["!", "failed"],
        ["o", "draft"],
        ["=", "in-line"],
    ]
    assert "place 1 in the queue" in said.out


def test_a_row_has_what_the_contract_names_and_what_it_cost(home: Home, store: Store) -> None:
    mission = stand(home, "fix-login", "research", "review")
    an_ended_run(store, mission, "research", cost_usd=0.25)
    an_ended_run(store, mission, "research", cost_usd=0.5)
    an_ended_run(store, mission, "build")
    [row] = listed()
    assert row["mission_id"] == mission.id
    assert (row["title"], row["type"], row["status"]) == ("Fix login", "feature", "ready")
    assert (row["current_step_name"], row["updated_at"]) == ("Build", AT)
    assert row["cost_usd"] == 0.75
    assert "$0.75" in sc("missions").out


def test_complete_ones_are_listed_when_they_are_asked_for(home: Home) -> None:
    stand(home, "active", "research")
    for number in range(3):
        complete(home, f"done-{number}")
    assert tasks() == ["active"]
    assert "sc missions --all" in sc("missions").err
    assert tasks("--all") == ["active", "done-2", "done-1", "done-0"]
    assert tasks("--status", "completed", "-n", "2") == ["done-2", "done-1"]
    assert {row["current_step_name"] for row in listed("--status", "completed")} == {"Complete"}


def test_a_terminal_gets_lines_that_fit(home: Home) -> None:
    stand(home, "a-task-with-a-name-that-is-longer-than-it-would-have-to-be-by-far", "research")
    stand(home, "b", "research", project="attic")
    shown = re.sub("\x1b\\[[0-9;]*m", "", on_a_terminal("missions")).splitlines()
    assert all(len(line) <= 80 for line in shown[:3])
    assert shown[0].split() == ["TASK", "PROJECT", "STATUS", "STEP", "AGE"]


def test_filters_narrow(home: Home) -> None:
    stand(home, "here", "research")
    stand(home, "there", "research", project="attic", type="fix")
    assert tasks("--project", "attic") == ["there"] == tasks("--type", "fix")
    assert tasks("--status", "waiting_human", "--project", "shop") == ["here"]
    # of two by one name, neither is named by it
    twin = stand(home, "here", "research", project="attic")
    commands = {row["mission_id"]: row["commands"][0] for row in listed()}
    assert commands[twin.id] == f"sc mission approve {twin.id}"
    assert "sc missions --all" in sc("missions", "--status", "failed").err


def test_a_damaged_one_hides_no_other(home: Home) -> None:
    for name, file in (("bad-file", "mission.json"), ("bad-recipe", "workflow.json"), ("no-file", "mission.json")):
        path = folder_of(home, stand(home, name)) / file
        path.write_text("{") if name != "no-file" else path.unlink()
    stand(home, "good", "research")
    said = sc("missions")
    assert said.code == 0
    assert [line.split()[1] for line in said.out.splitlines()[1:]] == ["good"]
    assert "bad-file" in said.err and "bad-recipe" in said.err and "no-file" in said.err


def test_names_of_strangers_steer_no_terminal(home: Home) -> None:
    mission = stand(home, "odd", "research", project="sh\x1b[2Jop")
    file = folder_of(home, mission) / "workflow.json"
    file.write_text(file.read_text().replace("Review research", "Re\\u001b[31mview"))
    said = sc("missions")
    assert "\x1b" not in said.out + said.err
    assert "Re\\x1b[31mview" in said.out


def test_the_list_loads_no_library_that_it_could_do_without(home: Home, store: Store) -> None:
    waits = stand(home, "waits", phases={"research": "running"})
    store.queue.enqueue(a_session(mission_id=waits.id, step_id="research", status=Queued(AT)), AT, guard)
    heavy = ("docker", "libtmux", "pydantic", "watchdog", "rich", "tomlkit", "ruamel", "requests")
    program = (
        "import sys, scopecraft.cli.main as m\n"
        "try:\n m.main(['missions'])\n"
        f"finally:\n print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]", done
