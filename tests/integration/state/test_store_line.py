"""Who stands in line, in which order, and that many processes at once neither lose nor double anybody."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from scopecraft.errors import AlreadyRunning, QueueFull, Superseded
from scopecraft.model.queue import Occupancy, QueueRules
from scopecraft.model.session import Ended, Failed, Queued, Session, Starting
from scopecraft.queueing import ruling
from scopecraft.state.store import Store
from tests.support.queue_processes import begin_all, guard, submit_some, waiting
from tests.support.sessions import AT, LATER, a_session, running

PROCESSES = 8
SUBMISSIONS = 50


@pytest.fixture
def home(clean_environment: Path) -> Path:
    return clean_environment / "scopecraft"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store.open(home) as store:
        yield store


@pytest.fixture
def pool() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        yield pool


def enqueued(store: Store, *tasks: str) -> list[Session]:
    return [store.queue.enqueue(waiting(task), AT, guard).session for task in tasks]


def order(store: Store) -> str:
    return " ".join(item.session.task for item in store.line())


def begin(store: Store, session: Session, fence: int | None = None) -> Session | None:
    starting = replace(session, status=Starting(LATER), branch="feature/x", worktree="/w")
    return store.queue.begin(starting, LATER, lambda _, __: None, fence)


def test_the_line_is_in_the_order_of_coming(store: Store) -> None:
    items = [store.queue.enqueue(waiting(task), AT, guard) for task in ("a", "b", "c")]
    assert [item.place for item in items] == [1, 2, 3]
    assert order(store) == "a b c"
    assert store.queue.occupancy() == Occupancy(running=0, waiting=3, waiting_new=3)
    assert [event.kind for event in store.events()] == ["session_created"] * 3


def test_one_that_begins_leaves_its_place_and_its_record_is_filled_in(store: Store) -> None:
    first, _ = enqueued(store, "a", "b")
    begun = begin(store, first)
    assert begun is not None
    assert (begun.id, begun.attempt, begun.branch) == (first.id, first.attempt, "feature/x")
    assert store.get(first.id) == begun
    assert order(store) == "b"
    assert store.queue.occupancy() == Occupancy(running=1, waiting=1, waiting_new=1)
    assert begin(store, first) is None, "it waits no more"
    assert [event.kind for event in store.events(session_id=first.id)] == ["session_created", "session_starting"]


def test_one_whose_starter_died_waits_again_where_it_stood(store: Store) -> None:
    first, *_ = enqueued(store, "a", "b", "c")
    begin(store, first)
    enqueued(store, "d")
    requeued = store.queue.requeue(first.id, LATER)
    assert requeued is not None
    assert isinstance(requeued.status, Queued)
    assert order(store) == "a b c d"
    assert store.queue.requeue(first.id, LATER) is None, "it waits already"
    begin(store, first)
    store.move(first.id, running(), "session_started", LATER)
    assert store.queue.requeue(first.id, LATER) is None, "it runs"


def test_one_that_never_stood_in_line_is_not_put_there(store: Store) -> None:
    session = store.create(a_session(), AT)
    assert store.queue.requeue(session.id, LATER) is None


def test_one_that_a_supervisor_began_at_once_is_next_should_that_die(store: Store) -> None:
    alone = store.queue.create(a_session(task="alone"), AT, lambda _, __: None, None)
    assert store.queue.requeue(alone.id, LATER) is None, "nobody is there to begin it again"
    session = store.queue.create(a_session(task="now"), AT, lambda _, __: None, store.next_fence())
    assert order(store) == ""
    enqueued(store, "later")
    store.queue.requeue(session.id, LATER)
    assert order(store) == "now later"


def test_who_is_moved_stands_there_and_who_came_meanwhile_stands_behind(store: Store) -> None:
    a, b, c = enqueued(store, "a", "b", "c")
    enqueued(store, "d")
    store.queue.reorder([c.id, a.id, b.id], LATER, {"moved": "c", "place": 1})
    assert order(store) == "c a b d"
    enqueued(store, "e")
    assert order(store) == "c a b d e"
    changed = store.events()[-2]
    assert (changed.kind, changed.data) == ("queue_changed", {"moved": "c", "place": 1})


def test_a_task_stands_in_line_once_and_leaves_no_trace_of_a_second_try(store: Store) -> None:
    (first,) = enqueued(store, "a")
    with pytest.raises(AlreadyRunning, match="waits in the queue already") as refused:
        enqueued(store, "a")
    assert first.id in refused.value.hint
    with pytest.raises(AlreadyRunning):
        store.queue.refuse_second("shop", "a")
    store.queue.refuse_second("another", "a")
    assert len(store.sessions()) == 1
    store.move(first.id, Ended(None, LATER, Failed("gone")), "session_ended", LATER)
    assert order(store) == ""
    assert len(enqueued(store, "a")) == 1


def test_a_superseded_supervisor_begins_nothing(store: Store) -> None:
    old = store.next_fence()
    new = store.next_fence()
    (session,) = enqueued(store, "a")
    with pytest.raises(Superseded):
        begin(store, session, old)
    with pytest.raises(Superseded):
        store.queue.create(a_session(task="b"), AT, lambda _, __: None, old)
    assert order(store) == "a"
    assert begin(store, session, new) is not None


def test_rules_stay_and_a_change_that_changes_nothing_did_not_happen(home: Path) -> None:
    with Store.open(home) as store:
        assert store.queue.rules() == QueueRules()
        store.queue.change_rules(lambda rules: ruling.limited(rules, running=5, waiting=0), AT, {"running": 5})
        store.queue.change_rules(ruling.paused, AT, {"paused": True})
        store.queue.change_rules(ruling.paused, AT, {"paused": True})
    with Store.open(home) as store:
        assert store.queue.rules() == QueueRules(5, 0, is_paused=True)
        assert [event.kind for event in store.events()] == ["queue_changed"] * 2


def test_rules_of_a_newer_version_are_read_as_far_as_they_are_known(store: Store) -> None:
    store.set_run_time("queue", {"max_running": 5, "max_weight": 7})
    assert store.queue.rules() == QueueRules(max_running=5)


def test_what_the_guard_refuses_is_not_there(store: Store) -> None:
    store.queue.change_rules(lambda rules: ruling.limited(rules, running=None, waiting=1), AT, {})
    enqueued(store, "a")
    with pytest.raises(QueueFull):
        enqueued(store, "b")
    assert [session.task for session in store.sessions()] == ["a"]


def test_of_many_submissions_at_once_exactly_as_many_as_allowed_are_accepted(
    store: Store, home: Path, pool: ProcessPoolExecutor
) -> None:
    limit = 123
    store.queue.change_rules(lambda rules: ruling.limited(rules, running=None, waiting=limit), AT, {})
    # every task is submitted by two processes: a place is never given to both
    tasks = [[f"task-{process // 2}-{number}" for number in range(SUBMISSIONS)] for process in range(PROCESSES)]
    accepted = list(chain.from_iterable(pool.map(submit_some, [home] * PROCESSES, tasks)))
    line = store.line()
    assert len(accepted) == limit
    assert sorted(accepted) == sorted(item.session.id for item in line)
    assert len({item.session.task for item in line}) == limit
    assert [item.place for item in line] == list(range(1, limit + 1))
    assert [event.kind for event in store.events()].count("session_created") == limit
    described = {json.loads(file.read_bytes())["id"] for file in home.glob("sessions/*/metadata.json")}
    assert described == set(accepted)


def test_of_many_that_begin_the_same_line_each_is_begun_once_and_no_more_than_allowed(
    store: Store, home: Path, pool: ProcessPoolExecutor
) -> None:
    tasks = [f"task-{number}" for number in range(10)]
    enqueued(store, *tasks)
    fence = store.next_fence()
    begun = list(chain.from_iterable(pool.map(begin_all, [home] * PROCESSES, [fence] * PROCESSES)))
    assert len(begun) == len(set(begun)) == store.queue.rules().max_running
    assert store.queue.occupancy() == Occupancy(running=3, waiting=7, waiting_new=7)
    assert order(store) == " ".join(tasks[3:]), "those that came first began"


@pytest.mark.parametrize("damage", [b"", b"\0" * 20_000])
def test_a_damaged_database_keeps_who_waits_in_the_order_of_coming(home: Path, damage: bytes) -> None:
    with Store.open(home) as store:
        sessions = [waiting(task) for task in ("a", "b", "c")]
        times = ("2026-03-01T10:00:01.000Z", "2026-03-01T10:00:02.000Z", "2026-03-01T10:00:03.000Z")
        for session, at in zip(sessions, times, strict=True):
            store.queue.enqueue(replace(session, created_at=at, status=Queued(at)), at, guard)
        begin(store, store.line()[0].session)
    (home / "scopecraft.db").write_bytes(damage)
    for beside in home.glob("scopecraft.db-*"):
        beside.unlink()
    with Store.open(home) as store:
        assert order(store) == "b c"
        assert store.queue.occupancy() == Occupancy(running=1, waiting=2, waiting_new=2)


def test_a_database_made_anew_keeps_rules_and_order(store: Store, home: Path) -> None:
    a, b, c = enqueued(store, "a", "b", "c")
    store.queue.change_rules(lambda known: replace(known, is_paused=True, max_running=7), LATER, {"change": "paused"})
    store.queue.reorder([c.id, a.id, b.id], LATER, {"moved": "c", "place": 1})
    enqueued(store, "d")
    (home / "scopecraft.db").write_bytes(b"nonsense" * 1000)
    with Store.open(home) as again:
        assert order(again) == "c a b d"
        assert again.queue.rules() == QueueRules(max_running=7, is_paused=True)
