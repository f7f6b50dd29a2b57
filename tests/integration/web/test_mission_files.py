"""A mission's files over HTTP: what an agent left there is shown, and leads nowhere else."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from scopecraft.missions.versions import keep_version
from tests.support.gated import Gated, gated
from tests.support.missions import Desk
from tests.support.repos import make_repository
from tests.support.served import Served, served
from tests.support.sessions import AT

WAYS_OUT = (
    "../../mission.json",
    "..%2f..%2fmission.json",
    "%2e%2e/%2e%2e/mission.json",
    "%2e%2e%2f%2e%2e%2fmission.json",
    "%252e%252e%252f%252e%252e%252fmission.json",
    "..%5c..%5cmission.json",
    "%c0%ae%c0%ae%2f%c0%ae%c0%ae%2fmission.json",
    "a/..%2f..%2f..%2fmission.json",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "plan.md%00",
    "plan.md%00.png",
    "plan.md%0d%0aSet-Cookie:x",
    "plan.md%2f..%2fplan.md",
    ".%2fplan.md",
    "nul",
    "x" * 3000,
    "a%2f" * 300,
)


@pytest.fixture
def mission(clean_environment: Path) -> Gated:
    desk = Desk(make_repository(clean_environment / "shop"))
    desk.done("init")
    desk.done("link")
    found = gated(desk).at_plan()
    keep_version(desk.home, found.mission, "plan.md", by="planning", at=AT, run_id="r-1")
    return found


@pytest.fixture
def house(mission: Gated) -> Iterator[Served]:
    with served() as found:
        yield found


def raw(house: Served, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    """The path goes over the wire as it is."""
    lines = (
        f"{method} {path} HTTP/1.1",
        f"Host: 127.0.0.1:{house.surface.port}",
        f"Authorization: {house.client.headers['Authorization']}",
        "Connection: close",
        *((f"Content-Length: {len(body)}", "Content-Type: application/json") if body else ()),
    )
    with closing(socket.create_connection(("127.0.0.1", house.surface.port), timeout=20)) as channel:
        channel.sendall("\r\n".join((*lines, "", "")).encode() + body)
        answer = b"".join(iter(lambda: channel.recv(65536), b""))
    return int(answer.split(b" ", 2)[1]), answer


def test_no_name_leads_out_of_the_folder(mission: Gated, house: Served) -> None:
    api, page = f"/api/missions/{mission.id}/files", f"/m/{mission.id}/files"
    for name in WAYS_OUT:
        for method, path, body in (
            ("GET", f"{api}/{name}", b""),
            ("GET", f"{api}/{name}/versions", b""),
            ("GET", f"{api}/{name}/versions/1", b""),
            ("POST", f"{api}/{name}/versions/1/restore", b"{}"),
            ("GET", f"{page}/{name}", b""),
            ("GET", f"/m/{name}/files", b""),
            ("GET", f"/m/{name}/diff", b""),
        ):
            status, answer = raw(house, method, path, body)
            assert status in (400, 404), (method, path)
            assert b"workflow_id" not in answer and b"root:" not in answer and b"\r\nSet-Cookie" not in answer


def test_what_is_no_plain_file_is_said_and_never_opened(mission: Gated, house: Served, clean_environment: Path) -> None:
    artifacts = mission.folder / "artifacts"
    key = clean_environment / "id_rsa"
    key.write_text("the person's own key")
    (artifacts / "link.md").symlink_to(key)
    os.mkfifo(artifacts / "pipe.md")
    (artifacts / "huge.md").write_bytes(b"x" * 3_000_000)
    (artifacts / "picture.md").write_bytes(b"\x89PNG\0")
    for name, words in (("link.md", "a link"), ("pipe.md", "a pipe")):
        page = house.client.get(f"/m/{mission.id}/files/{name}").text
        assert "This is not opened" in page and words in page and "Download" not in page
        assert house.client.get(f"/api/missions/{mission.id}/files/{name}").status_code == 409
    assert "too long to show" in house.client.get(f"/m/{mission.id}/files/huge.md").text
    assert len(house.client.get(f"/api/missions/{mission.id}/files/huge.md").content) == 3_000_000
    assert "This is no text" in house.client.get(f"/m/{mission.id}/files/picture.md").text


def test_a_download_is_a_download_whatever_it_holds(mission: Gated, house: Served) -> None:
    name = 'a"b<script>;é.html'
    mission.write(name, "<script>alert(1)</script>")
    answer = house.client.get(f"/api/missions/{mission.id}/files/{quote(name)}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    assert answer.headers["x-content-type-options"] == "nosniff"
    tag = answer.headers["etag"]
    assert tag == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    assert house.client.get(answer.url, headers={"If-None-Match": tag}).status_code == 304


def test_names_and_texts_of_agents_are_text_on_the_page(mission: Gated, house: Served) -> None:
    evil = "<img src=x onerror=alert(1)>"
    mission.write(f"{evil}.md", f"# {evil}\n<script>alert(1)</script>\n[x](javascript:alert(1))")
    mission.write("x.txt", f"{evil}\u202e")
    (mission.folder / "artifacts" / os.fsdecode(b"caf\xe9\x1b.md")).write_text("x")
    for name in (quote(f"{evil}.md"), "x.txt"):
        page = house.client.get(f"/m/{mission.id}/files/{name}").text
        assert "<img" not in page and "<script>alert" not in page and 'href="javascript' not in page
        assert "\u202e" not in page and "\x1b" not in page


def test_a_version_is_put_back_and_nothing_is_overwritten_unseen(mission: Gated, house: Served) -> None:
    at = f"/api/missions/{mission.id}"
    old = house.client.get(f"{at}/files/plan.md").headers["etag"].strip('"')
    put = {"content": "mine\n", "expected": old}
    assert house.client.put(f"{at}/artifacts/plan.md", json=put).status_code == 200
    assert house.client.put(f"{at}/artifacts/plan.md", json=put | {"content": "late\n"}).status_code == 409
    restore = f"{at}/files/plan.md/versions/1/restore"
    assert house.client.post(restore, json={"expected": old}).status_code == 409
    now = house.client.get(f"{at}/files/plan.md").headers["etag"].strip('"')
    assert house.client.post(restore, json={"expected": now}).json()["data"]["number"] == 3
    assert house.client.get(f"{at}/files/plan.md").text == "the plan\n"
    versions = house.client.get(f"{at}/files/plan.md/versions").json()["data"]
    assert [(each["number"], each["run_id"]) for each in versions] == [(1, "r-1"), (2, None), (3, None)]
    assert house.client.get(f"{at}/files/plan.md/versions/2").text == "mine\n"
    (plan,) = (each for each in house.client.get(f"{at}/files").json()["data"] if each["name"] == "plan.md")
    assert (plan["versions"], plan["reviewed_at"]) == (3, ["review-plan"])
    assert "the plan" in house.client.get(f"/m/{mission.id}/files").text  # what waits for a person
