"""What a hostile page, another program or a careless one may try at the server, over real connections."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute

from scopecraft.api.access import token_file
from scopecraft.api.app import ROUTERS
from scopecraft.api.bounds import Bounds
from scopecraft.api.door import OPEN_PATHS
from scopecraft.atomic import file_lock
from scopecraft.config.paths import home_of, make_home
from scopecraft.missions.folder import require_folder
from scopecraft.web.routers import ROUTERS as PAGES
from tests.support.served import DEFAULT, Served, served
from tests.support.standing_missions import stand
from tests.support.wait import until

SMALL = Bounds(head_seconds=0.5, body_seconds=0.5, connections=20, body_bytes=100_000)


def raw(house: Served, text: bytes, seconds: float = 10) -> bytes:
    """All that comes back on one connection, until the server hangs up; that may cut off what it said before."""
    with socket.create_connection(("127.0.0.1", house.surface.port), timeout=seconds) as channel:
        answer = b""
        with suppress(ConnectionError):
            channel.sendall(text)
            while part := channel.recv(65536):
                answer += part
        return answer


def head(house: Served, first: str, *lines: str) -> bytes:
    shown = f"Host: 127.0.0.1:{house.surface.port}"
    token = f"Authorization: {house.client.headers['Authorization']}"
    return "\r\n".join((f"{first} HTTP/1.1", shown, token, "Connection: close", *lines, "", "")).encode("latin-1")


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ")[1])


def test_a_name_that_resolves_to_us_is_not_our_name(house: Served) -> None:
    for path in ("/", "/health", "/api/missions", "/static/css/base.css", "/openapi.json"):
        answer = house.client.get(path, headers={"Host": f"evil.example:{house.surface.port}"})
        assert answer.status_code == 421, path


def test_two_hosts_in_one_request_help_nobody(house: Served) -> None:
    answer = raw(house, head(house, "GET /api/missions", "Host: evil.example"))
    assert status_of(answer) in (400, 421)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "file://", "http://127.0.0.1:1"])
def test_no_other_page_changes_or_reads_anything(house: Served, origin: str) -> None:
    mission = stand(house.home, "fix-login", "research")
    for method, path in (
        ("POST", f"/api/missions/{mission.id}/continue"),
        ("GET", "/api/missions"),
        ("OPTIONS", "/api/missions"),
    ):
        answer = house.client.request(method, path, headers={"Origin": origin})
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_a_form_cannot_change_anything(house: Served, kind: str) -> None:
    answer = house.client.post("/api/missions", content=b'{"title": "x"}', headers={"Content-Type": kind})
    assert answer.status_code == 415


def test_an_allowed_page_may_ask_and_is_told_so(house: Served) -> None:
    options = replace(DEFAULT, needs_token=False, origins=("http://localhost:3000",))
    with served(options) as open_house:
        page = {"Origin": "http://localhost:3000"}
        before = open_house.stranger.options("/api/missions", headers={**page, "Access-Control-Request-Method": "POST"})
        assert (before.status_code, before.content) == (204, b"")
        assert before.headers["access-control-allow-origin"] == "http://localhost:3000"
        answer = open_house.stranger.get("/", headers=page)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"


def test_it_listens_on_the_loopback_and_its_socket_and_token_are_private(house: Served) -> None:
    listening = Path("/proc/net/tcp").read_text().splitlines()
    port = f"{house.surface.port:04X}"
    at = {line.split()[1] for line in listening if line.split()[1].endswith(f":{port}") and line.split()[3] == "0A"}
    assert at == {f"0100007F:{port}"}
    unix = Path(str(house.surface.health()["socket"]))
    assert stat.S_IMODE(unix.stat().st_mode) == 0o600
    assert stat.S_IMODE(unix.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(token_file(house.home).stat().st_mode) == 0o600


def test_whoever_may_open_the_socket_needs_no_token(house: Served) -> None:
    transport = httpx.HTTPTransport(uds=str(house.surface.health()["socket"]))
    with httpx.Client(transport=transport, base_url="http://scopecraft") as client:
        assert client.get("/").status_code == 200


def test_a_stranger_learns_nothing(house: Served) -> None:
    mission = stand(house.home, "fix-login")
    for path in (
        "/api/missions",
        f"/api/missions/{mission.id}",
        "/openapi.json",
        "/api/nope",
        f"/m/{mission.id}",
        "/ws/events",
    ):
        answer = house.stranger.get(path)
        assert answer.status_code in (401, 303), path
        assert "fix-login" not in answer.text


def test_no_route_lets_in_a_stranger_or_a_page_of_others(house: Served) -> None:
    found = [route for router in (*ROUTERS, *PAGES) for route in router.routes if isinstance(route, APIRoute)]
    assert len(found) > 80
    for route in found:
        for method in route.methods or ():
            path = re.sub(r"{[^}]*}", "x", route.path)
            if path not in OPEN_PATHS:
                assert house.stranger.request(method, path).status_code in (401, 303), (method, path)
            foreign = house.client.request(method, path, headers={"Origin": "http://evil.example"})
            assert foreign.status_code == 403, (method, path)


def test_a_cookie_is_kept_from_scripts_and_from_other_sites(house: Served) -> None:
    page = {"Origin": house.address}
    code = house.link().split("#")[1].split("&")[0]
    answer = house.stranger.post("/api/login", json={"code": code}, headers=page)
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower()
    assert code not in cookie and house.client.headers["Authorization"].split()[1] not in cookie
    jar = {"Cookie": cookie.split(";")[0]}
    assert house.stranger.get("/", headers=jar).status_code == 200
    assert house.stranger.post("/api/logout", headers=jar).status_code == 403  # without the page that asks
    for wrong in ("", "x", cookie.split(";")[0].split("=")[1][:-2]):
        name = cookie.split("=")[0]
        assert house.stranger.get("/api/missions", headers={"Cookie": f"{name}={wrong}"}).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b'{"title": 3}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"title": NaN}',
    ],
)
def test_nonsense_gets_one_clear_sentence(house: Served, body: bytes) -> None:
    answer = house.client.post("/api/login", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    said = answer.json()
    assert said["statusCode"] == 400 and said["message"]
    assert "Traceback" not in answer.text and "\n" not in said["message"]


def test_half_of_a_character_is_refused_and_nothing_is_written(house: Served) -> None:
    mission = stand(house.home, "fix-login")
    files = f"/api/missions/{mission.id}/files"
    before = house.client.get(files).json()
    path = f"/api/missions/{mission.id}/artifacts/plan.md"
    kind = {"Content-Type": "application/json"}
    refused = house.client.put(path, content=rb'{"content": "\ud83d"}', headers=kind)
    assert refused.status_code == 400 and "half of a character" in refused.json()["error"]
    assert house.client.get(files).json() == before
    assert house.client.put(path, content=rb'{"content": "\ud83d\ude00"}', headers=kind).status_code == 200
    assert house.client.get(f"{files}/plan.md").content == "\N{GRINNING FACE}".encode()


def test_too_much_is_refused_before_it_is_read() -> None:
    make_home(home_of(os.environ))
    with served(replace(DEFAULT, bounds=SMALL)) as house:
        said = head(house, "POST /api/login", "Content-Type: application/json", "Content-Length: 9999999999")
        assert status_of(raw(house, said)) == 413
        chunks = b"".join(b"8000\r\n" + b"x" * 0x8000 + b"\r\n" for _ in range(8)) + b"0\r\n\r\n"
        chunked = head(house, "POST /api/login", "Content-Type: application/json", "Transfer-Encoding: chunked")
        assert raw(house, chunked + chunks)[9:12] in (b"413", b"")
        assert raw(house, head(house, "GET /health", *(f"X-{n}: {'y' * 1000}" for n in range(1000))))[9:12] in (
            b"431",
            b"",
        )
        assert house.client.get("/health").status_code == 200


def test_who_takes_too_long_is_hung_up_on() -> None:
    make_home(home_of(os.environ))
    with served(replace(DEFAULT, bounds=SMALL)) as house:
        assert raw(house, b"GET /health HTTP/1.1\r\nHost: ") == b""
        assert raw(house, b"") == b""
        slow = head(house, "POST /api/login", "Content-Type: application/json", "Content-Length: 100") + b'{"ti'
        assert status_of(raw(house, slow)) == 408


def test_more_connections_than_it_takes_do_not_keep_others_out_for_long() -> None:
    make_home(home_of(os.environ))
    with served(replace(DEFAULT, bounds=SMALL)) as house, ExitStack() as held:
        for _ in range(200):
            held.enter_context(socket.create_connection(("127.0.0.1", house.surface.port), timeout=5))
        held.close()
        assert house.client.get("/health").status_code == 200


def test_many_who_wait_for_one_mission_keep_nobody_else_waiting(house: Served) -> None:
    mission = stand(house.home, "fix-login")
    path = f"/api/missions/{mission.id}/artifacts/plan.md"
    shown = {"Authorization": house.client.headers["Authorization"]}
    with ThreadPoolExecutor(60) as callers, file_lock(require_folder(house.home, mission.id) / "lock"):
        saved = [
            callers.submit(httpx.put, house.address + path, json={"content": "x"}, headers=shown, timeout=60)
            for _ in range(60)
        ]
        until(lambda: sum("worker" in each.name for each in threading.enumerate()) >= 24, what="they wait")
        for page in ("/journal", "/api/queue/rules", "/settings"):
            assert house.client.get(page, timeout=10).status_code == 200, page
    assert {each.result().status_code for each in saved} == {200}


@pytest.mark.parametrize(
    "path",
    [
        "/static/..%2f..%2fapp.py",
        "/static/%2e%2e/%2e%2e/api/app.py",
        "/static/../api/app.py",
        "/static/....//app.py",
        "/static/%252e%252e%252fapp.py",
        "/static/..\\..\\app.py",
        "/static//etc/passwd",
        "/static/%00",
        "/m/..%2f..%2fetc",
        "/m/%2e%2e",
        "/api/missions/..%2f..%2fsettings.toml",
        "/api/missions/%00",
        "/api/missions/" + "x" * 5000,
    ],
)
def test_no_path_leads_out(house: Served, path: str) -> None:
    answer = raw(house, head(house, f"GET {path}"))
    assert status_of(answer) in (400, 404), answer[:300]
    assert b"import " not in answer and b"root:" not in answer and b"Traceback" not in answer


def test_an_unknown_path_is_answered_as_clients_know_it(house: Served) -> None:
    answer = house.client.post("/api/nope")
    assert answer.status_code == 404
    assert (
        json.loads(answer.text).items()
        >= {
            "message": "Cannot POST /api/nope",
            "error": "Not Found",
            "statusCode": 404,
        }.items()
    )


def test_every_answer_forbids_what_no_page_needs(house: Served) -> None:
    for path in ("/", "/login", "/api/nope", "/static/css/base.css", "/health"):
        headers = house.client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src 'self';" in policy and "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
