"""`sc rm`, `sc restore`, `sc trash` as a person meets them: nothing can be lost by tidying up."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.missions import Desk, make_desk
from tests.support.repos import commit, git
from tests.support.trees import contents
from tests.support.wait import until


@pytest.fixture
def desk(clean_environment: Path) -> Desk:
    return make_desk(clean_environment)


def write(folder: Path, name: str, content: str = "new\n") -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content)


def test_a_task_goes_to_the_trash_and_comes_back_as_it_was(desk: Desk) -> None:
    mission = desk.mission("fix-login")
    session = desk.session(mission)
    tree = Path(mission.worktree)
    commit(tree, ".gitignore", ".env\n")
    tip = git(tree, "rev-parse", "HEAD")
    write(tree, "staged.txt")
    git(tree, "add", "staged.txt")
    write(tree, "file-0.txt", "changed\n")
    write(tree, "new/deep.txt")
    write(tree, ".env", "KEY=1\n")
    before = contents(tree), git(tree, "status", "--porcelain", "--ignored")

    said = desk.done("rm", "fix-login", "--yes")
    assert "pinned and kept: 1 commit on feature/fix-login, 2 modified, 1 untracked, 1 ignored" in said.err
    assert "ignored, kept: .env" in said.err
    assert "it comes back with: sc restore fix-login" in said.err
    assert not tree.exists()
    assert "feature/fix-login" not in git(desk.folder, "branch", "--list")
    assert "fix-login" not in git(desk.folder, "worktree", "list")
    assert desk.sc("ls").out == ""
    assert session in desk.done("ls", "--all").out
    assert "completed" in desk.done("show", session).out
    assert "said" in desk.done("logs", session).out

    listed = json.loads(desk.done("trash", "--json").out)
    assert [(row["task"], row["commits"], row["untracked"]) for row in listed] == [("fix-login", 1, 1)]
    assert "fix-login" in desk.done("trash").out

    said = desk.done("restore", "fix-login")
    assert "fix-login is back, on feature/fix-login" in said.err
    assert (contents(tree), git(tree, "status", "--porcelain", "--ignored")) == before
    assert git(tree, "rev-parse", "feature/fix-login") == tip
    assert desk.done("path", "fix-login").out.strip() == str(tree)
    assert "the trash is empty" in desk.done("trash").err
    assert session in desk.done("ls").out
    assert git(desk.folder, "for-each-ref", "refs/scopecraft") == ""


def test_without_yes_and_without_a_person_nothing_happens(desk: Desk) -> None:
    mission = desk.mission("fix-login")
    said = desk.sc("rm", "fix-login")
    assert (said.code, "say --yes" in said.err) == (2, True)
    assert Path(mission.worktree).is_dir()


def test_a_dry_run_changes_nothing(desk: Desk) -> None:
    mission = desk.mission("fix-login")
    write(Path(mission.worktree), "new.txt")
    before = contents(desk.folder), contents(desk.home.worktrees), contents(desk.home.missions_active)
    said = desk.done("rm", "fix-login", "--dry-run")
    assert "1 untracked" in said.err
    (row,) = json.loads(desk.done("rm", "fix-login", "--dry-run", "--json").out)
    assert (row["untracked"], row["takes_branch"]) == (["new.txt"], True)
    assert (contents(desk.folder), contents(desk.home.worktrees), contents(desk.home.missions_active)) == before


def test_large_ignored_folders_need_a_word(desk: Desk) -> None:
    mission = desk.mission("fix-login")
    tree = Path(mission.worktree)
    commit(tree, ".gitignore", "node_modules/\n.env\n")
    write(tree, ".env", "KEY=1\n")
    for number in range(1100):
        write(tree, f"node_modules/{number}.js", "")
    said = desk.sc("rm", "fix-login", "--yes")
    assert said.code == 3
    assert "node_modules/ (1100 files, 0 B)" in said.err
    assert "--drop-ignored" in said.err
    assert tree.is_dir()
    desk.done("rm", "fix-login", "--yes", "--drop-ignored")
    said = desk.done("restore", "fix-login")
    assert "not kept, and so not there: node_modules/" in said.err
    assert (tree / ".env").read_text() == "KEY=1\n"
    assert not (tree / "node_modules").exists()
    write(tree, "node_modules/only.js")
    desk.done("rm", "fix-login", "--yes", "--keep-ignored")
    desk.done("restore", "fix-login")
    assert (tree / "node_modules" / "only.js").exists()


def test_whoever_works_there_is_named(desk: Desk) -> None:
    mission = desk.mission("fix-login")
    (Path(mission.worktree) / "deep").mkdir()
    process = subprocess.Popen(["sleep", "60"], cwd=Path(mission.worktree) / "deep")
    try:
        until(lambda: Path(f"/proc/{process.pid}/cwd").readlink().name == "deep")
        said = desk.sc("rm", "fix-login", "--yes")
        assert said.code == 3
        assert f"sleep 60 ({process.pid})" in said.err
    finally:
        process.kill()
        process.wait()
    desk.done("rm", "fix-login", "--yes")


def test_the_name_is_free_and_the_old_one_comes_back_beside_the_new(desk: Desk) -> None:
    first = desk.mission("fix-login")
    write(Path(first.worktree), "first.txt")
    tip = commit(Path(first.worktree), "done.txt")
    desk.done("rm", "fix-login", "--yes")
    second = desk.mission("fix-login")
    said = desk.sc("restore", "fix-login")
    assert said.code == 3
    assert "there is a mission fix-login already" in said.err
    assert "--as NAME" in said.err
    desk.done("restore", "fix-login", "--as", "fix-login-old")
    tree = desk.home.worktrees / "shop" / "fix-login-old"
    assert (tree / "first.txt").read_text() == "new\n"
    assert git(desk.folder, "rev-parse", "feature/fix-login-old") == tip
    assert git(desk.folder, "rev-parse", "feature/fix-login") == second.base
    assert desk.done("path", first.id).out.strip() == str(tree)


def test_the_same_name_removed_twice_is_told_apart_by_id(desk: Desk) -> None:
    first = desk.mission("fix-login")
    desk.done("rm", "fix-login", "--yes")
    second = desk.mission("fix-login")
    desk.done("rm", "fix-login", "--yes")
    said = desk.sc("restore", "fix-login")
    assert said.code == 3
    assert first.id in said.err and second.id in said.err
    desk.done("restore", second.id)


def test_a_persons_own_worktree_and_branch_stay(desk: Desk) -> None:
    place = desk.folder.parent / "mine"
    git(desk.folder, "worktree", "add", "-q", "-b", "mine", str(place))
    write(place, "dirty.txt")
    desk.mission("adopted", branch="mine", worktree=place)
    said = desk.done("rm", "adopted", "--yes")
    assert "is yours and stays" in said.err
    assert (place / "dirty.txt").exists()
    desk.done("restore", "adopted")
    assert desk.done("path", "adopted").out.strip() == str(place)


def test_a_branch_that_was_there_before_stays(desk: Desk) -> None:
    git(desk.folder, "branch", "theirs")
    desk.mission("fix-login", branch="theirs")
    said = desk.done("rm", "fix-login", "--yes")
    assert "the branch theirs stays: scopecraft did not make it" in said.err
    assert "theirs" in git(desk.folder, "branch", "--list")
    desk.done("restore", "fix-login")
    desk.done("rm", "fix-login", "--yes")
    commit_elsewhere = git(desk.folder, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "more")
    git(desk.folder, "update-ref", "refs/heads/theirs", commit_elsewhere)
    said = desk.sc("restore", "fix-login")
    assert (said.code, "exists, with other commits" in said.err) == (3, True)
    desk.done("restore", "fix-login", "--as", "again")


def test_a_worktree_deleted_by_hand_can_be_removed_and_comes_back_from_its_branch(desk: Desk) -> None:
    mission = desk.mission("fix-login")
    commit(Path(mission.worktree), "done.txt")
    subprocess.run(["rm", "-rf", mission.worktree], check=True)
    assert "is not there any more" in desk.done("rm", "fix-login", "--yes").err
    desk.done("restore", "fix-login")
    assert (Path(mission.worktree) / "done.txt").exists()


def test_a_rewritten_pointer_is_refused(desk: Desk) -> None:
    mission = desk.mission("fix-login")
    (Path(mission.worktree) / ".git").write_text("gitdir: /tmp/evil\n")
    said = desk.sc("rm", "fix-login", "--yes")
    assert said.code == 3
    assert Path(mission.worktree).is_dir()


def test_the_trash_is_emptied_only_on_request_and_by_age(desk: Desk) -> None:
    mission = desk.mission("fix-login")
    session = desk.session(mission)
    write(Path(mission.worktree), "new.txt")
    git(desk.folder, "update-ref", f"refs/scopecraft/{mission.id}/tip", "HEAD")
    desk.done("rm", "fix-login", "--yes")
    assert f"refs/scopecraft/{mission.id}/tip" in git(desk.folder, "for-each-ref")
    assert "nothing in the trash is older" in desk.done("trash", "--empty", "--yes").err
    record = desk.trash(mission) / "removal.json"
    row = json.loads(record.read_text())
    record.write_text(json.dumps(row | {"removed_at": "2020-01-01T10:00:00.000Z"}))
    assert "expired" in desk.done("trash").out
    said = desk.sc("trash", "--empty")
    assert (said.code, "gone for good" in said.err) == (2, True)
    desk.done("trash", "--empty", "--yes")
    assert git(desk.folder, "for-each-ref", "refs/scopecraft") == ""
    assert not (desk.home.sessions / session / "stream.jsonl").exists()
    assert "the trash is empty" in desk.done("trash").err
    assert "holds nothing of project other" in desk.done("trash", "--project", "other").err
    assert desk.sc("ls").out == ""
    assert session in desk.done("ls", "--all").out
    assert desk.sc("restore", "fix-login").code == 3


def test_submodules_come_back(desk: Desk) -> None:
    library = desk.folder.parent / "library"
    subprocess.run(["git", "init", "-q", str(library)], check=True)
    commit(library, "lib.c")
    mission = desk.mission("fix-login")
    tree = Path(mission.worktree)
    git(tree, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "lib")
    git(tree, "commit", "-qm", "library")
    commit(tree / "lib", "unpushed.c")
    write(tree, "lib/dirty.c")
    said = desk.done("rm", "fix-login", "--yes")
    assert "a repository inside, kept as it is: lib/" in said.err
    desk.done("restore", "fix-login")
    assert git(tree / "lib", "log", "-1", "--format=%s") == "write unpushed.c"
    assert (tree / "lib" / "dirty.c").exists()


def test_a_teardown_on_this_machine_does_not_run_what_an_agent_changed(desk: Desk) -> None:
    marks = desk.folder.parent
    desk.home.settings_file.write_text('[setup]\nrun_on = "host"\nteardown = ["make clean"]\n')
    mission = desk.mission("fix-login")
    tree = Path(mission.worktree)
    write(tree, "Makefile", f"clean:\n\ttouch {marks}/ran\n")
    git(tree, "add", "Makefile")
    git(tree, "commit", "-qm", "of an agent")
    refused = desk.sc("rm", "fix-login", "--yes")
    assert (refused.code, "Makefile" in refused.err, "--no-teardown" in refused.err) == (3, True, True), refused.err
    assert Path(mission.worktree).is_dir()
    assert not (marks / "ran").exists()
    desk.done("rm", "fix-login", "--yes", "--no-teardown")
    assert not (marks / "ran").exists()


def test_a_teardown_command_runs_first_and_can_be_left_out(desk: Desk) -> None:
    marks = desk.folder.parent
    settings = desk.home.settings_file
    settings.write_text(f'[setup]\nrun_on = "host"\nteardown = ["pwd >> {marks}/torn-down"]\n')
    mission = desk.mission("fix-login")
    desk.done("rm", "fix-login", "--yes")
    assert (marks / "torn-down").read_text().strip() == mission.worktree
    desk.done("restore", "fix-login")
    settings.write_text('[setup]\nrun_on = "host"\nteardown = ["exit 3"]\n')
    failed = desk.sc("rm", "fix-login", "--yes")
    assert failed.code == 1 and "without: sc rm fix-login --no-teardown" in failed.err
    assert Path(mission.worktree).is_dir()
    desk.done("rm", "fix-login", "--yes", "--no-teardown")
