"""A mission that is complete is frozen: whole, once, and whoever is killed on the way leaves one that can be frozen."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from scopecraft.errors import Refused
from scopecraft.missions.finding import require_mission
from scopecraft.missions.folder import folder_of, read_mission, record_run, save_mission
from scopecraft.missions.recipe import load_workflow, save_recipe
from scopecraft.missions.versions import keep_version
from scopecraft.model.mission import Approval, Mission, StepState
from scopecraft.model.session import Session
from scopecraft.model.workflow import DIRECT, Recipe
from scopecraft.sessions.context import Context
from scopecraft.sessions.freezing import freeze, unfreeze
from scopecraft.sessions.settle import step_run
from scopecraft.state.store import Store
from tests.support.killed_at import killed_at
from tests.support.missions import Desk, make_desk
from tests.support.repos import commit, git
from tests.support.sessions import AT, LATER, a_session, ended, running
from tests.support.trees import contents

SECRET = "sk-ant-0123456789abcdef"


@pytest.fixture
def desk(clean_environment: Path) -> Desk:
    return make_desk(clean_environment)


def finished(desk: Desk) -> tuple[Mission, Session]:
    """A mission that is complete, with a session, a commit, a version and an approval."""
    mission = desk.mission("fix-login")
    session_id = desk.session(mission)
    with Store.open(desk.home.root) as store:
        session = store.get(session_id)
    assert session is not None
    (desk.home.sessions / session_id / "stream.jsonl").write_text(f'{{"text": "{SECRET}"}}\n')
    commit(Path(mission.worktree), "done.txt", "the work\n")
    commit(Path(mission.worktree), "binary.bin", "\0\1\2")
    mission = replace(
        mission,
        status="completed",
        current_step=2,
        steps=(
            StepState("implementation", "done", run_id=session_id, feedback=("tests are missing",)),
            StepState("review-impl", "done", approval=Approval("ann", AT, commit="c" * 40)),
        ),
    )
    save_mission(desk.home, mission)
    save_recipe(folder_of(desk.home, mission), Recipe(DIRECT))
    keep_version(desk.home, mission, "raw-input.md", by="ann", at=AT)
    record_run(desk.home, mission, step_run(session, ended()), desk.home.sessions / session_id / "stream.jsonl")
    return mission, session


def context_here() -> Context:
    return Context.of({**os.environ, "ANTHROPIC_API_KEY": SECRET})


def archived_events(desk: Desk, mission: Mission) -> int:
    with Store.open(desk.home.root) as store:
        return sum(event.kind == "mission_archived" for event in store.events(mission_id=mission.id))


def check_frozen(desk: Desk, mission: Mission, told: int = 1) -> Path:
    """Whole, in its one place, told as often as it was frozen."""
    assert not folder_of(desk.home, mission).exists()
    folder = folder_of(desk.home, replace(mission, is_frozen=True))
    assert [entry for entry in folder.rglob("*") if entry.is_symlink() or entry.name.startswith(".")] == []
    assert read_mission(folder) == replace(mission, is_frozen=True)
    assert (folder / "summary.md").is_file() and (folder / "changes.patch").is_file()
    assert archived_events(desk, mission) == told
    return folder


def test_what_is_frozen_can_be_read_without_scopecraft(desk: Desk) -> None:
    desk.home.secrets_file.write_text(f"ANTHROPIC_API_KEY={SECRET}\n")
    desk.home.secrets_file.chmod(0o600)
    mission, session = finished(desk)
    (folder_of(desk.home, mission) / "artifacts" / "trap.md").symlink_to("/etc/passwd")
    assert freeze(context_here(), mission.id)
    (folder_of(desk.home, replace(mission, is_frozen=True)) / "artifacts" / "trap.md").unlink()  # as it was
    folder = check_frozen(desk, mission)
    assert (folder / "logs" / f"implement.{session.id}.log").read_text() == '{"text": "[secret ANTHROPIC_API_KEY]"}\n'
    assert json.loads((folder / "runs" / f"{session.id}.json").read_text())["step_id"] == "implement"
    assert (folder / "artifacts" / "raw-input.md").read_text() == "what to do\n"
    assert (folder / "versions" / "raw-input.md" / "0001.md").read_text() == "what to do\n"
    assert load_workflow(folder) == DIRECT
    summary = (folder / "summary.md").read_text()
    for part in ("what to do", "tests are missing", "approved by ann", "done.txt, +1 -0", "write done.txt", session.id):
        assert part in summary, part
    assert not freeze(context_here(), mission.id)
    assert require_mission(desk.home, "fix-login", "shop").is_frozen


@pytest.mark.parametrize("how", [("apply", "--index"), ("am", "-q")])
def test_the_patch_of_a_frozen_mission_is_taken_by_git(desk: Desk, how: tuple[str, ...]) -> None:
    mission, _ = finished(desk)
    mission = replace(mission, title="Fix ü 'login'\n---\ndiff --git a/x b/x")
    save_mission(desk.home, mission)
    assert freeze(context_here(), mission.id)
    git(desk.folder, *how, str(check_frozen(desk, mission) / "changes.patch"))
    assert (desk.folder / "done.txt").read_text() == "the work\n"
    assert (desk.folder / "binary.bin").read_bytes() == b"\0\1\2"
    if how[0] == "am":
        assert git(desk.folder, "log", "-1", "--format=%s").startswith("Fix ü 'login'")
        assert git(desk.folder, "rev-parse", "HEAD^{tree}") == git(
            desk.folder, "rev-parse", f"{mission.branch}^{{tree}}"
        )


def test_what_is_not_complete_or_still_at_work_is_not_frozen(desk: Desk) -> None:
    ready = desk.mission("ready")
    assert not freeze(context_here(), ready.id)
    mission, _ = finished(desk)
    live = a_session(mission_id=mission.id, task=mission.slug, project="shop", worktree=mission.worktree)
    with Store.open(desk.home.root) as store:
        store.create(live, AT)
        store.move(live.id, running(), "session_started", AT)
    assert not freeze(context_here(), mission.id)
    assert contents(folder_of(desk.home, mission)).keys() >= {"mission.json", "artifacts/raw-input.md"}
    shutil.move(desk.folder, desk.folder.with_name("moved"))
    with Store.open(desk.home.root) as store:
        store.move(live.id, ended(), "session_ended", LATER)
    assert not freeze(context_here(), mission.id)
    shutil.move(desk.folder.with_name("moved"), desk.folder)
    assert freeze(context_here(), mission.id)


def test_killed_at_any_instruction_a_mission_is_frozen_by_the_next_call(desk: Desk) -> None:
    mission, _ = finished(desk)
    saved = desk.folder.parent / "saved"
    shutil.copytree(folder_of(desk.home, mission), saved, symlinks=True)
    kept = {name: found for name, found in contents(saved).items() if name.startswith(("artifacts/", "versions/"))}
    number = 0
    while killed_at(number, desk.home.missions_active.parent, partial(freeze, context_here(), mission.id)):
        is_moved = not folder_of(desk.home, mission).exists()
        assert freeze(context_here(), mission.id) != is_moved
        folder = check_frozen(desk, mission, told=number + 1)
        assert kept.items() <= contents(folder).items()
        shutil.rmtree(folder)
        shutil.copytree(saved, folder_of(desk.home, mission), symlinks=True)
        number += 1
        mission = replace(mission, updated_at=f"2026-03-02T10:00:00.{number:03}Z")  # complete once more
        save_mission(desk.home, mission)
    assert number > 15
    check_frozen(desk, mission, told=number + 1)


def at_once(*actions: Callable[[], object]) -> list[int]:
    """Exit codes of processes that do this at the same time: 0 for what is true."""
    children = []
    for action in actions:
        child = os.fork()
        if child == 0:
            try:
                os._exit(0 if action() else 3)
            finally:
                os._exit(1)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def test_of_several_processes_one_freezes_it(desk: Desk) -> None:
    mission, _ = finished(desk)
    codes = at_once(*[lambda: freeze(context_here(), mission.id)] * 4)
    assert sorted(codes) == [0, 3, 3, 3]
    check_frozen(desk, mission)


def test_a_reopened_mission_is_active_with_all_that_it_had(desk: Desk) -> None:
    mission, _ = finished(desk)
    freeze(context_here(), mission.id)
    frozen = contents(check_frozen(desk, mission))

    def refuse(_: Mission) -> Mission:
        raise Refused("no", "")

    with pytest.raises(Refused):
        unfreeze(context_here(), mission.id, refuse)
    assert contents(check_frozen(desk, mission)) == frozen
    opened = unfreeze(context_here(), mission.id, lambda found: replace(found, status="waiting_code_review"))
    folder = folder_of(desk.home, mission)
    assert read_mission(folder) == opened == replace(mission, status="waiting_code_review")
    assert contents(folder).keys() == frozen.keys()
    assert not freeze(context_here(), mission.id)
    save_mission(desk.home, replace(mission, updated_at=LATER))
    assert freeze(context_here(), mission.id)
    assert archived_events(desk, mission) == 2


def reopened(found: Mission) -> Mission:
    return replace(found, status="waiting_code_review")


def test_killed_at_any_instruction_a_reopening_is_done_by_the_next_call(desk: Desk) -> None:
    mission, _ = finished(desk)
    assert freeze(context_here(), mission.id)
    number = 0
    while killed_at(number, desk.home.missions_active.parent, partial(unfreeze, context_here(), mission.id, reopened)):
        (there,) = [
            found for found in (mission, replace(mission, is_frozen=True)) if folder_of(desk.home, found).exists()
        ]
        assert read_mission(folder_of(desk.home, there)) == there, "either complete or open again, in its place"
        assert unfreeze(context_here(), mission.id, reopened) == reopened(mission)
        number += 1
        mission = replace(mission, updated_at=f"2026-03-02T10:00:00.{number:03}Z")
        save_mission(desk.home, mission)
        assert freeze(context_here(), mission.id)
    assert number > 3
    assert read_mission(folder_of(desk.home, mission)) == reopened(mission)


def test_a_mission_is_frozen_and_reopened_at_once_without_being_lost(desk: Desk) -> None:
    mission, _ = finished(desk)
    for _ in range(5):
        save_mission(desk.home, mission)
        codes = at_once(
            lambda: freeze(context_here(), mission.id),
            lambda: unfreeze(context_here(), mission.id, reopened),
            lambda: freeze(context_here(), mission.id),
        )
        assert 1 not in codes
        found = require_mission(desk.home, "fix-login", "shop")
        assert found == reopened(mission), "who reopens it has the last word"


def test_a_person_completes_a_mission_and_takes_that_back(desk: Desk) -> None:
    mission = desk.mission("fix-login")
    commit(Path(mission.worktree), "done.txt", "the work\n")
    desk.done("mission", "complete", "fix-login")
    frozen = require_mission(desk.home, "fix-login", "shop")
    assert frozen.is_frozen
    assert "## Decisions" in (folder_of(desk.home, frozen) / "summary.md").read_text()
    listed = json.loads(desk.done("missions", "--all", "--json").out)
    assert mission.id in json.dumps(listed)
    desk.done("mission", "reopen", "fix-login")
    opened = require_mission(desk.home, "fix-login", "shop")
    assert (opened.is_frozen, opened.status == "completed") == (False, False)


def test_commands_find_a_frozen_mission_and_begin_nothing_in_it(desk: Desk) -> None:
    mission, session = finished(desk)
    freeze(context_here(), mission.id)
    assert desk.done("path", "fix-login").out.strip() == mission.worktree
    assert session.id in desk.done("show", "fix-login").out
    assert "done.txt" in desk.done("diff", "fix-login").out
    assert desk.done("logs", "fix-login").code == 0
    assert desk.done("archive", "fix-login").out
    plain = ("--agent", "plain", "--", "true")
    for command in (("run", "fix-login", "-m", "more", *plain), ("dispatch", "fix-login", *plain)):
        said = desk.sc(*command)
        assert (said.code, "sc mission reopen fix-login" in said.err) == (3, True), said.err
    said = desk.sc("run", "again", "--branch", mission.branch, "-m", "more", *plain)
    assert (said.code, "belongs to the mission fix-login" in said.err) == (3, True), said.err
    assert json.loads(desk.done("prune", "--json").out)["orphans"] == []


def test_a_frozen_mission_goes_to_the_trash_and_comes_back_frozen(desk: Desk) -> None:
    mission, _ = finished(desk)
    freeze(context_here(), mission.id)
    before = contents(check_frozen(desk, mission)).keys()
    desk.done("rm", "fix-login", "--yes")
    assert list(desk.home.missions_completed.iterdir()) == []
    assert not Path(mission.worktree).exists()
    desk.done("restore", "fix-login")
    back = require_mission(desk.home, "fix-login", "shop")
    assert back == replace(mission, is_frozen=True, updated_at=back.updated_at)
    assert contents(folder_of(desk.home, back)).keys() == before
    assert (Path(mission.worktree) / "done.txt").is_file()
    assert subprocess.run(["git", "-C", mission.worktree, "status", "-s"], capture_output=True).stdout == b""
