"""Commands that meet in the trash, or that find there what a killed one left: nothing is lost between them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from scopecraft.errors import Refused
from scopecraft.missions.trash import Removal, removals
from scopecraft.model.mission import Mission
from scopecraft.sessions.context import Context
from scopecraft.sessions.emptying import empty
from scopecraft.sessions.restore import restore_mission
from tests.support.command_line import PROGRAM, environment
from tests.support.missions import Desk, make_desk
from tests.support.played import kill_when
from tests.support.repos import commit, git


@pytest.fixture
def desk(clean_environment: Path) -> Desk:
    return make_desk(clean_environment)


def removed(desk: Desk) -> tuple[Mission, Removal]:
    mission = desk.mission("fix-login")
    tree = Path(mission.worktree)
    commit(tree, ".gitignore", ".env\n")
    (tree / ".env").write_text("kept\n")
    (tree / "new.txt").write_text("new\n")
    desk.done("rm", "fix-login", "--yes")
    return mission, removals(desk.home)[0][0]


def restore_killed_when_it_was_active(desk: Desk, mission: Mission) -> Path:
    """With a kept file for which there was no room; the worktree."""
    saved = desk.folder.parent / "saved"
    shutil.copytree(desk.trash(mission), saved)
    desk.done("restore", "fix-login")
    shutil.rmtree(saved / "mission")
    row = json.loads((saved / "removal.json").read_text())
    row |= {"phase": "restoring", "restore_as": mission.slug, "restore_branch": mission.branch}
    (saved / "removal.json").write_text(json.dumps(row))
    saved.rename(desk.trash(mission))
    tree = Path(mission.worktree)
    (tree / ".env").write_text("newer\n")
    return tree


def left_over(desk: Desk) -> list[str]:
    return [file.read_text() for file in desk.home.missions_active.parent.glob("trash/restored-*/kept/.env")]


def test_a_kept_file_without_room_outlives_a_restore_that_was_killed(desk: Desk) -> None:
    mission, _ = removed(desk)
    tree = restore_killed_when_it_was_active(desk, mission)
    desk.done("trash")
    assert left_over(desk) == ["kept\n"]
    assert (tree / ".env").read_text() == "newer\n"


def test_a_task_is_removed_again_whole_after_a_restore_that_was_killed(desk: Desk) -> None:
    mission, _ = removed(desk)
    tree = restore_killed_when_it_was_active(desk, mission)
    desk.done("rm", "fix-login", "--yes")
    assert left_over(desk) == ["kept\n"]
    desk.done("restore", "fix-login")
    assert (tree / ".env").read_text() == "newer\n"
    assert (tree / "new.txt").read_text() == "new\n"


def test_two_leftovers_of_the_same_task_both_stay(desk: Desk) -> None:
    mission, _ = removed(desk)
    restore_killed_when_it_was_active(desk, mission)
    desk.done("trash")
    desk.done("rm", "fix-login", "--yes")
    restore_killed_when_it_was_active(desk, mission)
    desk.done("trash")
    assert sorted(left_over(desk)) == ["kept\n", "newer\n"]


def test_what_was_brought_back_meanwhile_is_not_emptied(desk: Desk) -> None:
    mission, seen = removed(desk)
    session = desk.session(mission)
    git(desk.folder, "update-ref", f"refs/scopecraft/{mission.id}/heads/side", "HEAD")
    desk.done("restore", "fix-login", "--as", "other-name")
    emptied = empty(Context.of(os.environ), seen)
    assert "brought back" in emptied.problem
    assert (desk.home.sessions / session / "stream.jsonl").read_text() == "said\n"
    assert f"{mission.id}/heads/side" in git(desk.folder, "for-each-ref", "refs/scopecraft")


def test_what_was_emptied_meanwhile_does_not_come_back_in_half(desk: Desk) -> None:
    mission, seen = removed(desk)
    context = Context.of(os.environ)
    assert empty(context, seen).problem == ""
    with pytest.raises(Refused, match="not in the trash any more"):
        restore_mission(context, seen, "other-name")
    assert not Path(mission.worktree).exists()
    assert list(desk.home.missions_active.iterdir()) == []


def test_a_worktree_in_the_trash_outlives_the_record_of_its_removal(desk: Desk) -> None:
    mission = desk.mission("fix-login")
    tree, trash = Path(mission.worktree), desk.trash(mission)
    (tree / "work.txt").write_text("not committed\n")
    trash.mkdir(parents=True)
    tree.rename(trash / "tree")  # as a removal does it that is killed then
    (trash / "removal.json").write_text("{")
    for _ in range(3):
        said = desk.sc("rm", "fix-login", "--yes")
        assert said.code in (1, 3), said.err
        assert (trash / "tree" / "work.txt").read_text() == "not committed\n"


def test_what_somebody_wrote_into_a_half_restored_worktree_is_not_written_over(desk: Desk) -> None:
    mission = desk.mission("fix-login")
    tree = Path(mission.worktree)
    names = ["file-0.txt", *(f"new-{number}.txt" for number in range(300))]
    for name in names:
        (tree / name).write_text("pinned\n")
    desk.done("rm", "fix-login", "--yes")
    restoring = subprocess.Popen(
        [*PROGRAM, "restore", "fix-login"], cwd=desk.folder, env=environment(), stderr=subprocess.DEVNULL
    )
    assert kill_when(restoring, desk.folder.parent, "scopecraft/worktrees/shop/fix-login/new-1.txt")
    (tree / "file-0.txt").write_text("newer\n")
    (tree / "mine.txt").write_text("mine\n")
    said = desk.sc("restore", "fix-login")
    assert (said.code, "file-0.txt" in said.err) == (3, True), said.err
    assert (tree / "file-0.txt").read_text() == "newer\n"
    (tree / "file-0.txt").rename(desk.folder.parent / "newer")
    desk.done("restore", "fix-login")
    assert {(tree / name).read_text() for name in names} == {"pinned\n"}
    assert (tree / "mine.txt").read_text() == "mine\n"
