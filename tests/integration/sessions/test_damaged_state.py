"""One damaged file is told with its path, hides nothing else, and is never overwritten; a full disk records no half."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from tests.support.command_line import sc
from tests.support.played import COMMIT, HANG, STARTED, WORK, Shop, check_invariants
from tests.support.repos import make_repository
from tests.support.small_disk import fill, small_disk

pytestmark = [pytest.mark.engine, pytest.mark.tmux, pytest.mark.image]

DAMAGES = {
    "empty": b"",
    "truncated": b'{"id": "r-',
    "NUL-filled": b"\0" * 600,
    "bad UTF-8": b'{"id": "\xff\xfe"}',
    "of a future version": b'{"schema_version": 99, "what": ["ever"]}',
    "no object": b"[]",
}
damages = pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)


def copies(file: Path) -> list[bytes]:
    """What stands beside it under its name, moved aside."""
    return [other.read_bytes() for other in file.parent.glob(f"{file.name}.damaged-*")]


@pytest.fixture
def two(shop: Shop) -> Shop:
    """Two tasks, of which one has ended and the other is over and not settled."""
    assert shop.run("good", WORK, "--follow").code == 0
    shop.wait_over(shop.run("bad", WORK).out.strip())
    return shop


def check_listed(shop: Shop) -> dict[str, str]:
    """Both tasks are, and how they are."""
    states = {row["task"]: row["state"] for row in shop.rows()}
    assert states["good"] == "ended"
    return states


@damages
def test_damaged_facts_cost_the_session_nothing_but_time(two: Shop, damage: bytes) -> None:
    facts = two.path(two.session("bad").id) / "facts.json"
    whole = facts.read_bytes()
    facts.write_bytes(damage)
    assert check_listed(two)["bad"] == "ended"
    assert facts.read_bytes() == damage
    assert str(facts) in two.sc("show", "bad").out
    facts.write_bytes(whole)
    assert two.sc("show", "bad").code == 0
    assert two.commits("feature/bad") == [two.session("bad").id]
    check_invariants(two)


@damages
def test_damaged_metadata_is_moved_aside_and_written_anew(two: Shop, damage: bytes) -> None:
    metadata = two.path(two.session("bad").id) / "metadata.json"
    metadata.write_bytes(damage)
    said = two.sc("ls")
    assert said.code == 0
    assert str(metadata) in said.err
    assert check_listed(two)["bad"] == "ended"
    assert copies(metadata) == [damage]
    assert b'"completed"' in metadata.read_bytes()


@damages
def test_a_damaged_mission_does_not_keep_its_session_from_ending(two: Shop, damage: bytes) -> None:
    (file,) = two.home.missions_active.glob("m-*--bad/mission.json")
    file.write_bytes(damage)
    assert check_listed(two)["bad"] == "ended"
    assert copies(file) == [damage]
    session_id = two.session("bad").id
    assert two.alerts(session_id) == ["mission_unreadable"]
    shown = two.sc("show", session_id)
    assert shown.code == 0
    assert str(file) in shown.out and str(file) in shown.err
    assert two.commits("feature/bad") == [session_id]
    for command in (("run", "bad", "--agent", "plain", "-m", "x", "--", "true"), ("show", "bad"), ("path", "bad")):
        said = two.sc(*command)
        assert said.code == 1, command
        assert str(file) in said.err, command
    assert two.sc("show", "good").code == 0


def test_damaged_settings_are_named_and_everything_that_lives_is_listed(two: Shop) -> None:
    assert two.run("third", f"{STARTED}; {HANG}").code == 0
    settings = two.home.settings_file
    settings.write_bytes(b"container = [[\n")
    states = check_listed(two)
    assert (states["bad"], states["third"]) == ("ended", "running")
    said = two.run("fourth", "true")
    assert said.code == 2
    assert str(settings) in said.err
    assert settings.read_bytes() == b"container = [[\n"
    assert two.sc("stop", "third", "--now").code == 0
    check_invariants(two)


@damages
def test_a_damaged_decision_is_made_again(two: Shop, damage: bytes) -> None:
    decided = two.path(two.session("bad").id) / "decided.json"
    decided.write_bytes(damage)
    assert two.outcome("bad") == {"kind": "completed"}
    assert copies(decided) == [damage]
    assert two.commits("feature/bad") == [two.session("bad").id]


def test_a_session_whose_folder_was_deleted_ends_all_the_same(two: Shop) -> None:
    shutil.rmtree(two.path(two.session("bad").id))
    assert check_listed(two)["bad"] == "ended"
    assert two.outcome("bad")["kind"] == "failed"
    assert two.run("bad", WORK, "--follow").code == 0


# A full disk: the home on one of 1 MiB


@pytest.fixture
def small_shop(
    clean_environment: Path, engine: DockerClient, agent_image: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    folder = make_repository(clean_environment / "shop")
    with small_disk(clean_environment / "disk") as disk:
        monkeypatch.setenv("SCOPECRAFT_HOME", str(disk / "home"))
        assert sc("init").code == 0
        assert sc("link", cwd=folder).code == 0
        shop = Shop(folder, engine)
        # what a full disk does is looked at beyond the point where a start is refused
        shop.home.settings_file.write_text("[worktrees]\nfree_floor = 1\n")
        yield shop
        for container in shop.containers():
            container.remove(force=True, v=True)


def test_no_session_starts_on_a_disk_that_is_nearly_full(small_shop: Shop) -> None:
    small_shop.home.settings_file.unlink()
    said = small_shop.run("fix-login", WORK)
    assert said.code == 1
    assert "no session starts below 256 MiB" in said.err
    assert small_shop.rows() == []
    assert not list(small_shop.home.missions_active.iterdir())


def ballast(shop: Shop, *, but: int) -> Path:
    return fill(shop.home.root.parent, but=but)


@pytest.mark.parametrize("but", [0, 2, 5, 8, 12, 20])
def test_a_disk_that_is_full_at_the_start_is_told_and_nothing_is_half_recorded(small_shop: Shop, but: int) -> None:
    taken = ballast(small_shop, but=but)
    said = small_shop.run("fix-login", WORK)
    assert said.code == 1
    assert "free some space" in said.err.lower(), said.err
    assert said.err.count("\n") == 2
    taken.unlink()
    for row in small_shop.rows():
        assert row["state"] == "ended"
    assert not list(small_shop.home.root.rglob("*.tmp"))
    again = small_shop.run("fix-login", WORK, "--follow")
    assert again.code == 0, again.err
    assert small_shop.commits("feature/fix-login") == [small_shop.session("fix-login").id]
    check_invariants(small_shop)


@pytest.mark.parametrize("but", [0, 3, 8, 9, 20])
def test_a_disk_that_is_full_at_the_end_is_told_and_the_end_is_recorded_later(small_shop: Shop, but: int) -> None:
    session_id = small_shop.run("fix-login", WORK).out.strip()
    small_shop.wait_over(session_id)
    taken = ballast(small_shop, but=but)
    said = small_shop.sc("ls")
    # with little space SQLite cannot even read; with some more all that is to be done can be
    assert "the disk is full" in (said.err if said.code else said.out) or "completed" in said.out, said
    taken.unlink()
    assert small_shop.outcome("fix-login") == {"kind": "completed"}
    assert small_shop.commits("feature/fix-login") == [session_id]
    assert not list(small_shop.home.root.rglob("*.tmp"))
    check_invariants(small_shop)


def test_an_agent_whose_log_fills_the_disk_fails_and_others_go_on(small_shop: Shop) -> None:
    small_shop.run("quiet", f"{STARTED}; {HANG}")
    session_id = small_shop.run("loud", f"{COMMIT}; exec head -c 3000000 /dev/zero").out.strip()
    small_shop.wait_over(session_id)
    said = small_shop.sc("ls")
    assert "the disk " in (said.err if said.code else said.out), said
    stream = small_shop.path(session_id) / "stream.jsonl"
    os.truncate(stream, stream.stat().st_size // 2)  # space is freed
    outcome = small_shop.outcome("loud")
    assert outcome["kind"] == "failed", outcome
    assert "No space left" in outcome["reason"]
    assert small_shop.row("quiet")["state"] == "running"
    assert small_shop.sc("stop", "quiet", "--now").code == 0
    check_invariants(small_shop)
