"""What a session borrows of the main repository: all that its refs reach, quickly, and nothing else."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest

from scopecraft.errors import StorageFailed
from scopecraft.worktrees.borrowed import Borrowing, borrow
from scopecraft.worktrees.pointer import read_pointer
from scopecraft.worktrees.private import PrivateRequest, make_private
from scopecraft.worktrees.seeds import Seeds, read_seeds
from tests.support.container_git import BRANCH, Place, add_worktree, fill, host_git, make_repository
from tests.support.small_disk import small_disk


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return add_worktree(Place(None, tmp_path, make_repository(tmp_path / "main"), tmp_path / "tree"))


def commit(place: Place, name: str, folder: Path | None = None) -> str:
    folder = folder or place.main
    fill(folder, {name: f"{name}\n"})
    host_git(folder, "add", name)
    host_git(folder, "commit", "-q", "-m", name)
    return host_git(folder, "rev-parse", "HEAD")


def borrowed(place: Place, name: str = "r-1") -> Seeds:
    seeds = read_seeds(place.repo, mission_id="m-1", branch=BRANCH)
    return borrow(place.repo, seeds, Borrowing(place.root / "objects", place.root / name))


def objects(place: Place, name: str = "r-1") -> set[str]:
    """All that is in a session's store, by git's own check of each pack."""
    found: set[str] = set()
    for index in (place.root / name / "pack").glob("*.idx"):
        host_git(place.main, "verify-pack", str(index))
        listing = subprocess.run(["git", "show-index"], input=index.read_bytes(), capture_output=True, check=True)
        found |= {line.split()[1].decode() for line in listing.stdout.splitlines()}
    return found


def reached(place: Place, *revisions: str) -> set[str]:
    listing = place.main_git("rev-list", "--objects", *(revisions or ("--branches", "--tags", "--remotes")))
    return {line.split(" ")[0] for line in listing.splitlines()}


def shelf(place: Place) -> Path:
    return next((place.root / "objects").iterdir())


def files(place: Place) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in shelf(place).glob("pack-*")}


def test_everything_that_the_refs_reach_and_nothing_else(place: Place) -> None:
    commit(place, "one")
    place.main_git("tag", "-a", "-m", "mark", "v1")
    place.main_git("tag", "just-a-file", "HEAD:one")
    deleted = commit(place, "secret")
    place.main_git("reset", "-q", "--hard", "HEAD~1")
    dangling = host_git(place.main, "hash-object", "-w", "README.md")
    (place.main / "loose").write_text("key\n")
    loose = host_git(place.main, "hash-object", "-w", "loose")
    borrowed(place)
    assert objects(place) == reached(place)
    assert deleted not in objects(place)
    assert loose not in objects(place)
    assert dangling in objects(place)  # the same as a file that is committed


def test_the_second_session_makes_no_pack_and_costs_no_room(place: Place) -> None:
    borrowed(place, "r-1")
    before = files(place)
    borrowed(place, "r-2")
    assert files(place) == before
    links = {path.name: path.stat().st_ino for path in (place.root / "r-2/pack").iterdir()}
    assert links == before


def test_new_commits_come_as_small_packs_beside_the_first_one(place: Place) -> None:
    fill(place.main, {"big": os.urandom(100_000).hex()})
    place.main_git("add", ".")
    place.main_git("commit", "-q", "-m", "big")
    borrowed(place, "r-1")
    first = files(place)
    commit(place, "more")
    commit(place, "work", place.worktree)
    borrowed(place, "r-2")
    assert first.items() <= files(place).items()
    added = [path for path in shelf(place).glob("pack-*.pack") if path.name not in first]
    assert added
    assert all(path.stat().st_size < 2000 for path in added)
    assert objects(place, "r-2") == reached(place)


def test_what_was_deleted_from_history_is_gone_for_the_next_session(place: Place) -> None:
    commit(place, "one")
    place.main_git("branch", "keys")
    place.main_git("switch", "-q", "keys")
    secret = commit(place, "secret")
    place.main_git("switch", "-q", "main")
    borrowed(place, "r-1")
    assert secret in objects(place, "r-1")
    place.main_git("branch", "-q", "-D", "keys")
    borrowed(place, "r-2")
    assert secret not in objects(place, "r-2")
    assert objects(place, "r-2") == reached(place)
    # a rewritten trunk too
    place.main_git("commit", "-q", "--amend", "-m", "one, amended")
    borrowed(place, "r-3")
    assert objects(place, "r-3") == reached(place)


def test_a_tag_that_was_removed_is_not_seen_though_its_commit_is(place: Place) -> None:
    place.main_git("tag", "-a", "-m", "the password is 1234", "v1")
    tag = place.main_git("rev-parse", "v1")
    borrowed(place, "r-1")
    assert tag in objects(place, "r-1")
    place.main_git("tag", "-d", "v1")
    borrowed(place, "r-2")
    assert tag not in objects(place, "r-2")


def test_gc_of_main_and_sweeping_of_parcels_take_nothing_from_a_session(place: Place) -> None:
    place.main_git("switch", "-q", "-c", "gone")
    commit(place, "gone")
    place.main_git("switch", "-q", "main")
    borrowed(place, "r-1")
    before = objects(place, "r-1")
    place.main_git("branch", "-q", "-D", "gone")
    place.main_git("reflog", "expire", "--expire=now", "--all")
    place.main_git("gc", "-q", "--prune=now")
    for path in shelf(place).iterdir():
        path.unlink()
    assert objects(place, "r-1") == before
    borrowed(place, "r-2")
    assert objects(place, "r-2") == reached(place)


@pytest.mark.parametrize("damage", ["truncate", "zeros", "no index", "no list", "garbage in the list", "wrong index"])
def test_a_damaged_parcel_is_made_again(place: Place, damage: str) -> None:
    borrowed(place, "r-1")
    pack = next(shelf(place).glob("*.pack"))
    index = pack.with_suffix(".idx")
    content = pack.read_bytes()
    changed = {
        "truncate": (pack, content[:-30]),
        "zeros": (pack, bytes(len(content))),
        "garbage in the list": (shelf(place) / "parcels.json", b'{"version": 1, "parcels": [{}]}'),
        "wrong index": (index, index.read_bytes()[:-64] + bytes(64)),
    }
    gone = {"no index": index, "no list": shelf(place) / "parcels.json"}
    if damage in gone:
        gone[damage].unlink()
    else:
        path, data = changed[damage]
        path.unlink()  # the first session has links to it
        path.write_bytes(data)
    borrowed(place, "r-2")
    assert objects(place, "r-2") == reached(place)


def test_what_a_killed_start_left_is_swept(place: Place) -> None:
    borrowed(place, "r-1")
    for name in ("tmp_pack_Xy12", "pack-1234.pack", "pack-1234.idx", ".parcels.json.1234.tmp"):
        (shelf(place) / name).write_bytes(b"half")
    commit(place, "more")
    borrowed(place, "r-2")
    assert sorted(path.name for path in shelf(place).iterdir() if not path.name.startswith("pack-")) == [
        "lock",
        "parcels.json",
    ]
    assert objects(place, "r-2") == reached(place)


def test_many_starts_at_once_share_what_the_first_one_makes(place: Place) -> None:
    for number in range(5):
        commit(place, f"file-{number}")
    threads = [threading.Thread(target=borrowed, args=(place, f"r-{number}")) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(list(shelf(place).glob("*.pack"))) == 1
    for number in range(8):
        assert objects(place, f"r-{number}") == reached(place)


def test_a_hundred_starts_with_new_commits_leave_few_packs(place: Place) -> None:
    fill(place.main, {"big": os.urandom(100_000).hex()})
    place.main_git("add", ".")
    place.main_git("commit", "-q", "-m", "big")
    for number in range(60):
        commit(place, f"file-{number}")
        borrowed(place, f"r-{number}")
    assert len(list((place.root / "r-59/pack").glob("*.pack"))) <= 24
    assert len(list(shelf(place).glob("*.pack"))) <= 48
    assert objects(place, "r-59") == reached(place)


def test_a_shallow_clone_that_is_deepened_is_seen_as_deep_as_it_is(place: Place) -> None:
    commit(place, "one")
    commit(place, "two")
    host_git(place.root, "clone", "-q", "--depth=1", f"file://{place.main}", "shallow")
    cut = add_worktree(Place(None, place.root, place.root / "shallow", place.root / "shallow-tree"))
    borrowed(cut, "r-1")
    assert objects(cut, "r-1") == reached(cut)
    cut.main_git("fetch", "-q", "--unshallow")
    borrowed(cut, "r-2")
    assert objects(cut, "r-2") == reached(cut) > objects(cut, "r-1")


def test_branches_whose_history_is_not_whole_are_left_out(place: Place) -> None:
    base = commit(place, "one")
    place.main_git("branch", "fine")
    place.main_git("switch", "-q", "-c", "torn")
    fill(place.main, {"torn": "torn\n"})
    place.main_git("add", ".")
    place.main_git("commit", "-q", "-m", "torn")
    blob = place.main_git("rev-parse", "HEAD:torn")
    place.main_git("switch", "-q", "main")
    (place.main / ".git/objects" / blob[:2] / blob[2:]).unlink()
    seeds = borrowed(place)
    assert {ref.name for ref in seeds.refs} == {f"refs/heads/{BRANCH}", "refs/heads/fine", "refs/heads/main"}
    assert base in objects(place)
    assert objects(place) == reached(place, "main", BRANCH)


def test_parcels_of_a_repository_that_nobody_works_on_any_more_are_swept(place: Place) -> None:
    other = add_worktree(Place(None, place.root, make_repository(place.root / "other"), place.root / "other-tree"))
    borrowed(other, "r-other")
    old = shelf(other)
    os.utime(old / "parcels.json", (1, 1))
    borrowed(place, "r-1")
    assert not old.exists()
    assert objects(other, "r-other") == reached(other)


def test_a_home_on_another_disk_than_the_repository(place: Place) -> None:
    fill(place.worktree, {"staged": "staged\n"})
    place.git("add", "staged")
    staged = place.git("rev-parse", ":staged")
    with small_disk(place.root / "disk") as disk:
        for number in range(2):
            session = disk / f"r-{number}"
            request = PrivateRequest(
                place.worktree, read_pointer(place.worktree), BRANCH, "m-1", session, (0, 0), disk / "objects"
            )
            make_private(place.repo, request)
            assert objects(place, f"disk/r-{number}/objects") == reached(place) | {staged}
            assert not (session / "making").exists()
            commit(place, f"more-{number}")


def test_a_full_disk_is_no_damaged_branch(place: Place) -> None:
    with small_disk(place.root / "disk") as disk:
        big = {f"file-{number}": os.urandom(50_000).hex() for number in range(20)}
        fill(place.main, big)
        place.main_git("add", ".")
        place.main_git("commit", "-q", "-m", "big")
        seeds = read_seeds(place.repo, mission_id="m-1", branch=BRANCH)
        with pytest.raises(StorageFailed):
            borrow(place.repo, seeds, Borrowing(disk / "objects", disk / "r-1"))
        assert not list(disk.rglob("tmp_pack*"))
    borrowed(place)
    assert objects(place) == reached(place)


def test_a_long_first_time_is_told_and_a_short_one_is_not(place: Place) -> None:
    told: list[str] = []
    seeds = read_seeds(place.repo, mission_id="m-1", branch=BRANCH)
    borrow(place.repo, seeds, Borrowing(place.root / "objects", place.root / "r-1", told.append))
    assert told == []
    (place.main / ".git/objects/pack").mkdir(exist_ok=True)
    with (place.main / ".git/objects/pack/pack-large.pack").open("wb") as large:
        large.truncate(100 << 20)
    borrow(place.repo, seeds, Borrowing(place.root / "objects-2", place.root / "r-2", told.append))
    assert len(told) == 1
    borrow(place.repo, seeds, Borrowing(place.root / "objects-2", place.root / "r-3", told.append))
    assert len(told) == 1
