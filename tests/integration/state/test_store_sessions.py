"""Sessions in the store: made, moved, stopped, found."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from scopecraft.errors import AlreadyRunning, BadInput, NotFound
from scopecraft.model.event import Event
from scopecraft.model.session import Completed, Ended, Failed, Queued, Session, Starting, Status
from scopecraft.state.store import Store
from tests.support.sessions import AT, CONTAINER, LATER, a_mission_id, a_session, ended, running, waiting


@pytest.fixture
def store(clean_environment: Path) -> Iterator[Store]:
    with Store.open(clean_environment / "scopecraft") as store:
        yield store
        assert store.notices == ()


def finish(store: Store, session: Session) -> Session:
    moved = store.move(session.id, Ended(None, LATER, Completed()), "session_ended", LATER)
    assert moved
    return moved


def kinds(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


def test_a_session_is_kept_whole_and_its_event_with_it(store: Store) -> None:
    asked = a_session(
        model="opus", conversation_id="c-1", timeout_seconds=60, tip_before="ab12", task="修正-05A", worktree="/w/ü x"
    )
    created = store.create(asked, AT)
    assert created == asked
    assert store.get(asked.id) == created
    assert store.events() == [Event(1, AT, "session_created", asked.mission_id, asked.id, {"attempt": 1})]


def test_attempts_are_counted_for_each_mission_and_step(store: Store) -> None:
    mission = a_mission_id()
    seen = []
    for step in ("plan", "implement", "implement", "plan", "implement"):
        created = store.create(a_session(mission_id=mission, step_id=step, attempt=99), AT)
        seen.append((step, created.attempt))
        finish(store, created)
    assert seen == [("plan", 1), ("implement", 1), ("implement", 2), ("plan", 2), ("implement", 3)]
    assert store.create(a_session(step_id="implement"), AT).attempt == 1


@pytest.mark.parametrize("status", [Queued(AT), Starting(AT)])
def test_a_mission_has_one_live_session(store: Store, status: Queued | Starting) -> None:
    first = store.create(a_session(status=status), AT)
    with pytest.raises(AlreadyRunning) as refused:
        store.create(a_session(mission_id=first.mission_id, step_id="review"), AT)
    assert first.id in refused.value.message
    assert f"sc attach {first.id}" in refused.value.hint and f"sc stop {first.id}" in refused.value.hint
    assert store.live() == [first]
    assert kinds(store.events()) == ["session_created"]
    finish(store, first)
    assert store.create(a_session(mission_id=first.mission_id), AT).attempt == 2


@pytest.mark.parametrize("status", [running(), waiting(), ended()])
def test_a_session_does_not_begin_in_the_middle(store: Store, status: Status) -> None:
    with pytest.raises(ValueError, match="does not begin"):
        store.create(a_session(status=status), AT)
    assert store.sessions() == []


def test_text_that_is_not_utf8_is_refused_in_one_sentence(store: Store) -> None:
    session = store.create(a_session(), AT)
    for action in (
        lambda: store.create(a_session(worktree="/home/caf\udce9"), AT),
        lambda: store.set_conversation(session.id, "\udcff"),
        lambda: store.get("\udcff"),
    ):
        with pytest.raises(BadInput, match="not valid UTF-8") as refused:
            action()
        assert refused.value.message.isprintable() and refused.value.hint
    assert store.sessions() == [session] and len(store.events()) == 1


def test_a_session_moves_through_its_life(store: Store) -> None:
    session = store.create(a_session(status=Queued(AT)), AT)
    steps = [
        (Starting(AT), "session_created"),
        (running(), "session_started"),
        (waiting(), "session_waiting"),
        (waiting("idle"), "session_waiting"),
        (running(), "session_resumed"),
        (ended(Failed("it crashed", 139)), "session_ended"),
    ]
    for status, kind in steps:
        moved = store.move(session.id, status, kind, LATER, data={"why": "test"})  # type: ignore[arg-type]
        assert moved and moved.status == status
        assert store.get(session.id) == moved
    assert kinds(store.events(session_id=session.id)) == ["session_created", *(kind for _, kind in steps)]
    assert store.events()[-1] == Event(7, LATER, "session_ended", session.mission_id, session.id, {"why": "test"})


def test_a_move_that_the_table_does_not_have_changes_nothing(store: Store) -> None:
    session = store.create(a_session(), AT)
    for status in (waiting(), Starting(LATER)):
        with pytest.raises(ValueError, match="cannot move from starting"):
            store.move(session.id, status, "session_started", LATER)
    over = finish(store, session)
    with pytest.raises(ValueError, match="cannot move from ended"):
        store.move(session.id, running(), "session_started", LATER)
    assert store.get(session.id) == over
    assert kinds(store.events()) == ["session_created", "session_ended"]


def test_a_decision_counts_only_for_the_status_that_it_saw(store: Store) -> None:
    session = store.create(a_session(), AT)
    store.move(session.id, running(), "session_started", AT)
    asked = store.move(session.id, waiting("permission"), "session_waiting", LATER, seen=running())
    assert asked and asked.status == waiting("permission")
    # The same decision again, and one that saw the same kind with other fields.
    assert store.move(session.id, ended(), "session_ended", LATER, seen=running()) is None
    assert store.move(session.id, ended(), "session_ended", LATER, seen=waiting("login")) is None
    assert store.get(session.id) == asked
    assert kinds(store.events()) == ["session_created", "session_started", "session_waiting"]
    assert store.move(session.id, ended(), "session_ended", LATER, seen=waiting("permission"))
    assert store.move(session.id, ended(), "session_ended", LATER, seen=waiting("permission")) is None


def test_a_session_that_is_not_there_cannot_change(store: Store, clean_environment: Path) -> None:
    for change in (
        lambda: store.move("r-00", running(), "session_started", AT),
        lambda: store.request_stop("r-00", AT, "sc stop"),
        lambda: store.set_conversation("r-00", "c"),
        lambda: store.describe("r-00", {"a": 1}),
    ):
        with pytest.raises(NotFound, match="r-00"):
            change()
    assert store.get("r-00") is None and store.events() == []
    assert not (clean_environment / "scopecraft" / "sessions").exists()


def test_the_first_request_to_stop_counts_and_each_way_of_asking_is_told(store: Store) -> None:
    session = store.create(a_session(), AT)
    assert store.request_stop(session.id, AT, "sc stop").stop_requested_at == AT
    assert store.request_stop(session.id, LATER, "sc stop").stop_requested_at == AT
    stored = store.request_stop(session.id, LATER, "sc stop --now")
    assert stored.stop_requested_at == AT and store.get(session.id) == stored
    asked = [event for event in store.events() if event.kind == "session_stop_requested"]
    assert [(event.at, dict(event.data)) for event in asked] == [
        (AT, {"by": "sc stop"}),
        (LATER, {"by": "sc stop --now"}),
    ]


def test_an_ended_session_cannot_be_asked_to_stop(store: Store) -> None:
    over = finish(store, store.create(a_session(), AT))
    assert store.request_stop(over.id, LATER, "sc stop") == over
    assert kinds(store.events()) == ["session_created", "session_ended"]


def test_the_conversation_is_remembered(store: Store) -> None:
    session = store.create(a_session(), AT)
    store.set_conversation(session.id, "0198-uuid")
    stored = store.get(session.id)
    assert stored and stored.conversation_id == "0198-uuid"


def test_live_sessions_come_oldest_first_and_all_newest_first(store: Store) -> None:
    # The clock went back between them: the order is that of creation all the same.
    created = [store.create(a_session(created_at=at), at) for at in (LATER, AT, LATER, AT)]
    over = finish(store, created[1])
    assert store.live() == [created[0], created[2], created[3]]
    assert store.sessions() == [created[3], created[2], over, created[0]]


def test_sessions_are_narrowed_by_each_condition(store: Store) -> None:
    mission = a_mission_id()
    one = store.create(a_session(project="shop"), AT)
    two = finish(store, store.create(a_session(project="blog", mission_id=mission), AT))
    three = store.create(a_session(project="blog", mission_id=mission), AT)
    assert store.sessions(project="blog") == [three, two]
    assert store.sessions(mission_id=mission, status_kinds=["ended"]) == [two]
    assert store.sessions(status_kinds={"starting", "running"}) == [three, one]
    assert store.sessions(status_kinds=[]) == []
    assert store.sessions(limit=1) == [three]
    assert store.sessions(limit=1, offset=1) == [two]
    assert store.sessions(offset=2) == [one]
    assert store.latest_of(mission) == three
    assert store.latest_of("m-none") is None


def test_a_session_is_found_by_its_id_its_beginning_or_its_end(store: Store) -> None:
    ids = ("r-0198c0ffee00aaaa", "r-0198c0ffee01bbbb", "r-0198c0ffee02aaaa")
    one, two, three = (store.create(a_session(id=id_), AT) for id_ in ids)
    assert store.matching(one.id) == [one]
    assert store.matching(one.id.upper()) == [one]
    assert store.matching("0198c0ffee00aaaa") == [one]
    assert store.matching("bbbb") == [two]
    assert store.matching("aaaa") == [three, one]
    assert store.matching("0198c0ffee02") == [three]
    assert store.matching("r-0198c0ffee02") == [three]
    assert store.matching("r-aaaa") == []
    for text in ("", "r-", "%", "*", "r-%", "fix-login", "0198c0ffee00aaaa0", "a'b", "[0-9]*"):
        assert store.matching(text) == []


def test_an_id_that_is_a_beginning_of_another_is_found_alone(store: Store) -> None:
    short = store.create(a_session(id="r-0198"), AT)
    store.create(a_session(id="r-0198c0ffee00aaaa"), AT)
    assert store.matching("r-0198") == [short]


def test_the_rules_stand_in_the_database_too(store: Store, clean_environment: Path) -> None:
    session = store.create(a_session(), AT)
    over = finish(store, store.create(a_session(), AT))
    other = store.create(a_session(step_id="review"), AT)
    statuses = {
        kind: f"status_kind = '{kind}', status = '{{\"kind\": \"{kind}\"}}'" for kind in ("levitating", "starting")
    }
    forbidden = [
        f"UPDATE session SET status_kind = 'running' WHERE id = '{session.id}'",
        f"UPDATE session SET {statuses['levitating']} WHERE id = '{session.id}'",
        f"UPDATE session SET {statuses['starting']} WHERE id = '{over.id}'",
        f"UPDATE session SET mission_id = '{over.mission_id}', attempt = 1 WHERE id = '{session.id}'",
        f"UPDATE session SET mission_id = '{other.mission_id}' WHERE id = '{session.id}'",
        f"UPDATE session SET id = 'r-../../x' WHERE id = '{session.id}'",
        f"UPDATE session SET attempt = 0 WHERE id = '{session.id}'",
    ]
    with closing(sqlite3.connect(clean_environment / "scopecraft" / "scopecraft.db")) as connection:
        for statement in forbidden:
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(statement)
    assert store.get(session.id) == session


@pytest.mark.parametrize("id_", ["r-../../etc", "r-", "x-01", "r-01/..", "r-0198C0FF", "r-01 "])
def test_an_id_that_could_leave_its_folder_is_not_stored(store: Store, id_: str) -> None:
    with pytest.raises(ValueError, match="against the rules"):
        store.create(a_session(id=id_), AT)
    assert store.sessions() == [] and store.events() == []


def test_a_handle_found_again_by_another_process_is_the_same(store: Store, clean_environment: Path) -> None:
    session = store.create(a_session(), AT)
    store.move(session.id, running(), "session_started", AT)
    with Store.open(clean_environment / "scopecraft") as other:
        (seen,) = other.live()
    assert seen.status == running() and running().handle == CONTAINER
