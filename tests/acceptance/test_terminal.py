"""What a person sees and types at a real terminal."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from tests.support.command_line import sc
from tests.support.screen import Screen, screen
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.tmux]

OFFER = r"\(l\)eave it running, \(s\)top it, or \(f\)ollow on\?"
HOSTILE = r"\033]52;c;c3RvbGVu\007\033]0;stolen\007\033]2;stolen\033\\\033[2J\033[Hgone\033[?1049h\0338"
AGENTS = {
    "ticker": "i=0; while :; do i=$((i+1)); echo tick $i.; sleep 0.1; done",
    "talker": "echo I am $SCOPECRAFT_SESSION; exec cat",
    "hostile": f"printf 'before\\n{HOSTILE}after\\n'; printf '{HOSTILE}' >&2; exit 3",
    "lingering": f"printf 'before\\n{HOSTILE}after\\n'; exec cat",
    "dying": "date +%s.%N >died; echo no such luck; echo not at all >&2; exit 7",
}


@pytest.fixture
def shop(workplace: Path, agent_image: str) -> Path:
    """The linked repository, and some agents that are plain commands."""
    text = ""
    for name, script in AGENTS.items():
        command = json.dumps(["/bin/sh", "-c", script])
        text += f'[agents.{name}]\ndialect = "plain"\ncommand = {command}\n'
    (Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml").write_text(text)
    return workplace


@pytest.fixture
def person(shop: Path, clean_environment: Path) -> Iterator[Screen]:
    with screen(clean_environment, shop) as found:
        yield found


def rows(shop: Path) -> dict[str, dict[str, Any]]:
    """Every session by its task."""
    return {row["task"]: row for row in json.loads(sc("ls", "--all", "--json", cwd=shop).out)}


def ticks(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"tick (\d+)\.", text)]


def is_counted_on(numbers: list[int]) -> bool:
    """One after the other, none missing and none twice."""
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_ctrl_c_leaves_it_running_and_attach_goes_back_to_its_log(shop: Path, person: Screen) -> None:
    person.type("sc run job --agent ticker; echo code=$?")
    person.until(r"tick 3\.")
    person.press("C-c")
    person.until(OFFER)
    person.press("Enter")
    shown = person.until(r"^code=130$")
    assert "job goes on; follow it: sc attach job   end it: sc stop job" in shown
    assert is_counted_on(ticks(shown))
    assert rows(shop)["job"]["state"] == "running"

    latest = ticks(shown)[-1]
    person.type("clear; sc attach; echo left=$?")
    shown = person.until(rf"tick {latest + 5}\.")
    assert not re.search(r"^\d\d:\d\d:\d\d tick 1\.$", shown, re.MULTILINE), "the time of an old line is not known"
    person.press("C-c")
    person.until(OFFER)
    person.press("C-c")  # once more: nothing is stopped by impatience
    person.until(r"^left=0$")
    assert rows(shop)["job"]["state"] == "running"


def test_ctrl_c_follows_on_where_it_was_and_stops(shop: Path, person: Screen) -> None:
    person.type("sc run job --agent ticker; echo code=$?")
    person.until(r"tick 3\.")
    person.press("C-c")
    person.until(OFFER)
    person.type("perhaps")
    person.until(r"please type one of: leave, stop, follow")
    person.type("f")
    latest = ticks(person.text())[-1]
    person.until(rf"tick {latest + 10}\.")
    person.press("C-c")
    person.until(rf"(?s){OFFER}.*{OFFER}.*{OFFER}")
    person.type("stop")
    shown = person.until(r"^code=1$")
    assert "job: stopped by sc stop" in shown
    assert is_counted_on(ticks(shown))
    outcome = rows(shop)["job"]["status"]["outcome"]
    assert outcome["kind"] == "killed"
    log = ticks(sc("logs", "job", cwd=shop).out)
    assert is_counted_on(log) and log[0] == 1


def test_without_a_name_one_chooses_from_what_is_alive(shop: Path, person: Screen) -> None:
    shown, code = person.does("sc attach")
    assert (code, "nothing is alive" in shown) == (3, True)
    for task in ("one", "two", "three"):
        assert sc("dispatch", task, "--agent", "talker", cwd=shop).code == 0
    shown, code = person.does("sc attach </dev/null")
    assert (code, "which session?" in shown) == (2, True)

    person.type("clear; sc attach; echo code=$?")
    shown = person.until(r"^which one\? \[1-3\]")
    [number] = re.findall(r"(?m)^(\d)  r-\w+ +two ", shown)
    person.type("7")
    person.until("please type a number from 1 to 3")
    person.type(number)
    person.until(f"I am {rows(shop)['two']['id']}")
    person.type("hello")
    person.until("(?s)hello.*hello")  # typed, and said by the agent
    person.press("C-b", "d")
    person.until(r"^code=0$")
    assert {row["state"] for row in rows(shop).values()} == {"running"}

    person.type("clear; sc attach; echo code=$?")
    person.until(r"^which one\?")
    person.press("Enter")
    person.until(r"^code=130$")


def test_from_inside_tmux_the_window_opens_in_a_window_there(shop: Path, clean_environment: Path) -> None:
    with screen(clean_environment, shop, inside_tmux=True) as person:
        person.type("sc dispatch one --agent talker --attach; echo code=$?")
        person.until(r"^code=0$")
        until(lambda: len(person.panes()) == 2)
        [inner] = [pane for pane in person.panes() if pane != person.pane]
        shown = person.until(f"I am {rows(shop)['one']['id']}", pane=inner)
        person.until(r"C-b \(twice if your own is the same\), d: leave", pane=inner)
        assert "one" in person.ask("list-windows", "-F", "#{window_name}").splitlines(), shown
        person.press("C-b", "d", pane=inner)
        until(lambda: person.panes() == [person.pane])
    assert rows(shop)["one"]["state"] == "running"


def test_an_agent_that_dies_at_once_is_told_within_two_seconds(shop: Path, person: Screen) -> None:
    shown, code = person.does("sc dispatch one --agent dying --attach; c=$?; date +told=%s.%N; (exit $c)")
    assert code == 1
    assert "error: the agent ended at once with exit code 7:" in shown
    assert "no such luck" in shown and "not at all" in shown
    assert "sc show r-" in shown
    [told] = re.findall(r"told=([\d.]+)", shown)
    died = float((Path(rows(shop)["one"]["worktree"]) / "died").read_text())
    assert float(told) - died < 2
    assert rows(shop)["one"]["status"]["outcome"]["kind"] == "failed"
    seen, code = person.does("sc show one")
    assert (code, "no such luck" in seen) == (0, True)


@pytest.mark.parametrize("columns", [40, 60, 80, 200])
def test_the_list_fits_the_terminal(shop: Path, clean_environment: Path, columns: int) -> None:
    tasks = ("a", "mend-the-login-page-that-forgets-its-name", "修复登录页面的问题让它记住名字", "страница-входа")
    for task in tasks:
        assert sc("dispatch", task, "--agent", "dying", cwd=shop).code == 1
    with screen(clean_environment, shop, columns=columns) as person:
        shown, code = person.does("sc ls")
    lines = shown.rstrip("\n").split("\n")
    assert (code, len(lines)) == (0, 5), shown
    assert max(cell_len(line) for line in lines) <= columns
    assert "STATE" in lines[0] and all("failed" in line for line in lines[1:])
    assert "DETAIL" in lines[0]
    assert "PROJECT" in lines[0] or columns < 100


def test_colours_are_for_terminals_that_want_them(shop: Path, person: Screen) -> None:
    assert sc("dispatch", "one", "--agent", "dying", cwd=shop).code == 1

    def coloured(line: str) -> str:
        person.does(line)
        return person.text(colours=True).rpartition("begin-")[2]  # what this line showed, not those before it

    assert "\x1b[31m" in coloured("sc ls")
    for line in ("NO_COLOR=1 sc ls; NO_COLOR=1 sc show one", "sc ls | cat; sc show one | cat"):
        shown = coloured(line)
        assert "failed" in shown
        assert "\x1b[3" not in shown


@pytest.fixture
def canary(person: Screen) -> Screen:
    """A terminal whose clipboard and title a program could change, and that shows whether one did."""
    person.ask("set-buffer", "canary")
    person.ask("select-pane", "-t", person.pane, "-T", "canary")
    return person


def is_untouched(canary: Screen) -> bool:
    facts = canary.ask("display-message", "-p", "-t", canary.pane, "#{pane_title}|#{alternate_on}|#{buffer_sample}")
    return facts == "canary|0|canary"


def test_the_canary_sings(canary: Screen) -> None:
    assert is_untouched(canary)
    canary.type(f"printf '{HOSTILE}'")
    until(lambda: not is_untouched(canary))
    assert canary.ask("show-buffer") == "stolen"


def squeezed(text: str) -> str:
    """Without the places where a line was wrapped."""
    return "".join(text.split())


def test_what_an_agent_writes_never_steers_the_terminal(shop: Path, canary: Screen) -> None:
    shown, code = canary.does("sc run bad --agent hostile")
    assert code == 1
    assert all(word in squeezed(shown) for word in ("before", "gone", "after"))
    assert is_untouched(canary)
    for command in (
        "sc ls",
        "sc show bad",
        "sc logs bad",
        "sc logs bad --raw",
        "sc logs bad --stderr",
        "sc logs bad -f",
    ):
        shown, code = canary.does(command)
        assert (code, is_untouched(canary)) == (0, True), command
        assert "gone" in squeezed(shown) or command == "sc ls", command
    shown, code = canary.does("sc dispatch worse --agent hostile")
    assert (code, "before" in squeezed(shown), is_untouched(canary)) == (1, True, True)
    for command in ("sc ls", "sc show worse"):
        canary.does(command)
        assert is_untouched(canary), command


def test_what_an_agent_writes_in_its_window_stays_in_its_window(shop: Path, canary: Screen) -> None:
    assert sc("dispatch", "bad", "--agent", "lingering", cwd=shop).code == 0
    canary.type("sc attach bad; echo code=$?")
    canary.until("leave, the agent goes on")
    canary.type("still here")
    canary.until("(?s)still here.*still here")
    assert canary.ask("show-buffer") == "canary"
    assert "stolen" not in canary.ask("display-message", "-p", "-t", canary.pane, "#{pane_title}")
    canary.press("C-b", "d")
    canary.until(r"^code=0$")
    assert canary.ask("show-buffer") == "canary"
