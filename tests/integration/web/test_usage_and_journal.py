"""What was used and what happened, as programs and browsers get it from a served home."""

from __future__ import annotations

from datetime import timedelta

from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.session import Completed, Ended, Starting
from scopecraft.sessions.journal import MOST_LOOKED_AT
from scopecraft.state.store import Store
from tests.support.served import Served
from tests.support.sessions import a_session, running
from tests.support.standing_missions import stand

HOSTILE = "<script>alert(1)</script>"


def work(store: Store, mission_id: str, cost_usd: float | None, **changes: object) -> None:
    at = clock.to_text(clock.now() - timedelta(minutes=1))
    session = store.create(a_session(mission_id=mission_id, created_at=at, status=Starting(at), **changes), at)
    store.move(session.id, running(), "session_started", at)
    told = {"outcome": "completed", "input_tokens": 40, "cost_usd": cost_usd, "model": HOSTILE}
    store.move(session.id, Ended(at, at, Completed()), "session_ended", at, data=told)


def test_programs_get_what_was_used_and_what_is_not_known(house: Served, store: Store) -> None:
    mission = stand(house.home, "fix-login")
    work(store, mission.id, 1.25, step_id="research")
    work(store, mission.id, None, step_id="research", agent="codex")
    answer = house.client.get("/api/usage", params={"by": "agent"}).json()
    assert [(row["name"], row["cost_usd"], row["untold"]) for row in answer["rows"]] == [
        ("claude", 1.25, 0),
        ("codex", None, 1),
    ]
    assert (answer["total"]["sessions"], answer["total"]["input_tokens"], answer["more"]) == (2, 80, 0)
    assert house.client.get("/api/usage", params={"by": "mission", "to": "2020-01-01"}).json()["rows"] == []
    refused = house.client.get("/api/usage", params={"from": "tomorrow"})
    assert refused.status_code == 400 and "no day" in refused.json()["message"] and refused.json()["hint"]


def test_pages_of_usage_show_strangers_words_as_text_and_say_what_is_missing(house: Served, store: Store) -> None:
    mission = stand(house.home, "fix-login")
    assert "Nothing was used" in house.client.get("/usage").text
    assert "Nothing was used yet" in house.client.get(f"/m/{mission.id}/usage").text
    work(store, mission.id, 1.25, step_id="research")
    work(store, mission.id, None, step_id="research")
    for path in ("/usage", "/usage?range=all&project=shop", f"/m/{mission.id}/usage"):
        page = house.client.get(path).text
        assert HOSTILE not in page and "&lt;script&gt;" in page, path
        assert "$1.25" in page and "1 of 2 sessions named no cost" in page, path


def test_a_reader_of_the_journal_goes_back_and_on_without_a_gap(house: Served, store: Store) -> None:
    for number in range(7):
        store.append(Event(0, clock.to_text(clock.now()), "queue_changed", data={"change": f"{number} {HOSTILE}"}))
    first = house.client.get("/api/journal", params={"limit": 3}).json()
    second = house.client.get("/api/journal", params={"limit": 3, "before": first["before"]}).json()
    third = house.client.get("/api/journal", params={"limit": 3, "before": second["before"]}).json()
    told = [entry["data"]["change"][0] for page in (first, second, third) for entry in page["entries"]]
    assert told == list("6543210") and third["before"] is None
    store.append(Event(0, clock.to_text(clock.now()), "supervisor_stopped", data={"why": "asked"}))
    new = house.client.get("/api/journal", params={"after": first["after"]}).json()
    assert [entry["kind"] for entry in new["entries"]] == ["supervisor_stopped"]
    assert house.client.get("/api/journal", params={"after": 1, "before": 2}).status_code == 400
    only = house.client.get("/api/journal", params={"kinds": "supervisor_stopped"}).json()
    assert len(only["entries"]) == 1
    page = house.client.get("/journal").text
    assert HOSTILE not in page and "queue changed" in page and page.index("supervisor stopped") < page.index("6 &lt;")
    assert "supervisor stopped" in house.client.get("/journal", params={"after": first["after"]}).text
    assert "Nothing of this kind" in house.client.get("/journal", params={"show": "code"}).text


def test_a_rare_entry_far_back_is_searched_for_piece_by_piece(house: Served, store: Store) -> None:
    at = clock.to_text(clock.now())
    store.append(Event(0, at, "state_rebuilt", data={"reason": "long ago"}))
    store.append(*(Event(0, at, "queue_changed") for _ in range(MOST_LOOKED_AT + 100)))
    answer = house.client.get("/api/journal", params={"kinds": "state_rebuilt"}).json()
    assert answer["entries"] == [] and answer["before"]
    on = house.client.get("/api/journal", params={"kinds": "state_rebuilt", "before": answer["before"]}).json()
    assert [entry["data"]["reason"] for entry in on["entries"]] == ["long ago"] and on["before"] is None
