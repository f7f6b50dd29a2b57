"""A window through a WebSocket, with real tmux: who writes, what arrives, what is left afterwards."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from scopecraft.config.paths import Home, home_of, make_home
from scopecraft.executors.pty_client import Size
from scopecraft.executors.window_viewer import window_size
from scopecraft.model.handle import Exited
from scopecraft.model.session import Queued
from scopecraft.state.store import Store
from tests.support.engine import unavailable
from tests.support.served import Served, served
from tests.support.sessions import AT
from tests.support.shown_windows import Watcher, Windows, watching
from tests.support.standing_missions import a_run, stand
from tests.support.tmux import tmux
from tests.support.wait import until

pytestmark = pytest.mark.tmux
ECHO = ["/bin/sh", "-c", 'stty -echo; echo ready; while read line; do echo "$line-$line"; done']
SIZES = ["/bin/sh", "-c", "trap 'stty size' WINCH; stty -echo; echo ready; while :; do read line; done"]


@pytest.fixture
def home() -> Home:
    found = home_of(os.environ)
    make_home(found)
    return found


@pytest.fixture
def windows(home: Home, clean_environment: Path) -> Iterator[Windows]:
    if shutil.which("tmux") is None:
        unavailable("tmux is not installed")
    found = Windows(home, clean_environment / "run")
    yield found
    found.close()


@pytest.fixture
def house(home: Home) -> Iterator[Served]:
    with served() as found:
        yield found


def take(watcher: Watcher, how: str = "take") -> None:
    watcher.say(control=how)
    watcher.until_told(control={"mine": True})


def clients(windows: Windows) -> list[int]:
    return [int(each) for each in tmux(windows.folder / "s", "list-clients", "-F", "#{client_pid}").split()]


def test_keys_go_nowhere_until_control_is_taken_and_then_to_the_agent(house: Served, windows: Windows) -> None:
    _, session, _ = windows.open(ECHO)
    with watching(house, session.id) as one:
        one.until_shown("ready")
        one.type("lost\r")
        take(one)
        one.type("grüße 漢字 🙂\r")
        one.until_shown("grüße 漢字 🙂-grüße 漢字 🙂")
        assert b"lost" not in one.screen
        one.say(control="give")
        one.until_told(control={"mine": False, "by": None})
        one.type("lost\r")
        with watching(house, session.id) as other:
            take(other)
            other.type("end\r")
            other.until_shown("end-end")
            assert b"lost" not in other.screen


def test_one_writes_at_a_time_and_whoever_leaves_gives_it_up(house: Served, windows: Windows) -> None:
    _, session, _ = windows.open(ECHO)
    with watching(house, session.id) as one, watching(house, session.id, name="other") as other:
        take(one)
        other.say(control="take")
        other.until_told(control={"mine": False, "by": "watcher", "watchers": 2})
        other.type("lost\r")
        take(other, "take-over")
        one.until_told(control={"mine": False, "by": "other"})
        one.type("lost\r")
        other.type("mine\r")
        one.until_shown("mine-mine")
        assert b"lost" not in other.screen + one.screen
        other.connection.close()
        one.until_told(control={"mine": False, "by": None, "watchers": 1})
        take(one)


def test_the_window_has_the_size_of_who_writes_and_of_nobody_else(house: Served, windows: Windows) -> None:
    _, session, handle = windows.open(SIZES)
    with watching(house, session.id) as one, watching(house, session.id) as other:
        one.say(size={"cols": 33, "rows": 11})
        one.until_shown("ready")
        assert window_size(handle) == Size(200, 50)
        one.say(size={"cols": 90, "rows": 30})
        take(one)
        one.until_shown("30 90")
        one.say(size={"cols": 101, "rows": 31})
        one.until_shown("31 101")
        other.until_shown("]0;101x31 0\x07")
        other.say(size={"cols": 20, "rows": 5})  # who looks on has no say
        one.say(control="give")
        one.until_told(control={"mine": False})
    until(lambda: not clients(windows))
    assert window_size(handle) == Size(101, 31)


def test_what_is_pasted_arrives_whole(house: Served, windows: Windows, tmp_path: Path) -> None:
    text = "".join(f"line {number} ä漢\n" for number in range(20_000)).encode()
    got = tmp_path / "got"
    _, session, _ = windows.open(
        ["/bin/sh", "-c", f"stty raw -echo; echo ready; head -c {len(text)} >{got}; echo done; read line"]
    )
    with watching(house, session.id) as one:
        take(one)
        one.until_shown("ready")
        for start in range(0, len(text), 65_536):  # in the middle of characters, too
            one.type(text[start : start + 65_536])
        one.until_shown("done")
    assert got.read_bytes() == text


def test_a_character_that_comes_in_two_pieces_is_one(house: Served, windows: Windows) -> None:
    _, session, handle = windows.open(ECHO)
    with watching(house, session.id) as one:
        take(one)
        one.until_shown("ready")
        for piece in ("a漢".encode()[:2], "a漢".encode()[2:] + b"\r"):
            one.type(piece)
            one.say(history=1)  # answered after it: tmux has had its time to drop a half
            while not any("history" in each for each in one.told):
                one.read()
            one.told.clear()
        one.until_shown("a漢-a漢")
    assert "a漢-a漢" in tmux(handle.socket, "capture-pane", "-p", "-t", handle.pane_id)


def test_a_window_that_ends_says_how_and_shows_its_last_screen(house: Served, windows: Windows) -> None:
    script = "echo ready; read line; echo last words; read line; exit 3"
    _, session, handle = windows.open(["/bin/sh", "-c", script])
    with watching(house, session.id) as one:
        one.until_shown("ready")
        take(one)
        one.type("\r")
        one.until_shown("last words")
        one.type("\r")
        until(lambda: isinstance(windows.executor.look(handle), Exited))
        with watching(house, session.id) as late:  # whoever comes finds it over, and settles it
            end = late.until_told(ended={"lives": False})
        assert "3" in end["sentence"]
        assert "last words" in end["screen"]
        assert one.until_told(ended={"lives": False})["sentence"] == end["sentence"]
        with pytest.raises(ConnectionClosed):
            one.read()


def test_a_viewer_that_was_sent_away_hears_that_the_agent_goes_on(house: Served, windows: Windows) -> None:
    _, session, _ = windows.open(ECHO)
    with watching(house, session.id) as one:
        one.until_shown("ready")
        for name in tmux(windows.folder / "s", "list-clients", "-F", "#{client_name}").splitlines():
            tmux(windows.folder / "s", "detach-client", "-t", name)
        assert one.until_told(ended={"lives": True})["screen"] == []


def test_sessions_that_have_no_window_say_so(house: Served, windows: Windows) -> None:
    with Store.open(windows.home.root) as store:
        alone = a_run(store, stand(windows.home, "alone"), "research", status=Queued(AT))
        soon = a_run(store, stand(windows.home, "soon"), "research", status=Queued(AT), executor="tmux")
    for session_id, words in (
        (alone.id, "works on its own, without a window"),
        (soon.id, "has no window yet: it is queued"),
        ("r-nobody", "no session is called r-nobody"),
    ):
        with watching(house, session_id) as one:
            one.read()
            assert words in one.told[0]["error"]["message"]
            assert one.told[0]["error"]["hint"]
            with pytest.raises(ConnectionClosed):
                one.read()


def test_what_scrolled_off_can_be_read_again(house: Served, windows: Windows) -> None:
    _, session, _ = windows.open(["/bin/sh", "-c", "seq 500; echo ready; read line"])
    with watching(house, session.id) as one:
        one.until_shown("ready")
        one.say(history=400)
        while not any("history" in each for each in one.told):
            one.read()
        [lines] = [each["history"] for each in one.told if "history" in each]
    assert lines[-1] == "ready"
    assert lines[:2] == ["102", "103"]


def test_nothing_stays_behind_whoever_leaves_however(house: Served, windows: Windows) -> None:
    _, session, _ = windows.open(ECHO)
    with watching(house, session.id) as one, watching(house, session.id) as other:
        one.until_shown("ready")
        other.until_shown("ready")
        pids = clients(windows)
        assert len(pids) == 2
        other.connection.socket.close()  # cut off
    until(lambda: not clients(windows))
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), what="collected")
    until(lambda: tmux(windows.folder / "s", "list-sessions", "-F", "#{session_name}") == "scopecraft")


def test_when_the_server_stops_its_viewers_are_gone(home: Home, windows: Windows) -> None:
    _, session, _ = windows.open(ECHO)
    with served() as house, watching(house, session.id) as one:
        one.until_shown("ready")
        [pid] = clients(windows)
    until(lambda: not Path(f"/proc/{pid}").exists())


def test_nonsense_is_refused_with_a_sentence(house: Served, windows: Windows) -> None:
    _, session, _ = windows.open(ECHO)
    with watching(house, session.id) as one:
        one.connection.send(json.dumps({"run": "ls"}))
        while not any("error" in each for each in one.told):
            one.read()
        with pytest.raises(ConnectionClosed):
            one.read()


def test_a_page_of_another_origin_sees_no_terminal(house: Served, windows: Windows) -> None:
    _, session, _ = windows.open(ECHO)
    with pytest.raises(InvalidStatus), watching(house, session.id, Origin="http://evil.example"):
        pass
    with pytest.raises(InvalidStatus), watching(house, session.id, Authorization="Bearer no"):
        pass
    assert clients(windows) == []
