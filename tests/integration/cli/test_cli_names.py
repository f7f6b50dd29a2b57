"""Which task or session a name means: every command takes the project that it belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from scopecraft.config.paths import Home
from scopecraft.missions.folder import create_mission
from scopecraft.model.mission import Mission
from scopecraft.state.store import Store
from tests.support.command_line import sc
from tests.support.repos import make_repository
from tests.support.sessions import AT, LATER, a_mission_id, a_session, ended


def a_mission(home: Home, store: Store, project: str, slug: str = "fix-login") -> str:
    """A mission with one session that has ended; the session's id."""
    worktree = home.worktrees / project / slug
    worktree.mkdir(parents=True)
    mission = Mission(
        id=a_mission_id(),
        title=slug,
        slug=slug,
        type="feature",
        workflow_id="oneshot",
        current_step=0,
        status="completed",
        project=project,
        branch=f"feature/{slug}",
        base="0" * 40,
        worktree=str(worktree),
        created_at=AT,
        updated_at=AT,
    )
    create_mission(home, mission, "")
    session = store.create(
        a_session(mission_id=mission.id, task=slug, project=project, dialect="plain", agent="plain"), AT
    )
    store.move(session.id, ended(), "session_ended", LATER)
    folder = home.sessions / session.id
    folder.mkdir(exist_ok=True)
    (folder / "stream.jsonl").write_text(f"said in {project}\n")
    return session.id


@pytest.fixture
def twins(home: Home, store: Store, clean_environment: Path) -> dict[str, str]:
    """Two projects with a mission of the same name: the sessions' ids."""
    for name in ("shop", "bakery"):
        assert sc("link", str(make_repository(clean_environment / name))).code == 0
    return {name: a_mission(home, store, name) for name in ("shop", "bakery")}


@pytest.mark.parametrize("command", ["path", "show", "logs", "stop", "attach"])
def test_the_hint_of_an_ambiguous_name_can_be_followed(
    twins: dict[str, str], command: str, clean_environment: Path
) -> None:
    said = sc(command, "fix-login", cwd=clean_environment)
    assert said.code == 3
    assert "use an id, or --project" in said.err
    for name, id in twins.items():
        chosen = sc(command, "fix-login", "--project", name, cwd=clean_environment)
        told = chosen.out + chosen.err
        assert "several missions" not in told
        assert f"/{name}/" in told or f"in {name}" in told or id in told


@pytest.mark.parametrize("command", ["path", "show", "logs", "stop", "attach"])
def test_a_project_that_is_none_is_named(twins: dict[str, str], command: str) -> None:
    said = sc(command, "fix-login", "--project", "butcher")
    assert (said.code, said.err) == (3, "error: no project is called 'butcher'\nhint: linked projects: shop, bakery\n")


def test_a_session_of_another_project_is_not_meant(twins: dict[str, str]) -> None:
    said = sc("logs", twins["bakery"], "--project", "shop")
    assert said.code == 3
    assert "no mission of project shop is called" in said.err
    assert sc("logs", twins["bakery"], "--project", "bakery").out == "said in bakery\n"
