"""A shell in a mission's container at a real terminal: keys, sizes, colours, the way out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from scopecraft.config.paths import Home
from tests.support.command_line import sc
from tests.support.screen import Screen, screen
from tests.support.wait import until


@pytest.fixture
def person(workplace: Path, engine: DockerClient, agent_image: str) -> Iterator[Screen]:
    with screen(workplace.parent, workplace) as screen_of_a_person:
        yield screen_of_a_person


def begin_shell(person: Screen) -> None:
    person.type("sc run look --shell; echo code=$?")
    person.until(r"you are in .*/look")
    person.type("PS1='inside> '")
    person.until(r"^inside> ?$")


def test_a_shell_is_the_persons_own_until_they_leave_it(person: Screen) -> None:
    begin_shell(person)
    person.type("tty -s && stty size && echo $TERM; echo over-$(id -u)-there")
    shown = person.until(r"^over-\d+-there$")
    assert "\n40 100\n" in shown
    person.ask("resize-window", "-t", person.pane, "-x", "71", "-y", "23")
    person.type("stty size; echo sized")
    person.until(r"^23 71\n(.*\n)*sized$")
    person.type("sleep 600; echo not-reached")
    person.until(r"sleep 600")
    person.press("C-c")
    person.until(r"\^C\ninside> ?$")
    person.press("C-p")  # the line before, and not the engine's way to go away
    person.until(r"inside> sleep 600")
    person.press("C-u")
    person.type("git commit -q --allow-empty -m by-hand; exit 9")
    shown = person.until(r"^code=9$")
    assert "commits taken to the branch: 1" in shown
    assert "not-reached" not in shown.replace("echo not-reached", "")
    # the terminal is as it was: what is typed is shown, lines begin at the left
    text, code = person.does("echo back")
    assert (text, code) == ("back\n", 0)


def test_a_command_at_a_terminal_has_it_and_one_in_a_pipe_has_not(person: Screen) -> None:
    begin_shell(person)
    person.type("exit")
    person.until(r"^code=0$")
    assert person.does("sc exec look tty -s")[1] == 0
    assert person.does("sc exec -T look tty -s")[1] == 1
    assert person.does("sc exec look sh -c 'test -t 0 || echo piped' | cat") == ("piped\n", 0)
    assert person.does("sc exec look sh -c 'exit 42'")[1] == 42


def test_a_terminal_that_is_closed_takes_its_visit_along(person: Screen, workplace: Path, engine: DockerClient) -> None:
    begin_shell(person)
    person.type("sleep 600")
    person.until(r"inside> sleep 600")
    person.ask("kill-pane", "-t", person.pane)

    home = Home(Path(os.environ["SCOPECRAFT_HOME"]).resolve())

    def is_over() -> bool:
        labels = [f"scopecraft.home={home.label}"]
        return not engine.containers.list(all=True, ignore_removed=True, filters={"label": labels})

    until(is_over, 60, every=0.2, what="the visit to end with its terminal")
    assert " 129" in sc("ls", "--all", cwd=workplace).out
