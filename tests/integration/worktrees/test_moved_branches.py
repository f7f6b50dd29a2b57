"""A branch moves with its checkout: all of it or nothing, whatever stands there and whoever is killed on the way."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scopecraft.errors import BranchBusy, GitFailed, Overtaken, Refused, ScopecraftError
from scopecraft.worktrees.moving import INTENT, Move, heal, move_branch
from scopecraft.worktrees.repository import Repository, open_repository
from tests.support.repos import bare_copy, commit, git, make_repository
from tests.support.trees import contents
from tests.support.wait import until

CHANGES = frozenset({"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "subprocess.Popen"})


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """On `main`; `next` is one commit further, with something of everything."""
    folder = make_repository(tmp_path / "shop", files=8)
    (folder / "deep" / "er").mkdir(parents=True)
    for name in ("deep/a", "deep/er/b", "becomes-folder", "goes"):
        (folder / name).write_text(f"{name}\n")
    (folder / "link").symlink_to("file-0.txt")
    (folder / ".gitignore").write_text("*.log\nbuild/\n")
    git(folder, "add", "--all")
    git(folder, "commit", "-qm", "Before")
    git(folder, "checkout", "-q", "-b", "next")
    git(folder, "rm", "-q", "-r", "becomes-folder", "goes", "deep")
    (folder / "becomes-folder").mkdir()
    for name in ("becomes-folder/x", "deep", "new/one", "new/two", "file-1.txt", "file-2.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"{name} is new\n" * 50)
    (folder / "file-3.txt").chmod(0o755)
    (folder / "link").unlink()
    (folder / "link").symlink_to("file-1.txt")
    git(folder, "add", "--all")
    git(folder, "commit", "-qm", "After")
    git(folder, "checkout", "-q", "main")
    return folder


def silent(_: Move) -> None:
    """Nobody listens."""


def move_of(shop: Path, **changes: str) -> Move:
    ids = {"before": git(shop, "rev-parse", "main"), "after": git(shop, "rev-parse", "next")} | changes
    return Move("main", ids["before"], ids["after"], "test")


def files(top: Path) -> dict[str, object]:
    """All but what git keeps."""
    return {name: what for name, what in contents(top).items() if name.split("/")[0] != ".git"}


def state(top: Path) -> tuple[object, ...]:
    return files(top), git(top, "status", "--porcelain"), git(top, "rev-parse", "HEAD"), git(top, "ls-files", "-s")


def check_nothing_left(repo: Repository) -> None:
    left = [path.name for path in repo.common_dir.rglob("*") if "scopecraft-" in path.name or path.suffix == ".lock"]
    assert [name for name in left if name != "scopecraft.lock"] == []


def test_the_checkout_goes_along_and_is_clean(shop: Path) -> None:
    git(shop, "worktree", "add", "-q", "--detach", "../wanted", "next")
    wanted = files(shop.parent / "wanted")
    repo = open_repository(shop)
    assert move_branch(repo, move_of(shop), silent) == shop
    assert files(shop) == wanted
    assert git(shop, "status", "--porcelain") == ""
    assert git(shop, "reflog", "-1", "--format=%gs", "HEAD") == "test"
    check_nothing_left(repo)


def test_changes_that_are_not_in_the_way_stay(shop: Path) -> None:
    (shop / "file-0.txt").write_text("mine\n")
    (shop / "file-4.txt").write_text("staged\n")
    git(shop, "add", "file-4.txt")
    (shop / "notes").write_text("untracked\n")
    (shop / "x.log").write_text("ignored\n")
    before = git(shop, "status", "--porcelain", "--ignored")
    move_branch(open_repository(shop), move_of(shop), silent)
    assert git(shop, "status", "--porcelain", "--ignored") == before
    assert (shop / "file-0.txt").read_text() == "mine\n"


def put(name: str, content: str = "mine\n") -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)

    return change


def staged(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        put(name)(folder)
        git(folder, "add", "--force", name)

    return change


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (put("file-1.txt"), "file-1.txt"),
        (staged("file-1.txt"), "file-1.txt"),
        (lambda folder: (folder / "goes").unlink(), "goes"),
        (put("new/one"), "new/one"),
        (put("new"), "new"),
        (put("deep/own"), "deep/own"),
        (put("deep/own.log"), "deep/own.log"),
        (staged("new/two"), "new/two"),
        (lambda folder: git(folder, "update-index", "--assume-unchanged", "file-1.txt"), "file-1.txt"),
    ],
    ids=[
        "modified",
        "staged",
        "deleted",
        "untracked",
        "a file for a folder",
        "in a folder",
        "ignored",
        "added",
        "hidden",
    ],
)
def test_what_is_in_the_way_is_named_and_nothing_happens(
    shop: Path, change: Callable[[Path], object], named: str
) -> None:
    change(shop)
    before = state(shop)
    repo = open_repository(shop)
    with pytest.raises(Refused, match=named):
        move_branch(repo, move_of(shop), silent)
    assert state(shop) == before
    check_nothing_left(repo)


def test_an_ignored_file_is_never_overwritten(shop: Path) -> None:
    git(shop, "checkout", "-q", "next")
    commit(shop, "secret.log", "theirs\n")
    commit(shop, "build", "a file\n")
    git(shop, "checkout", "-q", "main")
    (shop / "secret.log").write_text("mine\n")
    (shop / "build").mkdir()
    (shop / "build" / "kept").write_text("mine\n")
    with pytest.raises(Refused, match=r"build/kept, secret\.log"):
        move_branch(open_repository(shop), move_of(shop), silent)
    assert (shop / "secret.log").read_text() == (shop / "build" / "kept").read_text() == "mine\n"


def test_another_git_at_work_is_said_and_not_disturbed(shop: Path) -> None:
    lock = shop / ".git" / "index.lock"
    lock.write_bytes(b"")
    with pytest.raises(Refused, match="another git is at work"):
        move_branch(open_repository(shop), move_of(shop), silent)
    assert lock.exists()
    assert not (shop / ".git" / INTENT).exists()


def test_a_branch_that_moved_meanwhile_is_overtaken(shop: Path) -> None:
    move = move_of(shop)
    commit(shop, "later.txt")
    before = state(shop)
    with pytest.raises(Overtaken):
        move_branch(open_repository(shop), move, silent)
    assert state(shop) == before


def test_a_branch_in_another_worktree_goes_along_there(shop: Path) -> None:
    git(shop, "checkout", "-q", "--detach")
    git(shop, "worktree", "add", "-q", "../other", "main")
    mine = files(shop)
    repo = open_repository(shop)
    assert move_branch(repo, move_of(shop), silent) == shop.parent / "other"
    assert git(shop.parent / "other", "status", "--porcelain") == ""
    assert files(shop) == mine
    check_nothing_left(repo)


def test_a_bare_repository_has_no_checkout(shop: Path) -> None:
    bare = bare_copy(shop, shop.parent / "bare.git")
    assert move_branch(open_repository(bare), move_of(shop), silent) is None
    assert git(bare, "rev-parse", "main") == git(shop, "rev-parse", "next")


@pytest.mark.parametrize("doing", ["merge", "rebase"])
def test_what_is_half_done_in_the_checkout_is_left_alone(shop: Path, doing: str) -> None:
    move = move_of(shop)
    git(shop, "checkout", "-q", "-b", "side", "main")
    commit(shop, "file-5.txt", "side\n")
    git(shop, "checkout", "-q", "main")
    commit(shop, "file-5.txt", "main\n")
    git(shop, doing, "side", check=False)
    with pytest.raises(BranchBusy, match=doing):
        move_branch(open_repository(shop), move, silent)


def test_hooks_do_not_run(shop: Path) -> None:
    for name in ("post-checkout", "post-merge", "reference-transaction", "post-index-change"):
        hook = shop / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {shop.parent}/ran\n")
        hook.chmod(0o755)
    move_branch(open_repository(shop), move_of(shop), silent)
    assert not (shop.parent / "ran").exists()


def test_a_filter_of_the_person_runs_and_one_of_the_branch_does_not(shop: Path) -> None:
    git(shop, "config", "filter.mine.smudge", "tr a-z A-Z")
    git(shop, "config", "filter.mine.clean", "tr A-Z a-z")
    git(shop, "config", "filter.evil.smudge", f"./run.sh {shop.parent}/ran; cat")
    git(shop, "checkout", "-q", "next")
    commit(shop, "run.sh", "touch $1\n")
    commit(shop, ".gitattributes", "*.up filter=mine\n*.bad filter=evil\n")
    commit(shop, "loud.up", "words\n")
    commit(shop, "x.bad", "words\n")
    git(shop, "checkout", "-q", "main")
    (shop.parent / "ran").unlink(missing_ok=True)
    move_branch(open_repository(shop), move_of(shop), silent)
    assert (shop / "loud.up").read_text() == "WORDS\n"
    assert (shop / "x.bad").read_text() == "words\n"
    assert not (shop.parent / "ran").exists()


def dying_filter(shop: Path, count: int, command: str) -> None:
    """A person's filter, at whose n-th file of the move the command runs, with git as its parent's parent."""
    git(shop, "checkout", "-q", "next")
    commit(shop, ".gitattributes", "new/* filter=mine\nfile-* filter=mine\n")
    git(shop, "checkout", "-q", "main")
    program = shop.parent / "filter.sh"
    program.write_text(
        f"echo >>{shop.parent}/count\n[ $(wc -l <{shop.parent}/count) -eq {count} ] && {{ {command}; }}\ncat\n"
    )
    git(shop, "config", "filter.mine.smudge", f"sh {program}")


KILL_GIT = "git=$(cut -d' ' -f4 /proc/$PPID/stat); kill -9 $git $PPID; exit 1"


@pytest.mark.parametrize("count", [1, 3])
def test_a_git_that_is_killed_is_taken_back(shop: Path, count: int) -> None:
    dying_filter(shop, count, KILL_GIT)
    before = state(shop)
    repo = open_repository(shop)
    with pytest.raises(GitFailed):
        move_branch(repo, move_of(shop), silent)
    assert state(shop) == before
    check_nothing_left(repo)
    move_branch(repo, move_of(shop), silent)
    assert git(shop, "status", "--porcelain") == ""


@pytest.mark.parametrize("count", [1, 3])
def test_both_killed_is_finished_by_the_next(shop: Path, count: int) -> None:
    """As a machine that loses its power: files are half way, and nobody was there to take them back."""
    dying_filter(shop, count, f"kill -9 $(cat {shop.parent}/pid); {KILL_GIT}")
    move = move_of(shop)
    repo = open_repository(shop)
    child = os.fork()
    if child == 0:
        (shop.parent / "pid").write_text(str(os.getpid()))
        move_branch(repo, move, silent)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    until(lambda: (repo.common_dir / INTENT).exists())
    (shop / "file-2.txt").write_text("my own words, meanwhile\n")
    told: list[Move] = []
    assert heal(repo, told.append) == move
    assert told == [move]
    assert git(shop, "status", "--porcelain") == " M file-2.txt"
    assert (shop / "file-2.txt").read_text() == "my own words, meanwhile\n"
    git(shop, "checkout", "-q", "--", "file-2.txt")
    assert git(shop, "diff", "--stat", "next") == ""
    check_nothing_left(repo)


def killed_at(number: int, action: Callable[[], object]) -> bool:
    """In a process of its own, before its n-th change or git; False where there were fewer."""
    child = os.fork()
    if child == 0:
        left = number

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            is_writing = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
            if event in CHANGES or is_writing:
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left -= 1

        sys.addaudithook(hook)
        code = 1
        try:
            action()
            code = 0
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, -signal.SIGKILL)
    return code != 0


def test_killed_at_any_instruction_the_next_one_heals_it(shop: Path) -> None:
    """And somebody who is killed while healing is healed as well."""
    move = move_of(shop)
    repo = open_repository(shop)
    (shop / "file-0.txt").write_text("mine\n")
    clean = " M file-0.txt"
    outcomes = set()
    number = 0
    while killed_at(number, lambda: move_branch(repo, move, silent)):
        if number % 3 == 0:
            killed_at(number // 3, lambda: heal(repo, silent))
        heal(repo, silent)
        is_moved = git(shop, "rev-parse", "main") == move.after
        outcomes.add(is_moved)
        assert git(shop, "status", "--porcelain") == clean, number
        check_nothing_left(repo)
        if is_moved:
            git(shop, "read-tree", "-m", "-u", move.after, move.before)
            git(shop, "update-ref", "refs/heads/main", move.before)
            git(shop, "update-index", "-q", "--refresh", check=False)
        number += 1
    assert outcomes == {True, False}
    assert git(shop, "rev-parse", "main") == move.after


def test_a_checkout_that_was_switched_after_a_crash_is_left_alone(shop: Path) -> None:
    move = move_of(shop)
    repo = open_repository(shop)
    number = 0
    while not ((repo.common_dir / INTENT).exists() and git(shop, "rev-parse", "main") == move.after):
        heal(repo, silent)
        git(shop, "read-tree", "-m", "-u", "HEAD", move.before)
        git(shop, "update-ref", "refs/heads/main", move.before)
        assert killed_at(number, lambda: move_branch(repo, move, silent))
        number += 1
    (repo.common_dir / "index.lock").unlink()
    git(shop, "checkout", "-q", "-f", "-b", "mine", move.before)
    before = state(shop)
    heal(repo, silent)
    assert state(shop) == before
    check_nothing_left(repo)


def test_a_record_that_cannot_be_read_is_said(shop: Path) -> None:
    (shop / ".git" / INTENT).write_text("{")
    with pytest.raises(ScopecraftError, match="cannot be read"):
        heal(open_repository(shop), silent)


def test_a_link_in_the_place_of_a_folder_is_never_followed(shop: Path) -> None:
    """Killed half way, the folder that goes may be a link to anywhere by the time somebody heals."""
    move = move_of(shop)
    repo = open_repository(shop)
    outside = shop.parent / "outside"
    outside.mkdir()
    for name in ("a", "x", "one", "two"):
        (outside / name).write_text("not yours\n")
    number = 0
    while not ((repo.common_dir / INTENT).exists() and git(shop, "rev-parse", "main") == move.after):
        heal(repo, silent)
        assert killed_at(number, lambda: move_branch(repo, move, silent))
        number += 1
    for folder in ("deep", "new"):
        git(shop, "clean", "-q", "-d", "-f", "-f", folder)
        if (shop / folder).is_dir():
            (shop / folder).rename(shop.parent / f"was-{folder}")
        (shop / folder).symlink_to(outside)
    heal(repo, silent)
    assert {path.name: path.read_text() for path in outside.iterdir()} == dict.fromkeys(
        ["a", "x", "one", "two"], "not yours\n"
    )
    check_nothing_left(repo)
