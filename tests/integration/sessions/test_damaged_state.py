"""One damaged file is told with its path, hides nothing else, and is never overwritten; a full disk records no half."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from tests.support.command_line import sc
from tests.support.damages import DAMAGES
from tests.support.played import COMMIT, HANG, STARTED, WORK, Shop, check_invariants
from tests.support.repos import make_repository
from tests.support.small_disk import fill, small_disk

pytestmark = [pytest.mark.engine, pytest.mark.tmux, pytest.mark.image]


def copies(file: Path) -> list[bytes]:
    """What stands beside it under its name, moved aside."""
    return [other.read_bytes() for other in file.parent.glob(f"{file.name}.damaged-*")]


@pytest.fixture
def tasks(shop: Shop) -> Shop:
    """`good` has ended; a task for each damage, named for it, is over and not settled."""
    assert shop.run("good", WORK, "--follow").code == 0
    assert shop.sc("queue", "limit", "--running", str(len(DAMAGES))).code == 0
    for task in DAMAGES:
        assert shop.run(task, WORK).code == 0
    for task in DAMAGES:
        shop.wait_over(shop.session(task).id)
    return shop


@pytest.fixture
def one(shop: Shop) -> Shop:
    """`good` has ended, `bad` is over and not settled."""
    assert shop.run("good", WORK, "--follow").code == 0
    shop.wait_over(shop.run("bad", WORK).out.strip())
    return shop


def check_all_ended(shop: Shop) -> None:
    states = {row["task"]: row["state"] for row in shop.rows()}
    assert set(states.values()) == {"ended"}, states
    assert len(states) == len(DAMAGES) + 1


def damage(shop: Shop, name: str) -> dict[str, Path]:
    """The damaged files by task."""
    files = {task: shop.path(shop.session(task).id) / name for task in DAMAGES}
    for task, file in files.items():
        file.write_bytes(DAMAGES[task])
    return files


def test_damaged_facts_cost_the_session_nothing_but_time(tasks: Shop) -> None:
    whole = {task: (tasks.path(tasks.session(task).id) / "facts.json").read_bytes() for task in DAMAGES}
    files = damage(tasks, "facts.json")
    check_all_ended(tasks)
    for task, file in files.items():
        assert file.read_bytes() == DAMAGES[task]
        assert str(file) in tasks.sc("show", task).out
        file.write_bytes(whole[task])
        assert tasks.sc("show", task).code == 0
        assert tasks.commits(f"feature/{task}") == [tasks.session(task).id]
    check_invariants(tasks)


def test_damaged_metadata_is_moved_aside_told_and_written_anew(tasks: Shop) -> None:
    files = damage(tasks, "metadata.json")
    said = tasks.sc("ls")
    assert said.code == 0
    check_all_ended(tasks)
    for task, file in files.items():
        assert str(file) in said.err
        assert copies(file) == [DAMAGES[task]]
        assert b'"completed"' in file.read_bytes()


def test_a_damaged_decision_is_made_again(tasks: Shop) -> None:
    files = damage(tasks, "decided.json")
    check_all_ended(tasks)
    for task, file in files.items():
        assert tasks.outcome(task) == {"kind": "completed"}
        assert copies(file) == [DAMAGES[task]]
        assert tasks.commits(f"feature/{task}") == [tasks.session(task).id]


def test_a_damaged_mission_does_not_keep_its_session_from_ending(tasks: Shop) -> None:
    files = {task: next(tasks.home.missions_active.glob(f"m-*--{task}")) / "mission.json" for task in DAMAGES}
    for task, file in files.items():
        file.write_bytes(DAMAGES[task])
    check_all_ended(tasks)
    for task, file in files.items():
        assert copies(file) == [DAMAGES[task]]
        session_id = tasks.session(task).id
        assert tasks.alerts(session_id) == ["mission_unreadable"]
        shown = tasks.sc("show", session_id)
        assert shown.code == 0
        assert str(file) in shown.out and str(file) in shown.err
        assert tasks.commits(f"feature/{task}") == [session_id]
    task, file = next(iter(files.items()))
    for command in (("run", task, "--agent", "plain", "-m", "x", "--", "true"), ("show", task), ("path", task)):
        said = tasks.sc(*command)
        assert said.code == 1, command
        assert str(file) in said.err, command
    assert tasks.sc("show", "good").code == 0


def test_damaged_settings_are_named_and_everything_that_lives_is_listed(one: Shop) -> None:
    assert one.run("third", f"{STARTED}; {HANG}").code == 0
    settings = one.home.settings_file
    settings.write_bytes(b"container = [[\n")
    states = {row["task"]: row["state"] for row in one.rows()}
    assert states == {"good": "ended", "bad": "ended", "third": "running"}
    said = one.run("fourth", "true")
    assert said.code == 2
    assert str(settings) in said.err
    assert settings.read_bytes() == b"container = [[\n"
    assert one.sc("stop", "third", "--now").code == 0
    check_invariants(one)


def test_a_session_whose_folder_was_deleted_ends_all_the_same(one: Shop) -> None:
    shutil.rmtree(one.path(one.session("bad").id))
    assert one.outcome("bad")["kind"] == "failed"
    assert one.run("bad", WORK, "--follow").code == 0


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
    # not before its start is recorded
    wait = "while [ ! -e go ]; do sleep 0.05; done"
    session_id = small_shop.run("loud", f"{COMMIT}; {wait}; exec head -c 3000000 /dev/zero").out.strip()
    (small_shop.worktree("loud") / "go").touch()
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
