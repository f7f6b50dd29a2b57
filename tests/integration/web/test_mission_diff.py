"""The diff of a mission's branch as a page: every kind of change, any size, and nothing of it runs."""

from __future__ import annotations

import html
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gated import Gated, gated
from tests.support.missions import Desk
from tests.support.repos import commit, git, make_repository
from tests.support.served import Served, served

EVIL = "<img src=x onerror=alert(1)>"
NO_CHANGES = (
    "part=committed&path=..%2F..%2Fetc%2Fpasswd",
    "part=committed&path=%2Fetc%2Fpasswd",
    "part=committed&path=:(exclude)x",
    "part=committed&path=*",
    "part=uncommitted&path=.git%2Fconfig",
    "part=committed&path=a%00b",
    "part=committed",
    "part=other&path=file-0.txt",
    "part=committed&path=--output%3D%2Ftmp%2Fx",
)


@pytest.fixture
def mission(clean_environment: Path) -> Gated:
    desk = Desk(make_repository(clean_environment / "shop"))
    desk.done("init")
    desk.done("link")
    return gated(desk)


@pytest.fixture
def house(mission: Gated) -> Iterator[Served]:
    with served() as found:
        yield found


def page(house: Served, mission: Gated, more: str = "") -> str:
    return house.client.get(f"/m/{mission.id}/diff{more}").text


def addresses(text: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r'data-lines="([^"]*)"', text)]


def test_every_kind_of_change_is_told(mission: Gated, house: Served) -> None:
    there = mission.worktree
    assert "Nothing has changed yet" in page(house, mission)
    git(there, "mv", "file-1.txt", "renamed.txt")
    git(there, "rm", "--quiet", "file-2.txt")
    (there / "file-0.txt").chmod(0o755)
    (there / "data.bin").write_bytes(b"\0\1")
    (there / "link").symlink_to("/etc/passwd")
    (there / f"{EVIL}.js".replace("/", "")).write_text(f"{EVIL}\n<script>alert(1)</script> \u202e\n")
    git(there, "add", "--all")
    git(there, "commit", "--quiet", "--message=all")
    (there / "package.json").write_text("{}\n")
    (there / os.fsdecode(b"caf\xe9.txt")).write_text("coffee\n")
    shown = page(house, mission)
    for words in ("file-1.txt →", "renamed", "deleted", "executable now", "binary", "a link", "Not committed"):
        assert words in shown, words
    assert "what runs on your machine" in shown and "installing or running the package" in shown
    assert "<img" not in shown and "<script>alert" not in shown and "\u202e" not in shown
    assert '<span class="odd">\\u202e</span>' in shown
    assert "/etc/passwd" in shown and "root:" not in shown  # where the link leads, and not what is there
    for address in addresses(shown):
        answer = house.client.get(address)
        assert answer.status_code == 200 and "newer than the list" not in answer.text, address
    strange = next(address for address in addresses(shown) if "caf%E9" in address)
    assert "coffee" in house.client.get(strange).text


def test_a_file_that_becomes_a_link_has_both_its_ends(mission: Gated, house: Served) -> None:
    (mission.worktree / "file-0.txt").unlink()
    (mission.worktree / "file-0.txt").symlink_to("file-1.txt")
    git(mission.worktree, "commit", "--quiet", "--all", "--message=link")
    commit(mission.worktree, "zz.txt", "last\n")
    shown = page(house, mission)
    assert "last" in shown  # the patches that come with the list are those of their files
    patch = house.client.get(addresses(shown)[0]).text
    assert "line of file 0" in patch and "file-1.txt" in patch


def test_a_long_file_is_cut_and_all_of_it_comes_when_asked_for(mission: Gated, house: Served) -> None:
    commit(mission.worktree, "long.txt", "".join(f"line {number}\n" for number in range(5000)) + "x" * 3_000_000)
    shown = page(house, mission)
    assert "line 7" not in shown
    (address,) = addresses(shown)
    cut, whole = house.client.get(address).text, house.client.get(f"{address}&all=1").text
    assert "line 1998" in cut and "line 2000" not in cut and "Show all of it" in cut
    assert "line 4999" in whole and "more bytes" in whole and len(whole) < 1_500_000


def test_what_has_moved_since_the_list_was_made_says_so(mission: Gated, house: Served) -> None:
    commit(mission.worktree, "a.txt", "first\n")
    (address,) = addresses(page(house, mission))
    commit(mission.worktree, "a.txt", "second\n")
    patch = house.client.get(address).text
    assert "newer than the list" in patch and "second" in patch
    git(mission.worktree, "rm", "--quiet", "a.txt")
    git(mission.worktree, "commit", "--quiet", "--message=gone")
    assert house.client.get(address).status_code == 404


def test_no_path_asks_for_anything_but_a_change(mission: Gated, house: Served) -> None:
    commit(mission.worktree, "a.txt", "first\n")
    for query in NO_CHANGES:
        answer = house.client.get(f"/m/{mission.id}/diff/file?{query}")
        assert answer.status_code in (400, 404), query
        assert "first" not in answer.text and "root:" not in answer.text


def test_three_thousand_files_are_a_list_at_first(mission: Gated, house: Served) -> None:
    for number in range(3000):
        (mission.worktree / f"f{number:04}.txt").write_text("x\n" * (number % 7 + 1))
    git(mission.worktree, "add", "--all")
    git(mission.worktree, "commit", "--quiet", "--message=many")
    began = time.monotonic()
    shown = page(house, mission)
    took = time.monotonic() - began
    assert "Show all 3,000 files" in shown and len(addresses(shown)) == 300
    assert len(shown) < 1_000_000 and took < 10
    assert len(addresses(page(house, mission, "?all=1"))) == 3000
