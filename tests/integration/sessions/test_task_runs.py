"""Tasks of `.tasks` carried out: their text is the prompt, and their file hears what became of it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from scopecraft.missions.task_files import TaskPlace
from scopecraft.missions.task_writing import change_task
from tests.support.played import COMMIT, Shop, kill_once
from tests.support.repos import git
from tests.support.supervisors import running_supervisor
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image]

TEXT = """\
# Fix the login

---
type: feature
status: todo
area: auth
---

## Instruction
Mend the login.

## Tasks
- [ ] look

## Deliverable

## Log
- 2025-06-04: created

## Notes
mine
"""


def put(shop: Shop, path: str, text: str = TEXT) -> Path:
    file = shop.folder / ".tasks" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def run(shop: Shop, name: str, script: str, *options: str) -> None:
    said = shop.sc("run", name, "--agent", "plain", *options, "--", "sh", "-c", script)
    assert said.code in (0, 1), said.err


def entries(file: Path) -> list[str]:
    """Of its Log, without times and ids."""
    found = re.findall(r"^- \d{4}-\d\d-\d\d \d\d:\d\d: (.*)$", file.read_text(), re.MULTILINE)
    return [re.sub(r" r-\S+:", ":", entry) for entry in found]


def without_log(file: Path) -> str:
    return re.sub(r"^- \d{4}-\d\d-\d\d \d\d:\d\d: .*\n", "", file.read_text(), flags=re.MULTILINE)


def test_a_task_by_its_id_and_its_file_hears_of_it(shop: Shop) -> None:
    file = put(shop, "current/implement-auth-05A.task.md")
    other = put(shop, "backlog/search-05A.task.md", TEXT.replace("type: feature", "type: bug").replace("\n", "\r\n"))
    run(shop, "implement-auth-05A", COMMIT)
    mission = shop.mission("implement-auth-05A")
    assert (mission["branch"], mission["title"]) == ("feature/implement-auth-05A", "Fix the login")
    (raw,) = shop.home.missions_active.glob("*--implement-auth-05A/artifacts/raw-input.md")
    assert raw.read_text() == "# Fix the login\n\nMend the login.\n\n## Tasks\n\n- [ ] look"
    assert entries(file) == ["started: plain in a container", "ended: completed; 1 commit"]
    assert without_log(file) == TEXT.replace("status: todo", "status: reviewing")

    # the same suffix, and another task all the same; what is said beside it stands behind its text
    run(shop, "search-05A", "exit 3", "-m", "and quickly")
    mission = shop.mission("search-05A")
    assert (mission["branch"], mission["type"]) == ("bugfix/search-05A", "bugfix")
    (raw,) = shop.home.missions_active.glob("*--search-05A/artifacts/raw-input.md")
    assert raw.read_text().endswith("- [ ] look\n\nand quickly")
    told = other.read_bytes().decode()
    assert "status: blocked\r\n" in told and told.count("\r\n") == told.count("\n")
    assert re.search(r": ended r-\S+: failed: .*code 3.*; 0 commits\r\n\r\n## Notes", told)

    # again, from the file as it is now
    file.write_text(file.read_text().replace("Mend the login", "Mend it better"))
    run(shop, "implement-auth-05A", "true")
    assert entries(file)[2:] == ["started: plain in a container", "ended: completed; 0 commits"]
    assert len(shop.sessions()) == 3

    # complete, and archived with its mission
    for command in (("mission", "complete"), ("archive",)):
        said = shop.sc(*command, "search-05A")
        assert said.code == 0, said.err
        assert command == ("archive",) or "status: done" in other.read_text()
    (moved,) = (shop.folder / ".tasks/archive").glob("????-??/search-05A.task.md")
    assert moved.read_bytes().decode() == told.replace("status: blocked", "status: done")
    assert not other.exists()


def test_a_task_that_waits_in_line_begins_as_its_file_said(shop: Shop) -> None:
    file = put(shop, "current/implement-auth-05A.task.md")
    command = ("--agent", "plain", "--", "sh", "-c", COMMIT)
    said = shop.sc("queue", "add", "05A", *command)
    assert said.code == 0 and ".tasks/current/implement-auth-05A.task.md" in said.err, said.err
    assert file.read_text() == TEXT
    with running_supervisor():
        until(lambda: "ended" in file.read_text(), 60, what="the task's file to be told")
    assert entries(file) == ["started: plain in a container", "ended: completed; 1 commit"]
    assert shop.mission("implement-auth-05A")["title"] == "Fix the login"

    # its name is its id, also where it is removed and comes back
    assert shop.sc("rm", "implement-auth-05A", "--yes").code == 0
    assert shop.sc("restore", "implement-auth-05A").code == 0
    assert shop.mission("implement-auth-05A")["branch"] == "feature/implement-auth-05A"


def test_a_part_works_where_the_whole_does(shop: Shop) -> None:
    put(shop, "current/checkout-06A/_overview.md", TEXT.replace("Fix the login", "The checkout"))
    first = put(shop, "current/checkout-06A/01_cart-06B.task.md")
    second = put(shop, "current/checkout-06A/02_pay-06C.task.md", TEXT.replace("todo", "done"))
    run(shop, "01_cart-06B", COMMIT)
    run(shop, "06C", COMMIT)
    assert shop.mission("checkout-06A")["title"] == "The checkout"
    assert len(shop.commits("feature/checkout-06A")) == 2
    assert [len(entries(file)) for file in (first, second)] == [2, 2]
    assert git(shop.folder, "branch", "--format=%(refname:short)").split() == ["feature/checkout-06A", "main"]

    # the folder goes when all of its parts are done
    assert shop.sc("mission", "complete", "checkout-06A").code == 0
    said = shop.sc("archive", "checkout-06A")
    assert "not done are 01_cart-06B" in said.err and first.exists()
    first.write_text(first.read_text().replace("reviewing", "done"))
    shutil.rmtree(next(shop.folder.glob(".tasks/archive/m-*")))
    assert shop.sc("archive", "checkout-06A").code == 0
    assert not first.parent.exists()
    assert len(list(shop.folder.glob(".tasks/archive/????-??/checkout-06A/*.md"))) == 3


def test_whoever_is_killed_settling_it_tells_it_once(shop: Shop) -> None:
    file = put(shop, "current/implement-auth-05A.task.md")
    command = ("--agent", "plain", "--detach", "--", "sh", "-c", "true")
    session_id = shop.sc("run", "implement-auth-05A", *command).out.strip()
    shop.wait_over(session_id)
    # between its line and the record that it is over
    settling = shop.begin("ls")
    kill_once(settling, lambda: "ended" in file.read_text())
    assert shop.outcome("implement-auth-05A")["kind"] == "completed"
    assert entries(file) == ["started: plain in a container", "ended: completed; 0 commits"]
    assert not list(file.parent.glob(".*"))


def test_what_a_person_writes_meanwhile_is_kept(clean_environment: Path) -> None:
    folder = clean_environment / ".tasks"
    folder.mkdir()
    file = folder / "a-01A.task.md"
    file.write_text("one\n")
    file.chmod(0o640)
    tries = []

    def change(text: str) -> str:
        tries.append(text)
        if len(tries) == 1:  # saved by the person between our reading and our writing
            file.write_text("two\n")
        return text + "ours\n"

    assert change_task(clean_environment, TaskPlace("a-01A.task.md"), change)
    assert (file.read_text(), tries) == ("two\nours\n", ["one\n", "two\n"])
    assert file.stat().st_mode & 0o777 == 0o640
    assert not change_task(clean_environment, TaskPlace("a-01A.task.md"), lambda text: text)
    assert [entry.name for entry in folder.iterdir()] == ["a-01A.task.md"]


def test_a_file_that_became_a_link_is_an_alert_and_no_more(shop: Shop) -> None:
    file = put(shop, "current/implement-auth-05A.task.md")
    target = shop.folder / "README.md"
    target.write_text(TEXT)
    command = ("--agent", "plain", "--detach", "--", "sh", "-c", "true")
    session_id = shop.sc("run", "implement-auth-05A", *command).out.strip()
    file.unlink()
    file.symlink_to(target)
    shop.wait_over(session_id)
    assert shop.outcome("implement-auth-05A")["kind"] == "completed"
    assert "task_untold" in shop.alerts(session_id)
    assert target.read_text() == TEXT
