"""`sc watch` on a real terminal: it follows, it fits, it gives the terminal back, and nothing holds it up."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from scopecraft.config.paths import Home
from scopecraft.model import clock
from scopecraft.model.session import Queued, Waiting, WaitingReason, handle_of
from scopecraft.state.store import Store
from tests.support.command_line import sc
from tests.support.screen import Screen, screen
from tests.support.sessions import a_session
from tests.support.tmux import server_pid, stopped
from tests.support.wait import until

pytestmark = pytest.mark.tmux
TALKER = ("--agent", "plain", "--", "sh", "-c", "echo here; exec cat")


@pytest.fixture
def home(workplace: Path) -> Home:
    return Home(Path(os.environ["SCOPECRAFT_HOME"]).resolve())


def dispatched(home: Home, folder: Path, task: str) -> str:
    said = sc("dispatch", task, *TALKER, cwd=folder)
    assert said.code == 0, said.err
    with Store.open(home.root) as store:
        return next(session.id for session in store.live() if session.task == task)


def wait_for_person(home: Home, session_id: str, reason: WaitingReason) -> None:
    with Store.open(home.root) as store:
        session = store.get(session_id)
        assert session is not None
        handle = handle_of(session.status)
        assert handle is not None
        at = clock.to_text(clock.now())
        store.move(session_id, Waiting(at, handle, at, reason), "session_waiting", at, data={"reason": reason})


def stand_in_line(home: Home, count: int) -> None:
    at = clock.to_text(clock.now())
    with Store.open(home.root) as store:
        for number in range(1, count + 1):
            store.queue.enqueue(a_session(task=f"job-{number}", status=Queued(at)), at, lambda *_: None)


def lines(person: Screen) -> list[str]:
    return person.ask("capture-pane", "-p", "-t", person.pane).splitlines()


def tasks(person: Screen) -> list[str]:
    words = [line.split()[0] for line in lines(person) if line.split()]
    return [word for word in words if word in ("one", "two") or word.startswith("job-")]


def flags(person: Screen) -> str:
    return person.ask("display-message", "-p", "-t", person.pane, "#{alternate_on} #{cursor_flag} #{wrap_flag}")


def resize(person: Screen, columns: int, rows: int) -> None:
    person.ask("resize-window", "-t", person.pane, "-x", str(columns), "-y", str(rows))


def test_it_follows_at_any_size_and_gives_the_terminal_back(
    home: Home, workplace: Path, clean_environment: Path
) -> None:
    dispatched(home, workplace, "one")
    two = dispatched(home, workplace, "two")
    with screen(clean_environment, workplace, columns=120, rows=30) as person:
        person.type("echo was-here; sc watch; echo code=$?")
        until(lambda: tasks(person) == ["one", "two"])
        wait_for_person(home, two, "permission")
        until(lambda: tasks(person) == ["two", "one"], what="what waits for a person to come first")
        assert lines(person)[0] == "1 waits for you · 1 works"
        stand_in_line(home, 12)
        until(lambda: tasks(person) == ["two", "one", *(f"job-{number}" for number in range(1, 13))])
        assert any(re.search(r"job-3 .*queued +\d+s .*3rd in line", line) for line in lines(person))
        for columns, rows, mark in ((80, 10, "… and 11 more"), (40, 12, "  permission")):
            resize(person, columns, rows)
            until(lambda mark=mark: mark in lines(person))  # type: ignore[misc]
            assert tasks(person)[:2] == ["two", "one"]
            assert lines(person)[0].startswith("1 waits for you · 1 works")
            assert any(line.startswith("q leaves") for line in lines(person)[-2:])
        assert flags(person) == "1 0 0"
        person.press("q")
        person.until(r"^code=0$")
        assert flags(person) == "0 1 1"
        assert "was-here" in person.text() and "queued" not in person.text()
        person.type("echo typed-$((1+1))")
        assert "echo typed-$((1+1))" in person.until(r"^typed-2$"), "what is typed is echoed again"


@pytest.mark.parametrize("key", ["TERM", "HUP", "C-c"])
def test_the_terminal_comes_back_however_it_ends(
    home: Home, workplace: Path, clean_environment: Path, key: str
) -> None:
    with screen(clean_environment, workplace) as person:
        person.type("sc watch & echo $! >pid; fg; echo code=$?")
        until(lambda: flags(person).startswith("1"))
        until(lambda: "nothing runs, and nothing waits" in "".join(lines(person)))
        if key == "C-c":
            person.press(key)
            person.until(r"^code=0$")
        else:
            pid = int((workplace / "pid").read_text())
            os.kill(pid, {"TERM": 15, "HUP": 1}[key])
            person.until(rf"^code={128 + {'TERM': 15, 'HUP': 1}[key]}$")
        assert flags(person) == "0 1 1"
        assert person.does("stty -a | grep -c -- ' echo '")[0].strip() == "1"


def test_a_tmux_that_hangs_shows_unknown_and_holds_nothing_up(
    home: Home, workplace: Path, clean_environment: Path
) -> None:
    dispatched(home, workplace, "one")
    [socket] = (clean_environment / "run").glob("scopecraft/*/tmux")
    with screen(clean_environment, workplace) as person:
        person.type("sc watch; echo code=$?")
        until(lambda: any("running" in line for line in lines(person)))
        with stopped(server_pid(socket)):
            until(lambda: any("unknown" in line for line in lines(person)), 15)
            began = time.monotonic()
            person.press("q")
            person.until(r"^code=0$")
            assert time.monotonic() - began < 1.5, "who leaves waits for nobody"


def test_without_a_terminal_it_prints_once(home: Home, workplace: Path) -> None:
    stand_in_line(home, 2)
    said = sc("watch")
    assert said.code == 0
    assert said.out.splitlines()[:2] == ["2 in line", "no supervisor is up to start what waits: sc up"]
    assert "\x1b" not in said.out
    assert "sc ls --json" in said.err
    assert sc("watch", "--once").err == ""
