"""`.tasks` folders as repositories bring them: found by id, read with suspicion."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scopecraft.errors import Ambiguous, NotFound, Refused
from scopecraft.missions.task_files import TaskPlace, all_tasks, find_task, read_task

TEXT = "# Fix the login\n\n---\ntype: 🐛 Bug\nstatus: todo\narea: auth\n---\n\n## Instruction\nMend it.\n\n## Log\n"


@pytest.fixture
def checkout(clean_environment: Path) -> Path:
    folder = clean_environment / "shop"
    put(folder, "current/implement-auth-05A.task.md")
    put(folder, "backlog/auth/oauth-05B.task.md", TEXT.replace("bug", "feature"))
    put(folder, "current/_overview.md")
    put(folder, "current/checkout-06A/_overview.md", TEXT.replace("Fix the login", "The checkout"))
    put(folder, "current/checkout-06A/01_cart-06B.task.md")
    put(folder, "archive/2025-06/old-06C.task.md")
    put(folder, ".templates/feature.task.md")
    return folder


def put(checkout: Path, path: str, text: str = TEXT) -> Path:
    file = checkout / ".tasks" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_found_by_id_path_and_suffix(checkout: Path) -> None:
    names = ("implement-auth-05A", "current/implement-auth-05A", "05A", "implement-auth-05A.task.md")
    assert {find_task(checkout, name) for name in names} == {TaskPlace("current/implement-auth-05A.task.md")}
    part = TaskPlace("current/checkout-06A/01_cart-06B.task.md", parent="checkout-06A")
    assert find_task(checkout, "checkout-06A/01_cart-06B") == part == find_task(checkout, "06B")
    assert find_task(checkout, "checkout-06A") == TaskPlace("current/checkout-06A/_overview.md")
    for none in ("old-06C", "06C", "feature", "current", "another-05A", "", "..", "/"):
        assert find_task(checkout, none) is None
    assert [place.id for place in all_tasks(checkout)] == [
        "oauth-05B",
        "checkout-06A",
        "01_cart-06B",
        "implement-auth-05A",
    ]


def test_two_of_one_name_are_both_told(checkout: Path) -> None:
    put(checkout, "backlog/fix-05A.task.md")
    with pytest.raises(Ambiguous, match=r"backlog/fix-05A, current/implement-auth-05A"):
        find_task(checkout, "05A")
    put(checkout, "backlog/implement-auth-05A.task.md")
    with pytest.raises(Ambiguous):
        find_task(checkout, "implement-auth-05A")
    assert find_task(checkout, "current/implement-auth-05A") is not None


def test_what_a_task_says(checkout: Path) -> None:
    place = find_task(checkout, "06B")
    assert place is not None
    task = read_task(checkout, place)
    assert (task.title, task.type, task.status, task.owner) == ("Fix the login", "bugfix", "todo", "checkout-06A")
    assert task.prompt() == "# Fix the login\n\nMend it."
    put(checkout, "current/a-01A.task.md", "---\nparent: implement-auth-05A\n---\n## Tasks\n- [ ] x\n")
    task = read_task(checkout, TaskPlace("current/a-01A.task.md"))
    assert (task.title, task.owner) == ("a-01A", "implement-auth-05A")
    with pytest.raises(Refused, match="has no instruction"):
        task.prompt()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"---\ntype: [\n---\n", "front matter"),
        (b"---\na: &a [*a]\n---\n", "front matter"),
        (b"---\n!!python/object/apply:os.system [id]\n---\n", "front matter"),
        (b"---\n- list\n---\n", "front matter"),
        (b"---\nparent: ../../etc\n---\n", "parent"),
        (b"\xff\xfe", "UTF-8"),
        (b"a\0b", "NUL"),
        (b"x" * (1024**2 + 1), "longer"),
    ],
)
def test_odd_files_are_refused_in_one_sentence(checkout: Path, text: bytes, told: str) -> None:
    put(checkout, "current/odd-01A.task.md").write_bytes(text)
    with pytest.raises(Refused, match=told) as refused:
        read_task(checkout, TaskPlace("current/odd-01A.task.md"))
    assert "\n" not in refused.value.message


def test_links_and_pipes_are_neither_found_nor_read(checkout: Path) -> None:
    secret = put(checkout, "../outside-01A.task.md")
    here = checkout / ".tasks/current"
    (here / "link-01A.task.md").symlink_to(secret)
    (here / "folder").symlink_to(secret.parent)
    os.mkfifo(here / "pipe-01B.task.md")
    assert find_task(checkout, "link-01A") is None and find_task(checkout, "outside-01A") is None
    for path in ("current/link-01A.task.md", "current/pipe-01B.task.md", "current/folder/outside-01A.task.md"):
        with pytest.raises((Refused, NotFound)):
            read_task(checkout, TaskPlace(path))
    (checkout / ".tasks").rename(checkout / "elsewhere")
    (checkout / ".tasks").symlink_to(checkout / "elsewhere")
    assert find_task(checkout, "implement-auth-05A") is None


def test_a_deep_folder_ends(checkout: Path) -> None:
    put(checkout, "a/" * 40 + "deep-01A.task.md")
    assert find_task(checkout, "deep-01A") is None
