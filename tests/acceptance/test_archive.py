"""`sc archive`: a task as plain files, also where an agent left traps."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support.missions import Desk, make_desk
from tests.support.repos import commit, git
from tests.support.trees import contents

SECRET = "sk-ant-0123456789abcdef"


@pytest.fixture
def desk(clean_environment: Path) -> Desk:
    return make_desk(clean_environment)


def test_an_archive_holds_request_logs_diff_and_summary(desk: Desk) -> None:
    mission = desk.mission("fix-login")
    session = desk.session(mission)
    commit(Path(mission.worktree), "done.txt", "the work\n")
    (Path(mission.worktree) / "uncommitted.txt").write_text("not yet\n")
    said = desk.done("archive", "fix-login")
    folder = desk.folder / ".tasks" / "archive" / f"{mission.id}--fix-login"
    assert said.out.strip() == str(folder)
    assert "archived fix-login: 1 session, 1 commit\n" in said.err
    assert set(contents(folder)) == {
        "summary.md",
        "mission.json",
        "changes.patch",
        "artifacts/raw-input.md",
        f"sessions/{session}/metadata.json",
        f"sessions/{session}/stream.jsonl",
        f"sessions/{session}/stderr.log",
    }
    summary = (folder / "summary.md").read_text()
    assert "what to do" in summary and "write done.txt" in summary and session in summary
    git(desk.folder, "apply", str(folder / "changes.patch"))
    assert (desk.folder / "done.txt").read_text() == "the work\n"
    assert "uncommitted" not in (folder / "changes.patch").read_text()
    assert "not committed in the worktree: 1 file" in summary
    assert desk.done("path", "fix-login").out


def test_an_archive_is_not_overwritten(desk: Desk) -> None:
    desk.mission("fix-login")
    desk.done("archive", "fix-login")
    said = desk.sc("archive", "fix-login")
    assert (said.code, "is there already" in said.err, "--to FOLDER" in said.err) == (3, True, True)
    there = json.loads(desk.done("archive", "fix-login", "--to", "elsewhere", "--json").out)["folder"]
    assert Path(there).parent == desk.folder / "elsewhere"


def test_known_keys_are_in_none_of_it(desk: Desk) -> None:
    desk.home.secrets_file.write_text(f"ANTHROPIC_API_KEY={SECRET}\n")
    desk.home.secrets_file.chmod(0o600)
    mission = desk.mission("fix-login")
    session = desk.session(mission)
    (desk.home.sessions / session / "stream.jsonl").write_text(f'{{"text": "{SECRET}"}}\n' * 3)
    (desk.home.sessions / session / "secrets").mkdir()
    (desk.home.sessions / session / "secrets" / "env").write_text(SECRET)
    commit(Path(mission.worktree), "leak.txt", SECRET)
    artifacts = desk.home.missions_active / f"{mission.id}--fix-login" / "artifacts"
    (artifacts / "notes.md").write_text(f"the key is {SECRET}\n")
    folder = Path(desk.done("archive", "fix-login").out.strip())
    assert [name for name, (_, data) in contents(folder).items() if SECRET.encode() in data] == []
    assert (folder / "artifacts" / "notes.md").read_text() == "the key is [secret ANTHROPIC_API_KEY]\n"


def test_links_pipes_and_huge_files_of_an_agent_are_left_out(desk: Desk) -> None:
    mission = desk.mission("fix-login")
    artifacts = desk.home.missions_active / f"{mission.id}--fix-login" / "artifacts"
    outside = desk.folder.parent / "outside"
    outside.mkdir()
    (outside / "id_rsa").write_text("PRIVATE\n")
    (artifacts / "link.md").symlink_to(outside / "id_rsa")
    (artifacts / "folder").symlink_to(outside)
    os.mkfifo(artifacts / "pipe.md")
    (artifacts / "deep").mkdir()
    (artifacts / "deep" / "fine.md").write_text("fine\n")
    (artifacts / "huge.bin").touch()
    os.truncate(artifacts / "huge.bin", 10 << 30)
    said = desk.done("archive", "fix-login")
    folder = Path(said.out.strip())
    found = contents(folder / "artifacts")
    assert set(found) == {"raw-input.md", "deep/fine.md", "huge.bin"}
    assert len(found["huge.bin"][1]) == 64 << 20
    assert "link.md was left out" in said.err and "pipe.md was left out" in said.err
    assert "huge.bin was cut at 64 MiB" in said.err


def test_artifacts_that_a_program_would_obey_are_left_out(desk: Desk) -> None:
    mission = desk.mission("fix-login")
    artifacts = desk.home.missions_active / f"{mission.id}--fix-login" / "artifacts"
    commit(git_folder(artifacts / "trap"), "plan.md")
    for name in (".envrc", ".GIT/config", ".gitattributes", "\x1b]0;x\x07"):
        (artifacts / name).parent.mkdir(exist_ok=True)
        (artifacts / name).write_text("obey me\n")
    said = desk.done("archive", "fix-login")
    found = contents(Path(said.out.strip()) / "artifacts")
    assert set(found) == {"raw-input.md", "trap/plan.md"}
    assert "trap/.git was left out" in said.err and ".envrc was left out" in said.err


def git_folder(folder: Path) -> Path:
    folder.mkdir()
    git(folder, "init", "-q")
    return folder


def test_so_many_pipes_that_nobody_could_read_of_them_hide_no_log(desk: Desk) -> None:
    mission = desk.mission("fix-login")
    session = desk.session(mission)
    artifacts = desk.home.missions_active / f"{mission.id}--fix-login" / "artifacts"
    for number in range(5500):
        os.mkfifo(artifacts / f"pipe-{number}")
    folder = Path(desk.done("archive", "fix-login").out.strip())
    assert (folder / "sessions" / session / "stream.jsonl").read_text() == "said\n"
    assert (folder / "summary.md").read_text().count("left out") <= 5001


def test_a_place_that_cannot_be_written_leaves_nothing(desk: Desk) -> None:
    desk.mission("fix-login")
    (desk.folder / ".tasks").symlink_to("/etc")
    said = desk.sc("archive", "fix-login")
    assert (said.code, "is a link to another place" in said.err) == (3, True)
    (desk.folder / ".tasks").unlink()
    (desk.folder / ".tasks").write_text("a file\n")
    assert desk.sc("archive", "fix-login").code == 1
    assert (desk.folder / ".tasks").read_text() == "a file\n"


def test_a_task_whose_branch_is_gone_is_archived_without_a_diff(desk: Desk) -> None:
    mission = desk.mission("fix-login")
    git(desk.folder, "worktree", "remove", "--force", "--force", mission.worktree)
    git(desk.folder, "branch", "-D", mission.branch)
    folder = Path(desk.done("archive", "fix-login").out.strip())
    assert not (folder / "changes.patch").exists()
    assert "to gone" in (folder / "summary.md").read_text()
