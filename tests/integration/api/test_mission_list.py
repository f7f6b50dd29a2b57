"""The list of missions: complete, in its order, filtered, paged, known again, and never old."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from scopecraft.state.store import Store
from tests.support.command_line import sc
from tests.support.served import Served, served
from tests.support.sessions import LATER
from tests.support.standing_missions import a_run, an_ended_run, stand
from tests.support.wait import until

FIELDS = {"mission_id", "title", "type", "status", "current_step_name", "updated_at"}
OURS = {"task", "project", "stage", "current_step", "step_count", "cost_usd"}


@pytest.fixture
def server() -> Iterator[Served]:
    assert sc("init").code == 0
    with served() as found:
        yield found


def titles(client: httpx.Client, query: str = "") -> list[str]:
    answer = client.get(f"/api/missions{query}")
    assert answer.status_code == 200, answer.text
    return [row["title"] for row in answer.json()["data"]]


def test_all_missions_are_listed_the_newest_change_first_with_the_fields_of_the_contract(server: Served) -> None:
    assert server.client.get("/api/missions").json() == {"success": True, "data": [], "error": None}
    old = stand(server.home, "old-one", "research", "review", "build", "look")
    stand(server.home, "new-one", "research", updated_at=LATER)
    (done,) = [row for row in server.client.get("/api/missions").json()["data"] if row["mission_id"] == old.id]
    assert set(done) == FIELDS | OURS
    assert (done["status"], done["current_step_name"], done["current_step"]) == ("completed", "Complete", 4)
    assert titles(server.client) == ["New one", "Old one"]


def test_what_changes_is_seen_at_once(server: Served) -> None:
    mission = stand(server.home, "fix-login", "research")
    working = stand(server.home, "busy", phases={"research": "running"})

    def column(name: str) -> list[object]:
        rows = server.client.get("/api/missions").json()["data"]
        by_task = {row["task"]: row[name] for row in rows}
        return [by_task["fix-login"], by_task["busy"]]

    with Store.open(server.home.root) as store:
        a_run(store, working, "research")
        assert column("stage") == ["gate", "starting"]
        assert column("cost_usd") == [None, None]
        an_ended_run(store, mission, "research", cost_usd=0.25)
        assert column("cost_usd") == [0.25, None]
    stand(server.home, "another")
    assert "Another" in titles(server.client)


def test_what_is_complete_is_listed_from_where_it_is_frozen_and_what_it_cost_later_too(server: Served) -> None:
    mission = stand(server.home, "fix-login", "research", "review", "build", "look")
    assert titles(server.client) == ["Fix login"]
    folder = next(server.home.missions_active.glob(f"{mission.id}--*"))
    folder.rename(server.home.missions_completed / folder.name)
    (row,) = server.client.get("/api/missions").json()["data"]
    assert (row["stage"], row["cost_usd"]) == ("complete", None)
    with Store.open(server.home.root) as store:
        an_ended_run(store, mission, "build", cost_usd=0.5)
    assert server.client.get("/api/missions").json()["data"][0]["cost_usd"] == 0.5


def test_a_file_that_is_edited_by_hand_is_noticed_and_a_broken_one_hides_no_other(server: Served) -> None:
    mission = stand(server.home, "fix-login")
    stand(server.home, "broken")
    assert len(titles(server.client)) == 2
    file = next(server.home.missions_active.glob(f"{mission.id}--*")) / "mission.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"title": "By hand"}))
    next(server.home.missions_active.glob("*--broken")).joinpath("mission.json").write_text("{")
    until(lambda: titles(server.client) == ["By hand"], 5, what="the list to have it")


def test_it_is_filtered_and_comes_in_pages_when_asked(server: Served) -> None:
    for number in range(5):
        stand(server.home, f"task-{number}")
    stand(server.home, "reviewed", "research", project="other")
    client = server.client
    assert titles(client, "?project=other") == titles(client, "?stage=gate") == ["Reviewed"]
    assert titles(client, "?status=waiting_human&status=failed") == ["Reviewed"]
    assert titles(client, "?q=TASK-3") == ["Task 3"]
    assert len(titles(client, "?offset=3")) == 6, "it is paged only when a limit is given"
    answer = client.get("/api/missions?q=task&limit=2&offset=2")
    assert len(answer.json()["data"]) == 2
    assert answer.headers["x-total-count"] == "5"
    links = {name: address for address, name in (part.split("; ") for part in answer.headers["link"].split(", "))}
    assert links['rel="next"'] == "</api/missions?q=task&limit=2&offset=4>"
    assert links['rel="prev"'] == "</api/missions?q=task&limit=2&offset=0>"
    pages = [titles(client, f"?limit=4&offset={offset}") for offset in (0, 4, 8)]
    assert [title for page in pages for title in page] == titles(client)
    wrong = client.get("/api/missions?limit=0")
    assert (wrong.status_code, wrong.json()["success"]) == (400, False)


@pytest.mark.parametrize("query", ["", "?limit=10"])
def test_a_list_that_has_not_changed_is_not_sent_again(server: Served, query: str) -> None:
    stand(server.home, "fix-login")
    first = server.client.get(f"/api/missions{query}")
    known = {"If-None-Match": first.headers["etag"]}
    again = server.client.get(f"/api/missions{query}", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    stand(server.home, "another")
    assert server.client.get(f"/api/missions{query}", headers=known).status_code == 200


def test_the_short_way_is_guarded_like_any_other(server: Served) -> None:
    assert server.stranger.get("/api/missions").status_code == 401
    assert server.client.get("/api/missions", headers={"Host": "evil.example"}).status_code == 421
    assert server.client.get("/api/missions", headers={"Origin": "http://evil.example"}).status_code == 403
    listed = server.client.get("/api/missions")
    assert "default-src 'none'" in listed.headers["content-security-policy"]
