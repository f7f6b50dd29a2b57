"""The log of a session by HTTP."""

from __future__ import annotations

import os
from pathlib import Path

import orjson
import pytest

from scopecraft.config.paths import Home, home_of, make_home
from scopecraft.model.session import Session
from scopecraft.sessions.context import Context
from scopecraft.state.store import Store
from tests.support.served import Served, served
from tests.support.sessions import LATER, a_session, running

TRACE = Path(__file__).parents[2] / "data" / "traces" / "claude" / "toolerr.jsonl"


@pytest.fixture
def home() -> Home:
    found = home_of(os.environ)
    make_home(found)
    return found


@pytest.fixture
def session(home: Home) -> Session:
    with Store.open(home.root) as store:
        made = store.create(a_session(), LATER)
        folder = Context(home, os.environ).folder(made.id)
        folder.make()
        folder.stream.write_bytes(TRACE.read_bytes())
        folder.stderr.write_bytes(b"warning: \x1b[31mold\x1b[0m\n")
        assert store.move(made.id, running(), "session_started", LATER) is not None
    return made


def refused(house: Served, path: str) -> tuple[int, str]:
    answer = house.client.get(path)
    return answer.status_code, answer.json()["message"]


def test_a_log_is_read_by_http(home: Home, session: Session) -> None:
    url = f"/api/sessions/{session.id}"
    with served() as house:
        page = house.client.get(f"{url}/log").json()
        kinds = [row["kind"] for row in page["rows"]]
        assert page["before"] is None and page["after"] == page["size"] == TRACE.stat().st_size
        assert {"tool", "result", "message", "usage"} <= set(kinds)
        cut = page["rows"][2]["offset"]
        before = house.client.get(f"{url}/log", params={"before": cut, "limit": 1000}).json()
        after = house.client.get(f"{url}/log", params={"after": cut}).json()
        assert before["rows"] + after["rows"] == page["rows"]
        tools = house.client.get(f"{url}/log", params={"kinds": "tool,result"}).json()["rows"]
        assert {row["kind"] for row in tools} == {"tool", "result"}
        full = house.client.get(f"{url}/log/{tools[0]['offset']}", params={"nth": tools[0]["nth"]}).json()
        assert full["text"].startswith("command: ") and full["row"] == tools[0]

        complaints = house.client.get(f"{url}/log", params={"of": "stderr"}).json()["rows"]
        assert [row["text"] for row in complaints] == ["warning: old"]
        raw = house.client.get(f"{url}/stream")
        assert raw.content == TRACE.read_bytes()
        assert raw.headers["content-type"].startswith("text/plain")
        assert raw.headers["x-content-type-options"] == "nosniff"
        assert raw.headers["content-disposition"].startswith("attachment")

        assert refused(house, f"{url}/log?before=1&after=1")[0] == 400
        assert refused(house, f"{url}/log?kinds=gossip") == (400, "no row of a log is of the kind 'gossip'")
        assert refused(house, f"{url}/log?before=-1")[0] == 400
        assert refused(house, f"{url}/log?limit=100000")[0] == 400
        assert refused(house, f"{url}/log/7")[0] == 404
        assert refused(house, "/api/sessions/r-0000000000000000/log")[0] == 404
        assert refused(house, "/api/sessions/..%2f..%2fconfig/stream")[0] == 404


def test_what_an_agent_put_in_place_of_its_log_is_not_given_out(home: Home, session: Session) -> None:
    stream = home.sessions / session.id / "stream.jsonl"
    stream.unlink()
    stream.symlink_to("/etc/hostname")
    with served() as house:
        status, said = refused(house, f"/api/sessions/{session.id}/stream")
        assert status == 500 and "cannot read" in said
        assert refused(house, f"/api/sessions/{session.id}/log")[0] == 500
        stream.unlink()
        os.mkfifo(stream)
        assert refused(house, f"/api/sessions/{session.id}/stream")[0] == 500


def test_keys_are_in_no_row(home: Home, session: Session) -> None:
    key = "sk-ant-0123456789abcdef"
    home.secrets_file.write_text(f"ANTHROPIC_API_KEY={key}\n")
    home.secrets_file.chmod(0o600)
    tool = {"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": f"echo {key}", "description": key}}
    stream = home.sessions / session.id / "stream.jsonl"
    stream.write_bytes(orjson.dumps({"type": "assistant", "message": {"content": [tool]}}) + b"\n" + key.encode())
    with served() as house:
        page = house.client.get(f"/api/sessions/{session.id}/log").text
        full = house.client.get(f"/api/sessions/{session.id}/log/0").text
    assert key not in page + full
    assert "[secret ANTHROPIC_API_KEY]" in page and "[secret ANTHROPIC_API_KEY]" in full
