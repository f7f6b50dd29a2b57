"""`sc top` on a real terminal: it opens, it goes to a window and comes back, and it gives the terminal back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scopecraft.config.paths import Home
from tests.support.command_line import sc
from tests.support.screen import Screen, screen
from tests.support.standing_missions import stand
from tests.support.tmux import terminal
from tests.support.wait import until

pytestmark = pytest.mark.tmux
TALKER = "--agent plain -- sh -c 'echo here-I-am; exec cat'"


@pytest.fixture
def home(workplace: Path) -> Home:
    return Home(Path(os.environ["SCOPECRAFT_HOME"]).resolve())


def shown(person: Screen) -> str:
    return person.ask("capture-pane", "-p", "-t", person.pane)


def sees(person: Screen, *words: str) -> str:
    try:
        until(lambda: all(word in shown(person) for word in words), 30)
    except AssertionError:
        raise AssertionError(f"{words} did not come up; the screen shows:\n{shown(person)}") from None
    return shown(person)


def flags(person: Screen) -> str:
    return person.ask("display-message", "-p", "-t", person.pane, "#{alternate_on} #{cursor_flag} #{mouse_any_flag}")


def test_it_opens_goes_to_a_window_and_gives_the_terminal_back(
    home: Home, workplace: Path, clean_environment: Path
) -> None:
    stand(home, "fix-login", "research")
    editor = clean_environment / "editor"
    editor.write_text('#!/bin/sh\necho written in an editor >"$1"\n')
    editor.chmod(0o755)
    talker = ("--agent", "plain", "--", "sh", "-c", "echo here-I-am; exec cat")
    assert sc("dispatch", "talk", *talker, cwd=workplace).code == 0
    with screen(clean_environment, workplace, columns=80, rows=24) as person:
        person.type(f"export EDITOR={editor}; echo was-here; sc top; echo code=$?")
        sees(person, "Fix login", "waits for your review", "a approve")
        person.press("e")
        sees(person, "research.md is as you left it")
        person.press("a")
        sees(person, "written in an editor", "y yes")
        person.press("n")
        sees(person, "a approve")
        person.press("g", "s")
        sees(person, "talk", "Enter window")
        person.press("Enter")
        sees(person, "here-I-am", "leave, the agent goes on")
        person.press("C-b", "d")
        sees(person, "[Sessions 1]")
        person.ask("resize-window", "-t", person.pane, "-x", "60", "-y", "14")
        person.press("g", "m")
        sees(person, "Enter open")
        person.press("Enter")
        sees(person, "[1 Log]")
        person.press("q")
        person.until(r"^code=0$")
        assert flags(person) == "0 1 0"
        assert "was-here" in person.text() and "[1 Log]" not in person.text()
        person.type("echo typed-$((1+1))")
        assert "echo typed-$((1+1))" in person.until(r"^typed-2$"), "what is typed is echoed again"


def test_within_the_persons_own_tmux_the_client_switches_to_the_window(
    home: Home, workplace: Path, clean_environment: Path
) -> None:
    assert sc("config", "set", "tmux.server", "mine").code == 0
    with (
        screen(clean_environment, workplace, inside_tmux=True) as person,
        terminal(["tmux", "-S", str(person.socket), "attach"]),
    ):
        until(lambda: person.ask("list-clients"))
        assert person.does(f"sc dispatch talk {TALKER} </dev/null")[1] == 0
        person.type("sc top; echo code=$?")
        sees(person, "Enter open")
        person.press("g", "s")
        sees(person, "Enter window")
        person.press("Enter")
        until(lambda: "talk" in person.ask("list-clients", "-F", "#{window_name}"))
        assert "here-I-am" in person.ask("capture-pane", "-p", "-t", person.ask("list-clients", "-F", "#{pane_id}"))
        sees(person, "[Sessions 1]")
        person.press("q")
        person.until(r"^code=0$")


def test_without_a_terminal_it_says_what_there_is_instead(home: Home) -> None:
    said = sc("top")
    assert (said.code, said.out) == (3, "")
    assert "sc missions" in said.err and "textual" not in said.err


def test_the_terminal_comes_back_when_it_is_told_to_end(home: Home, workplace: Path, clean_environment: Path) -> None:
    with screen(clean_environment, workplace) as person:
        person.type("sc top & echo $! >pid; fg; echo code=$?")
        sees(person, "no mission yet")
        os.kill(int((workplace / "pid").read_text()), 15)
        person.until(r"^code=143$")
        assert flags(person) == "0 1 0"
        assert person.does("stty -a | grep -c -- ' echo '")[0].strip() == "1"
