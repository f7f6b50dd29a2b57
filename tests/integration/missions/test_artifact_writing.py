"""Artifacts that are written where an agent sets traps: the content is there, whole, and nothing else was touched."""

from __future__ import annotations

import itertools
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from scopecraft.errors import BadInput, BadName, Refused, StorageFailed
from scopecraft.missions.artifact_writing import write_artifact
from scopecraft.missions.artifacts import LONGEST_ARTIFACT, list_artifacts, open_artifact
from scopecraft.missions.versions import artifact_hash, keep_content, keep_version, versions_of
from tests.support.artifacts import BAD_NAMES, DOORWAYS, HELD, SECRET, TRAPS, Prey, killed_at, make_prey, meanwhile
from tests.support.sessions import AT

ROUNDS = 150


@pytest.fixture
def prey(clean_environment: Path) -> Iterator[Prey]:
    made = make_prey(clean_environment)
    mission_file = (made.folder / "mission.json").read_bytes()
    yield made
    assert made.key.read_text() == SECRET
    assert list(made.key.parent.iterdir()) == [made.key], "nothing was made beside it"
    assert (made.folder / "mission.json").read_bytes() == mission_file
    assert not list(made.folder.glob(".artifact-*")), "nothing half written is left"


def read(prey: Prey, name: str) -> bytes:
    with open_artifact(prey.home, prey.mission, name) as pieces:
        return b"".join(pieces)


def write(prey: Prey, name: str, content: bytes = b"mine\n") -> None:
    write_artifact(prey.home, prey.mission, name, content)


def hash_it(prey: Prey, name: str) -> None:
    artifact_hash(prey.home, prey.mission, name)


def keep(prey: Prey, name: str) -> None:
    keep_version(prey.home, prey.mission, name, by="ann", at=AT)


def keep_text(prey: Prey, name: str) -> None:
    keep_content(prey.home, prey.mission, name, [b"x"], by="ann", at=AT)


def look_up(prey: Prey, name: str) -> None:
    versions_of(prey.home, prey.mission, name)


READERS: list[Callable[[Prey, str], object]] = [read, hash_it, keep]
BY_NAME: list[Callable[[Prey, str], object]] = [*READERS, write, keep_text, look_up]


def trap(make: Callable[[Path, Path], None], at: Path, key: Path) -> None:
    try:
        make(at, key)
    except PermissionError:
        pytest.skip("making a device needs root")


@pytest.mark.parametrize("name", ["plan.md", "notes/deep/plan.md", "raw-input.md", "ü ü.md", "x" * 255])
def test_what_is_written_is_there_and_its_owners(prey: Prey, name: str) -> None:
    for content in (b"", os.urandom(200_000), b"short"):
        write(prey, name, content)
        assert read(prey, name) == content
    place = prey.artifacts / name
    assert place.stat().st_mode & 0o777 == 0o600
    assert (place.stat().st_uid, place.stat().st_gid) == (prey.artifacts.stat().st_uid, prey.artifacts.stat().st_gid)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away and become another")
@pytest.mark.parametrize("may_give", [True, False], ids=["given away", "readable"])
def test_an_agent_of_another_user_can_read_what_is_put_into_its_folder(prey: Prey, may_give: bool) -> None:
    agent, person = 4321, 1234
    folder = prey.artifacts / "notes"
    folder.mkdir()
    os.chown(folder, agent, agent)
    if may_give:
        write(prey, "notes/deep/plan.md")
        made = (folder / "deep", folder / "deep" / "plan.md")
        assert {(path.stat().st_uid, path.stat().st_mode & 0o777) for path in made} == {(agent, 0o700), (agent, 0o600)}
        return
    folder.chmod(0o777)
    prey.home.root.parent.chmod(0o711)
    for place in (prey.home.root, *prey.home.root.rglob("*")):
        if place != folder:
            os.chown(place, person, person)
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(person)
            os.setuid(person)
            write(prey, "notes/deep/plan.md")
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert (folder / "deep").stat().st_mode & 0o777 == 0o755
    assert (folder / "deep" / "plan.md").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("make", TRAPS.values(), ids=TRAPS)
def test_a_trap_in_its_place_is_replaced_and_never_opened(prey: Prey, make: Callable[[Path, Path], None]) -> None:
    trap(make, prey.artifacts / "plan.md", prey.key)
    for door in READERS:
        with pytest.raises(Refused):
            door(prey, "plan.md")
    write(prey, "plan.md")
    assert (prey.artifacts / "plan.md").read_bytes() == b"mine\n"
    assert not (prey.artifacts / "plan.md").is_symlink()


@pytest.mark.parametrize("make", HELD.values(), ids=HELD)
def test_what_holds_something_costs_nothing_to_refuse(prey: Prey, make: Callable[[Path, Path], None]) -> None:
    make(prey.artifacts / "plan.md", prey.key)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for door in READERS:
        with pytest.raises(Refused):
            door(prey, "plan.md")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_a_folder_in_its_place_stays(prey: Prey) -> None:
    (prey.artifacts / "plan.md").mkdir()
    with pytest.raises(Refused, match=r"plan\.md is a folder"):
        write(prey, "plan.md")
    assert (prey.artifacts / "plan.md").is_dir()


@pytest.mark.parametrize("door", [*READERS, write], ids=lambda door: door.__name__)
@pytest.mark.parametrize("make", DOORWAYS.values(), ids=DOORWAYS)
def test_what_stands_in_the_place_of_a_folder_leads_nowhere(
    prey: Prey, make: Callable[[Path, Path], None], door: Callable[[Prey, str], object]
) -> None:
    (prey.artifacts / "deep").mkdir()
    for name in ("notes/id_rsa", "deep/notes/mission.json"):
        place = (prey.artifacts / name).parent
        make(place, prey.key)
        with pytest.raises(Refused):
            door(prey, name)
        assert place.is_symlink() or not place.is_dir()


@pytest.mark.parametrize("door", [*BY_NAME], ids=lambda door: door.__name__)
@pytest.mark.parametrize("name", BAD_NAMES, ids=lambda name: ascii(name)[:20])
def test_a_bad_name_opens_no_door(prey: Prey, name: str, door: Callable[[Prey, str], object]) -> None:
    before = sorted(prey.folder.rglob("*"))
    with pytest.raises(BadName):
        door(prey, name)
    assert sorted(prey.folder.rglob("*")) == before


def test_another_name_of_the_same_file_keeps_its_content(prey: Prey) -> None:
    """A hard link: agents can make one to what they can reach, and no farther."""
    (prey.artifacts / "mine.md").write_text("the agent's")
    os.link(prey.artifacts / "mine.md", prey.artifacts / "plan.md")
    write(prey, "plan.md")
    assert (prey.artifacts / "mine.md").read_text() == "the agent's"
    assert (prey.artifacts / "plan.md").stat().st_nlink == 1


def test_too_much_is_refused_while_it_comes_and_the_old_one_stays(prey: Prey) -> None:
    write(prey, "plan.md")
    given = 0

    def endless() -> Iterator[bytes]:
        nonlocal given
        while True:
            given += 1 << 20
            yield b"x" * (1 << 20)

    with pytest.raises(BadInput, match="more than 64 MiB"):
        write_artifact(prey.home, prey.mission, "plan.md", endless())
    assert given == LONGEST_ARTIFACT + (1 << 20)
    assert read(prey, "plan.md") == b"mine\n"


def test_no_folder_of_artifacts_is_made_up_and_none_is_taken_for_it(prey: Prey) -> None:
    prey.artifacts.rename(prey.folder / "old")
    with pytest.raises(Refused, match="has no artifacts"):
        write(prey, "plan.md")
    prey.artifacts.symlink_to(prey.key.parent)
    with pytest.raises(Refused, match="has no artifacts"):
        write(prey, "id_rsa")


def test_a_full_disk_is_told_and_leaves_the_old_one(prey: Prey) -> None:
    write(prey, "plan.md")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises((StorageFailed, Refused)):
            write(prey, "plan.md", b"x" * 200_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert read(prey, "plan.md") == b"mine\n"


def test_a_folder_that_becomes_a_link_while_we_write_leads_nowhere(prey: Prey) -> None:
    folder, away = prey.artifacts / "notes", prey.artifacts / "away"
    away.mkdir()
    numbers = itertools.count()

    def flip() -> None:
        with suppress(OSError):
            folder.rename(away / str(next(numbers)))
        with suppress(OSError):
            folder.symlink_to(prey.key.parent)
        with suppress(OSError):
            folder.unlink()

    done = refused = 0
    with meanwhile(flip):
        while done < ROUNDS or refused < ROUNDS // 10:
            try:
                write(prey, "notes/id_rsa", b"x" * 100)
                done += 1
            except Refused:
                refused += 1
            assert done < 100 * ROUNDS, "the attack never met us"


def test_a_file_that_becomes_a_link_meanwhile_is_neither_read_nor_written_through(prey: Prey) -> None:
    place, link = prey.artifacts / "plan.md", prey.artifacts / "link"

    def flip() -> None:
        with suppress(OSError):
            link.symlink_to(prey.key)
        with suppress(OSError):
            link.rename(place)

    done = refused = 0
    with meanwhile(flip):
        while done < ROUNDS or refused < ROUNDS // 10:
            write(prey, "plan.md")
            try:
                assert read(prey, "plan.md") == b"mine\n"
                done += 1
            except Refused:
                refused += 1
            assert done < 100 * ROUNDS, "the attack never met us"
            assert prey.key.read_text() == SECRET


def test_what_an_agent_puts_in_the_place_again_and_again_is_whole_or_refused(prey: Prey) -> None:
    """Whatever the folder holds, and however often it changes, listing ends and tells only of what is there."""

    def change() -> None:
        for name in ("a", "b/c", "d"):
            with suppress(OSError):
                (prey.artifacts / name).parent.mkdir(exist_ok=True)
                (prey.artifacts / name).write_bytes(b"y" * 5000)
            with suppress(OSError):
                (prey.artifacts / name).unlink()
                os.mkfifo(prey.artifacts / name)
            with suppress(OSError):
                (prey.artifacts / name).unlink()
                (prey.artifacts / name).parent.rmdir()

    with meanwhile(change):
        for _ in range(ROUNDS):
            assert {each.name for each in list_artifacts(prey.home, prey.mission)} <= {
                "a", "b", "b/c", "d", "raw-input.md",
            }  # fmt: skip
            with suppress(Refused):
                assert set(read(prey, "a")) <= {ord("y")}


def test_one_who_is_killed_at_any_moment_leaves_the_old_one_or_the_new(prey: Prey) -> None:
    seen = set()
    for moment in range(50):
        write(prey, "notes/plan.md", b"old")
        was_killed = killed_at(moment, lambda: write(prey, "notes/plan.md", b"new"))
        seen.add(read(prey, "notes/plan.md"))
        assert seen <= {b"old", b"new"}
        if not was_killed:
            break
    else:
        raise AssertionError("it never got to its end")
    assert seen == {b"old", b"new"}
