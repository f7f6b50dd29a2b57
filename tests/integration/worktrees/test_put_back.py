"""What was pinned and taken away comes back as it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scopecraft.errors import BranchBusy, NotPinned
from scopecraft.worktrees.pin import Pin, pin
from scopecraft.worktrees.put_back import Place, put_aside_back, put_back, put_modules_back, refuse_taken
from scopecraft.worktrees.removal import drop_branch, forget_worktree, set_apart, set_aside
from scopecraft.worktrees.survey import survey
from tests.support.repos import commit, git, make_repository
from tests.support.trees import BRANCH, WorkPlace, contents, make_work_place

ID = "m-0123456789abcdef"
AT = "2026-03-01T10:00:00.000Z"


@pytest.fixture
def place(tmp_path: Path) -> WorkPlace:
    return make_work_place(tmp_path)


def taken_away(place: WorkPlace, trash: Path) -> tuple[Pin, tuple[str, ...]]:
    """As removal does it, without anything above git; what was set aside."""
    seen = survey(place.repo, place.path, BRANCH)
    made = pin(place.repo, ID, seen, AT)
    trash.mkdir()
    set_apart(place.path, trash / "tree")
    aside = tuple(sorted({*made.left, *seen.aside, *seen.found.ignored}))
    set_aside(trash / "tree", trash / "kept", aside)
    forget_worktree(place.repo, place.path, seen.admin, trash / "modules")
    assert made.branch_tip is not None
    assert drop_branch(place.repo, BRANCH, made.branch_tip)
    git(place.repo.path, "reflog", "expire", "--expire=now", "--all")
    git(place.repo.path, "gc", "--quiet", "--prune=now")
    return made, aside


def brought_back(place: WorkPlace, trash: Path, made: Pin, aside: tuple[str, ...]) -> bool:
    is_same = put_back(place.repo, made, Place(place.path, BRANCH, "test"))
    assert put_aside_back(place.path, trash / "kept", aside) == ()
    return is_same and put_modules_back(place.path, trash / "modules")


def there_and_back(place: WorkPlace, trash: Path) -> None:
    status = ("status", "--porcelain=v2", "--branch", "--untracked-files=all", "--ignored")
    before = contents(place.path), git(place.path, *status), git(place.path, "ls-files", "--stage")
    made, aside = taken_away(place, trash)
    assert not place.path.exists()
    assert str(place.path) not in git(place.repo.path, "worktree", "list")
    assert brought_back(place, trash, made, aside)
    assert (contents(place.path), git(place.path, *status), git(place.path, "ls-files", "--stage")) == before


def test_every_file_comes_back_byte_for_byte(place: WorkPlace, tmp_path: Path) -> None:
    commit(place.path, ".gitignore", ".env\nnode_modules/\n")
    commit(place.path, "deep/er/gone.txt")
    place.write(".env", "KEY=1\n", 0o600)
    place.write("node_modules/a/index.js")
    place.write("staged.txt", "staged\n")
    place.write("file-0.txt", "staged\n")
    git(place.path, "add", "staged.txt", "file-0.txt")
    place.write("file-0.txt", b"and \0 changed\r\n")
    place.write("tool.sh", "#!/bin/sh\n", 0o755)
    place.write(os.fsdecode(b"latin-\xe9 \t\n.txt"))
    (place.path / "link").symlink_to("../outside")
    (place.path / "deep/er/gone.txt").unlink()
    (place.path / "file-1.txt").unlink()
    place.write("file-1.txt/now-a-folder")
    os.mkfifo(place.path / "node_modules" / "pipe")
    (place.path / "big.bin").touch()
    os.truncate(place.path / "big.bin", (32 << 20) + 1)
    there_and_back(place, tmp_path / "trash")
    assert (place.path / ".env").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_became_a_file_comes_back(place: WorkPlace, tmp_path: Path) -> None:
    commit(place.path, "folder/a")
    commit(place.path, "folder/b/c")
    for file in ("folder/a", "folder/b/c"):
        (place.path / file).unlink()
    (place.path / "folder/b").rmdir()
    (place.path / "folder").rmdir()
    place.write("folder", "a file\n")
    there_and_back(place, tmp_path / "trash")


def test_line_endings_and_filters_change_nothing(tmp_path: Path) -> None:
    git(tmp_path, "config", "--global", "core.autocrlf", "true")
    git(tmp_path, "config", "--global", "filter.up.clean", "tr a-z A-Z")
    git(tmp_path, "config", "--global", "filter.up.smudge", "tr A-Z a-z")
    place = make_work_place(tmp_path)
    assert (place.path / "file-1.txt").read_bytes() == b"line of file 1\r\n"
    commit(place.path, ".gitattributes", "*.up filter=up\r\n")
    place.write("file-0.txt", "mixed\r\nendings\n")
    place.write("new.up", "small\n")
    before = contents(place.path)
    made, aside = taken_away(place, tmp_path / "trash")
    brought_back(place, tmp_path / "trash", made, aside)
    assert contents(place.path) == before


@pytest.mark.parametrize("kind", ["detached", "other branch"])
def test_what_was_checked_out_is_checked_out_again(place: WorkPlace, tmp_path: Path, kind: str) -> None:
    git(place.path, "switch", "-q", *(["--detach"] if kind == "detached" else ["-c", "side"]))
    commit(place.path, "side.txt")
    place.write("new.txt")
    there_and_back(place, tmp_path / "trash")


def test_repositories_inside_come_back_with_all_they_know(place: WorkPlace, tmp_path: Path) -> None:
    inner = make_repository(place.path / "inner")
    commit(inner, "unpushed.txt")
    (inner / "dirty.txt").write_text("dirty\n")
    there_and_back(place, tmp_path / "trash")
    assert git(inner, "log", "-1", "--format=%s") == "write unpushed.txt"
    assert git(inner, "status", "--porcelain") == "?? dirty.txt"


def test_submodules_come_back_with_unpushed_and_uncommitted_work(place: WorkPlace, tmp_path: Path) -> None:
    library = make_repository(tmp_path / "library")
    git(place.path, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "lib")
    git(place.path, "commit", "-qm", "library")
    commit(place.path / "lib", "unpushed.txt")
    (place.path / "lib" / "dirty.txt").write_text("dirty\n")
    before = contents(place.path)
    made, aside = taken_away(place, tmp_path / "trash")
    assert brought_back(place, tmp_path / "trash", made, aside)
    assert contents(place.path) == before
    assert git(place.path / "lib", "log", "-1", "--format=%s") == "write unpushed.txt"
    assert git(place.path / "lib", "status", "--porcelain") == "?? dirty.txt"


def test_an_interrupted_restore_is_gone_on_with(place: WorkPlace, tmp_path: Path) -> None:
    commit(place.path, ".gitignore", ".env\n")
    place.write(".env", "KEY=1\n")
    place.write("new.txt")
    (place.path / "file-0.txt").unlink()
    before = contents(place.path)
    made, aside = taken_away(place, tmp_path / "trash")
    put_back(place.repo, made, Place(place.path, BRANCH, "test"))
    (place.path / "new.txt").unlink()
    assert brought_back(place, tmp_path / "trash", made, aside)
    assert contents(place.path) == before


def test_a_branch_that_went_on_or_is_checked_out_is_not_touched(place: WorkPlace, tmp_path: Path) -> None:
    made, _ = taken_away(place, tmp_path / "trash")
    main = place.repo.path
    git(main, "branch", BRANCH, str(made.head))
    refuse_taken(place.repo, made, Place(place.path, BRANCH, "test"))
    git(main, "worktree", "add", "-q", str(tmp_path / "elsewhere"), BRANCH)
    with pytest.raises(BranchBusy, match="is checked out in"):
        refuse_taken(place.repo, made, Place(place.path, BRANCH, "test"))
    commit(tmp_path / "elsewhere", "more.txt")
    git(main, "worktree", "remove", str(tmp_path / "elsewhere"))
    with pytest.raises(BranchBusy, match="other commits"):
        refuse_taken(place.repo, made, Place(place.path, BRANCH, "test"))


def test_a_branch_that_moved_is_not_deleted(place: WorkPlace) -> None:
    tip = git(place.path, "rev-parse", "HEAD")
    commit(place.path, "more.txt")
    assert not drop_branch(place.repo, BRANCH, tip)
    assert git(place.repo.path, "rev-parse", "--verify", BRANCH)


def test_another_disk_for_the_trash_is_no_way_to_lose_anything(place: WorkPlace) -> None:
    with pytest.raises(NotPinned, match="nothing was removed"):
        set_apart(place.path, Path("/proc/nowhere"))
    assert (place.path / ".git").is_file()
