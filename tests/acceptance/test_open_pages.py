"""`sc open` and `sc serve`: how a person's browser and old programs find the pages."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator

import httpx
import pytest

from scopecraft.api.access import read_token
from scopecraft.config.paths import home_of
from tests.support.command_line import PROGRAM, sc
from tests.support.served import free_port
from tests.support.supervisors import Supervisor, running_supervisor


@pytest.fixture(autouse=True)
def a_home() -> None:
    assert sc("init").code == 0


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    with running_supervisor() as found:
        yield found


def test_the_link_leads_a_browser_in_once(supervisor: Supervisor) -> None:
    said = sc("open", "--print", SCOPECRAFT_SUPERVISOR="")
    address, _, rest = said.out.strip().partition("/login#")
    assert address == supervisor.ask("health")["http"]["address"]
    assert address in sc("status").out
    code, _, page = rest.partition("&next=")
    assert page == "/"
    with httpx.Client(base_url=address, headers={"Origin": address}) as browser:
        assert browser.get("/").status_code == 303
        assert browser.post("/api/login", json={"code": code}).status_code == 200
        assert "Missions" in browser.get("/").text
        assert browser.post("/api/login", json={"code": code}).status_code == 409
    # the cookie outlives the supervisor
    cookies = browser.cookies
    supervisor.kill()
    with running_supervisor() as again:
        address = again.ask("health")["http"]["address"]
        with httpx.Client(base_url=address, cookies=cookies) as browser:
            assert browser.get("/").status_code == 200


def test_where_nothing_can_be_opened_the_link_is_printed(supervisor: Supervisor) -> None:
    said = sc("open", SCOPECRAFT_SUPERVISOR="", BROWSER="", PATH="/nonexistent")
    assert said.code == 0
    assert "/login#" in said.out and "no browser to open here" in said.err


def test_a_task_that_is_none_opens_nothing(supervisor: Supervisor) -> None:
    said = sc("open", "fix-login")
    assert (said.code, said.out) == (3, "")
    assert "fix-login" in said.err


def test_without_a_supervisor_it_says_so() -> None:
    said = sc("open", "--print")
    assert said.code == 1
    assert "hint: start it: sc up" in said.err


def test_a_port_that_is_taken_is_refused_where_a_person_asked_for_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = sc("serve", "--port", str(taken.getsockname()[1]))
    assert said.code == 3
    assert "cannot listen at 127.0.0.1" in said.err and "hint: another port" in said.err


def test_a_home_comes_back_at_the_port_that_it_had() -> None:
    kept = home_of(os.environ).config / "http.port"
    kept.write_text(f"{free_port()}\n")
    ports = []
    for _ in range(2):
        with running_supervisor() as supervisor:
            ports.append(supervisor.ask("health")["http"]["address"])
    assert ports[0] == ports[1] == f"http://127.0.0.1:{kept.read_text().strip()}"
    with socket.create_server(("127.0.0.1", int(kept.read_text()))) as taken, running_supervisor() as supervisor:
        moved = supervisor.ask("health")["http"]["address"]
        assert moved != ports[0]
        assert moved.endswith(f":{kept.read_text().strip()}"), "that of last time is the new one"
        assert taken.getsockname()[1] != int(kept.read_text())
    kept.write_text("no port\n")
    with running_supervisor(None, (*PROGRAM, "serve", "--port", str(free_port()))):
        assert kept.read_text() == "no port\n", "what was asked for once is not kept"
    with running_supervisor() as supervisor:
        assert httpx.get(supervisor.ask("health")["http"]["address"] + "/health").json() == {"status": "ok"}


@pytest.mark.parametrize("origin", ["localhost:3000", "http://localhost:3000/page", "*", "ftp://x"])
def test_an_origin_that_is_none_is_refused(origin: str) -> None:
    said = sc("serve", "--allow-origin", origin)
    assert (said.code, "is no origin" in said.err) == (2, True)


def test_an_old_program_needs_no_token_where_a_person_said_so() -> None:
    port = free_port()
    program = (*PROGRAM, "serve", "--port", str(port), "--auth", "none", "--allow-origin", "http://localhost:3000")
    with (
        running_supervisor(None, program) as supervisor,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Origin": "http://localhost:3000"}) as page,
    ):
        answer = page.get("/")
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
        assert page.get("/", headers={"Origin": "http://localhost:3001"}).status_code == 403
        assert "every program of this machine may do here what you may" in supervisor.said.read_text()
        assert "/login" not in sc("open", "--print", SCOPECRAFT_SUPERVISOR="").out


def test_a_home_may_answer_no_browser_at_all() -> None:
    assert sc("config", "set", "http.serve", "off").code == 0
    with running_supervisor() as supervisor:
        assert supervisor.ask("health")["http"] == {}
        said = sc("open", SCOPECRAFT_SUPERVISOR="")
        assert (said.code, "http.serve on" in said.err) == (3, True)


def test_a_browser_is_out_when_the_token_is_another(supervisor: Supervisor) -> None:
    home = home_of(os.environ)
    address = supervisor.ask("health")["http"]["address"]
    token = {"Authorization": f"Bearer {read_token(home)}"}
    assert httpx.get(f"{address}/", headers=token).status_code == 200
    (home.config / "http.token").write_text("short\n")
    supervisor.kill()
    with running_supervisor() as again:
        said = sc("open", "--print", SCOPECRAFT_SUPERVISOR="")
        assert said.code == 1
        assert "holds no token" in said.err and "rm " in said.err
        assert "holds no token" in json.dumps(again.ask("health")["http"])
