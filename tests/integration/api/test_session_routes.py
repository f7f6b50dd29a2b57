"""Sessions, the queue and settings over HTTP, as programs ask for them."""

from __future__ import annotations

import json
import os

import pytest

from scopecraft.model.session import Killed
from scopecraft.sessions.context import Context
from scopecraft.sessions.setting_changes import set_setting
from scopecraft.state.store import Store
from tests.support.lines import in_line, over
from tests.support.served import Served

IS_JSON = {"Content-Type": "application/json"}


def tasks_of(house: Served, query: str = "") -> list[str]:
    answer = house.client.get(f"/api/sessions{query}")
    assert answer.status_code == 200, answer.text
    return [each["task"] for each in answer.json()["sessions"]]


def test_those_that_live_stand_first_and_ended_ones_come_in_pages(house: Served, store: Store) -> None:
    for number in range(5):
        over(store, task=f"old-{number}", project="shop" if number % 2 else "bank")
    in_line(store, "next", "later")
    assert tasks_of(house) == ["later", "next", "old-4", "old-3", "old-2", "old-1", "old-0"]
    assert tasks_of(house, "?limit=3&offset=1") == ["next", "old-4", "old-3"]
    assert tasks_of(house, "?limit=3&offset=4") == ["old-2", "old-1", "old-0"]
    assert tasks_of(house, "?project=bank&live=false") == ["old-4", "old-2", "old-0"]
    assert tasks_of(house, "?state=queued") == ["later", "next"]
    assert tasks_of(house, "?state=failed") == []
    assert tasks_of(house, "?text=OLD-3") == ["old-3"]
    page = house.client.get("/api/sessions?limit=1&live=false").json()
    assert (page["total"], page["live"]) == (5, 0)
    assert page["sessions"][0]["usage"]["cost_usd"] == 0.5


def test_an_unchanged_list_is_not_sent_again(house: Served, store: Store) -> None:
    over(store)
    tag = house.client.get("/api/sessions").headers["etag"]
    assert house.client.get("/api/sessions", headers={"If-None-Match": tag}).status_code == 304
    over(store)
    assert house.client.get("/api/sessions", headers={"If-None-Match": tag}).status_code == 200


def test_one_session_tells_its_alerts_and_what_it_used(house: Served, store: Store) -> None:
    session = over(store, task="fix-login")
    found = house.client.get(f"/api/sessions/{session.id}").json()
    assert (found["task"], found["outcome"], found["usage"]["input_tokens"]) == ("fix-login", "completed", 10)
    assert (found["alerts"], found["question"], found["commits"]) == ([], None, None)
    unknown = house.client.get("/api/sessions/r-0")
    assert (unknown.status_code, unknown.json()["message"]) == (404, "no session is called 'r-0'")


def test_the_line_is_put_in_order_and_cleared(house: Served, store: Store) -> None:
    first, second, third = in_line(store, "one", "two", "three")
    moved = house.client.post(f"/api/queue/line/{third.id}/move", json={"place": 1})
    assert moved.json() == {"before": 3, "after": 1}
    assert [item.session.task for item in store.line()] == ["three", "one", "two"]
    assert house.client.post(f"/api/queue/line/{third.id}/move", json={"place": 9}).status_code == 400
    assert house.client.request("DELETE", f"/api/queue/line/{first.id}").json() == {"removed": True}
    assert house.client.request("DELETE", f"/api/queue/line/{first.id}").json() == {"removed": False}
    line = house.client.get("/api/queue/line").json()
    assert [each["task"] for each in line["waiting"]] == ["three", "two"]
    assert house.client.post("/api/queue/line/clear").json() == {"removed": 2, "begun": []}
    assert store.line() == []
    status = house.client.get(f"/api/sessions/{second.id}").json()["status"]
    assert status["outcome"] == {"kind": Killed.kind, "by": "the API"}


def test_rules_change_together_or_not_at_all(house: Served, store: Store) -> None:
    wrong = house.client.put("/api/queue/rules", json={"paused": True, "max_running": 0})
    assert wrong.status_code == 400
    assert wrong.json()["message"].startswith("max_running: ")
    assert not store.queue.rules().is_paused
    said = {"paused": True, "stop_on_failure": True, "max_running": 5, "max_waiting": 0}
    answer = house.client.put("/api/queue/rules", json=said).json()
    assert {name: answer[name] for name in said} == said
    rules = store.queue.rules()
    assert (rules.is_paused, rules.stops_on_failure, rules.max_running, rules.max_waiting) == (True, True, 5, 0)
    assert house.client.put("/api/queue/rules", json={"colour": "red"}).status_code == 400


def test_a_setting_is_set_and_taken_out_and_a_wrong_value_changes_nothing(house: Served) -> None:
    file = house.home.settings_file
    before = file.read_bytes() if file.exists() else b""
    wrong = house.client.put("/api/settings/container.memory", json={"value": "much"})
    assert wrong.status_code == 400
    assert "is no size" in wrong.json()["message"]
    assert (file.read_bytes() if file.exists() else b"") == before
    odd: tuple[object, ...] = ("\0", True, None, 10**30, ["x", {}], {"a": 1})
    for value in odd:
        body = json.dumps({"value": value})
        refused = house.client.put("/api/settings/container.image", content=body, headers=IS_JSON)
        assert refused.json()["message"] == "value: give a text, a number, or a list of these", value
    unknown = house.client.put("/api/settings/container.memori", json={"value": "8g"})
    assert unknown.status_code == 400
    assert unknown.json()["hint"].startswith("did you mean: container.memory")
    done = house.client.put("/api/settings/container.memory", json={"value": "8g"}).json()
    assert (done["text"], done["layer"], done["is_changed"]) == ('"8g"', "home", True)
    listed = house.client.get("/api/settings").json()["settings"]
    row = next(each for each in listed if each["key"] == "container.memory")
    assert row["meaning"]
    assert row["kind"] == "size"
    assert house.client.request("DELETE", "/api/settings/container.memory").json()["layer"] == "default"
    assert house.client.request("DELETE", "/api/settings/container.memory").status_code == 404


def test_no_key_of_an_agent_is_shown(house: Served) -> None:
    named = "agents.helper.env.OTHER_API_KEY"
    set_setting(Context.of(os.environ), named, "sk-not-for-eyes")
    answer = house.client.get("/api/settings")
    row = next(each for each in answer.json()["settings"] if each["key"] == named)
    assert row["value"] == "(hidden)"
    assert "sk-not-for-eyes" not in answer.text


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("http.auth", "none"),
        ('"http"."allow_origins"', ["http://evil.example"]),
        ("http.allow_hosts", ["evil.example:4000"]),
        ("notify.command", ["/bin/sh", "-c", "true"]),
        ("setup.run_on", "host"),
        ("setup.commands", ["true"]),
        ("engine.host", "tcp://evil.example:2375"),
        ("agents.claude.host_command", ["/bin/sh"]),
        ("agents.claude.env.LD_PRELOAD", "/tmp/x.so"),
    ],
)
def test_what_would_outlast_a_stolen_tab_is_set_at_a_terminal(house: Served, key: str, value: object) -> None:
    refused = house.client.put(f"/api/settings/{key}", json={"value": value})
    assert refused.status_code == 409
    assert "is changed at a terminal" in refused.json()["message"]
    assert refused.json()["hint"].startswith("sc config set ")
    assert not house.home.settings_file.exists()
    plain = key.replace('"', "")
    if "env" not in plain:
        row = house.client.get("/settings/row", params={"key": plain}).text
        assert "changed at a terminal" in row and "<form" not in row


def test_what_cannot_be_done_just_now_is_refused_with_what_to_do(house: Served, store: Store) -> None:
    session = over(store, task="fix-login")
    for path, body in (("send", {"message": "hello"}), ("answer", {"answers": ["allow"]}), ("interrupt", None)):
        refused = house.client.post(f"/api/sessions/{session.id}/{path}", json=body)
        assert refused.status_code == 409, (path, refused.text)
        assert refused.json()["hint"], path
    stopped = house.client.post(f"/api/sessions/{session.id}/stop", json={"now": True})
    assert stopped.json()["outcome"] == "completed"


def test_a_start_that_makes_no_sense_is_refused_before_anything(house: Served) -> None:
    for body, message in (
        ({"prompt": "x"}, "name either a task or a mission"),
        ({"task": "a", "mission": "m-1", "prompt": "x"}, "name either a task or a mission"),
        ({"task": "a", "contained": False}, "an autonomous session always runs in a container"),
        ({"task": "a", "timeout": "soon"}, "'soon' is no length of time"),
        ({"task": "a", "prompt": "x", "mode": "later"}, "mode: Input should be 'autonomous' or 'dispatch'"),
    ):
        refused = house.client.post("/api/sessions", json=body)
        assert (refused.status_code, refused.json()["message"]) == (400, message), body
    missing = house.client.post("/api/sessions", json={"mission": "m-0000000000000000", "prompt": "x"})
    assert missing.status_code == 404


def test_worktrees_are_told_with_their_missions(house: Served) -> None:
    from tests.support.standing_missions import stand

    stand(house.home, "fix-login")
    answer = house.client.get("/api/worktrees?state=true&size=true").json()
    (row,) = answer["worktrees"]
    assert (row["task"], row["branch"], row["is_there"], row["changed_files"]) == (
        "fix-login",
        "feature/fix-login",
        False,
        None,
    )
    assert answer["problems"] == ["the project shop is not linked: its missions (1) are not looked at"]
