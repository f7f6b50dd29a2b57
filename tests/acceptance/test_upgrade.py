"""Today's program in the home of an earlier version: nothing is lost, and what is too new is refused by name."""

from __future__ import annotations

import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from scopecraft.state.migrations import MIGRATIONS, version_of
from scopecraft.state.store import Store
from tests.support.command_line import Said, sc
from tests.support.old_home import HOMES, OldHome, old_home
from tests.support.repos import git

pytestmark = [pytest.mark.engine, pytest.mark.tmux, pytest.mark.image]

VERSIONS = sorted(path.name for path in HOMES.iterdir())
# what may be added to a row later, and what a person's clock and language decide
SAME = ("task", "mission_id", "project", "state", "outcome", "detail", "since", "mode", "agent", "model", "step_id")
SAME += ("attempt", "branch", "worktree", "conversation_id", "created_at", "status")


@pytest.fixture(params=VERSIONS)
def old(request: pytest.FixtureRequest, clean_environment: Path, agent_image: str) -> OldHome:
    return old_home(request.param, clean_environment)


def rows(old: OldHome) -> dict[str, dict[str, Any]]:
    said = sc("ls", "--all", "--json", cwd=old.shop)
    assert said.code == 0, said.err
    return {row["id"]: row for row in json.loads(said.out)}


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        return version_of(database)


def refused(said: Said, code: int) -> str:
    assert (said.code, said.out) == (code, ""), said.err
    assert len([line for line in said.err.splitlines() if line.startswith("error: ")]) == 1, said.err
    assert "Traceback" not in said.err and "internal error" not in said.err
    assert "hint: " in said.err
    return said.err


def test_what_had_ended_is_told_as_it_was_told_then(old: OldHome) -> None:
    now = rows(old)
    assert len(old.said) >= 7
    for session_id, then in old.said.items():
        assert {name: now[session_id][name] for name in SAME} == {name: then[name] for name in SAME}


def test_what_was_alive_then_is_settled_honestly(old: OldHome) -> None:
    assert len(old.live) == 4
    settled = [row for row in rows(old).values() if row["task"] in old.live]
    assert [row["state"] for row in settled] == ["ended"] * 4
    assert {row["outcome"] for row in settled} == {"interrupted"}
    assert {row["task"]: row["status"]["outcome"]["cause"] for row in settled}["cut-short"] == "starter"
    for file in old.home.glob("missions/active/*/mission.json"):
        json.loads(file.read_text())
    assert not list(old.home.rglob("*.damaged-*"))


def test_every_task_and_its_log_can_be_shown(old: OldHome) -> None:
    for task in {row["task"] for row in rows(old).values()}:
        said = sc("show", task, cwd=old.shop)
        assert said.code == 0, said.err
    shown = json.loads(sc("show", "add-greeting-05A", "--json", cwd=old.shop).out)
    assert shown["mission"]["status"] == "waiting_code_review"
    assert shown["sessions"][0]["activity"]["tool_calls"] == 2
    assert shown["sessions"][0]["commits"]["count"] == 1
    assert "no luck" in sc("show", "fix-login", cwd=old.shop).out
    assert sc("logs", "fix-login", cwd=old.shop).out.strip().endswith("tried")
    assert sc("path", "修正 登录", cwd=old.shop).out.strip().endswith("修正-登录")
    assert sc("projects", cwd=old.shop).code == 0


def test_an_old_mission_is_worked_on_again(old: OldHome) -> None:
    before = git(old.shop, "rev-parse", "feature/add-greeting-05A")
    script = "cat greeting.py; echo more >>greeting.py; git commit -qam more"
    said = sc("run", "greeting-05A", "--agent", "plain", "--", "sh", "-c", script, cwd=old.shop)
    assert said.code == 0, said.err
    assert "done" in said.out
    assert git(old.shop, "rev-parse", "feature/add-greeting-05A~1") == before
    again = sc("run", "at-work", "--agent", "plain", "--", "true", cwd=old.shop)
    assert again.code == 0, again.err
    new = sc("run", "something-new", "--agent", "counter", "-m", "x", cwd=old.shop)
    assert new.code == 0, new.err


def test_a_lost_worktree_of_an_old_mission_is_made_again(old: OldHome) -> None:
    worktree = sc("path", "count", cwd=old.shop).out.strip()
    git(old.shop, "worktree", "remove", "--force", "--force", worktree)
    said = sc("run", "count", "--agent", "counter", "-m", "x", cwd=old.shop)
    assert said.code == 0, said.err


def test_a_backup_is_made_before_the_database_is_changed(old: OldHome) -> None:
    was = version(old.database)
    rows(old)
    assert version(old.database) == len(MIGRATIONS)
    if was < len(MIGRATIONS):
        _check_backup(old, was)
    later = (*MIGRATIONS, lambda database: database.execute("CREATE TABLE later (x)"))
    with Store.open(old.home, migrations=later) as store:
        assert {session.id for session in store.sessions()} >= set(old.said)
        assert store.notices == ()
    _check_backup(old, len(MIGRATIONS))


def _check_backup(old: OldHome, number: int) -> None:
    backup = old.home / f"scopecraft.db.backup-v{number}"
    assert version(backup) == number
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with closing(sqlite3.connect(backup)) as database:
        assert {row[0] for row in database.execute("SELECT id FROM session")} >= set(old.said)


@pytest.mark.parametrize(
    "command", [("ls",), ("show", "count"), ("run", "count", "--agent", "counter", "-m", "x"), ("stop", "at-work")]
)
def test_a_database_of_a_newer_program_is_refused_with_both_versions_and_left_alone(
    old: OldHome, command: tuple[str, ...]
) -> None:
    rows(old)
    with closing(sqlite3.connect(old.database)) as database, database:
        database.execute("PRAGMA user_version = 97")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = old.database.read_bytes()
    told = refused(sc(*command, cwd=old.shop), 1)
    assert "has version 97" in told and f"up to {len(MIGRATIONS)}" in told
    assert old.database.read_bytes() == before
    assert not list(old.home.glob("scopecraft.db.*-v*")) or len(MIGRATIONS) > 1
    assert not list(old.home.rglob("*.damaged-*"))


def test_a_mission_of_a_newer_program_is_refused_by_name_and_left_alone(old: OldHome) -> None:
    rows(old)
    (file,) = old.home.glob("missions/active/*--count/mission.json")
    document = {**json.loads(file.read_text()), "from_the_future": 1}
    file.write_text(json.dumps(document))
    told = refused(sc("run", "count", "--agent", "counter", "-m", "x", cwd=old.shop), 1)
    assert "mission.json" in told and "from_the_future" in told and "newer scopecraft" in told
    assert json.loads(file.read_text()) == document
    assert sc("show", "fix-login", cwd=old.shop).code == 0, "the others can be worked on"
    assert len(rows(old)) == len(old.said) + len(old.live)


def test_settings_of_a_newer_program_are_refused_by_name(old: OldHome) -> None:
    settings = old.home / "config" / "settings.toml"
    settings.write_text(settings.read_text() + '\n[hologram]\ndepth = "3d"\n')
    told = refused(sc("run", "count", "--agent", "counter", "-m", "x", cwd=old.shop), 2)
    assert "hologram: is not a setting" in told
    assert sc("ls", cwd=old.shop).code == 0
