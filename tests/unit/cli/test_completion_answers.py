"""What Tab offers, where nothing has to be read; and the table that it knows commands from is up to date."""

from __future__ import annotations

import pytest

from scopecraft.cli.commands import COMMANDS
from scopecraft.cli.completing import answers
from scopecraft.cli.completion_table import SETTINGS
from tests.support import completion_table
from tests.support.documents import ROOT

NO_HOME = {"SCOPECRAFT_HOME": "/nonexistent"}


def offered(*words: str) -> list[str]:
    """The last word is the one with the cursor."""
    return [word for _, word, _ in answers(words[:-1], words[-1], NO_HOME)]


def test_the_table_is_what_the_commands_say() -> None:
    page = completion_table.TABLE
    made = completion_table.table()
    assert (ROOT / page).read_text(encoding="utf-8") == made, f"python -m tests.support.completion_table >{page}"


def test_it_was_judged_for_every_argument_what_may_stand_there() -> None:
    unjudged = [
        f"{name}: {parameter.name}"
        for name, command, _ in completion_table.commands()
        for parameter in command.params
        if not completion_table.kind_of(name, parameter) and parameter.param_type_name == "argument"
    ]
    assert unjudged == []


def test_commands_come_first() -> None:
    assert set(offered("")) == set(COMMANDS)
    assert offered("sto") == ["stop"]
    assert "set" in offered("config", "")
    assert offered("config", "un") == ["unset", "untrust"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("run", "--deta"), ["--detach"]),
        (("run", "-d", "--deta"), []),
        (("run", "--set", "container.cpus=1", "--se"), ["--set"]),
        (("run", "--type", "fi"), ["fix"]),
        (("run", "--type=fi"), ["--type=fix"]),
        (("run", "--type", "=", "fi"), ["fix"]),
        (("run", "--agent", "pla"), ["plain"]),
        (("run", "--agents", "claude,pla"), ["claude,plain"]),
        (("run", "--message", "--deta"), []),
        (("run", "x", "--", "--deta"), [""]),
        (("-v", "ls", "--al"), ["--all"]),
        (("ls", "--all", ""), []),
        (("completion", "z"), ["zsh"]),
        (("config", "get", "trash.k"), ["trash.keep"]),
        (("run", "--set", "trash.k"), ["trash.keep="]),
        (("run", "--set", "ag"), ["agents."]),
        (("run", "--set", "agents.plain.mod"), ["agents.plain.model="]),
        (("config", "set", "agents.mine.x", ""), []),
        (("workflow", "show", "one"), ["oneshot"]),
        (("mission", "new", "--workflow", "standard"), ["standard-feature"]),
        (("nonsense", "x", ""), []),
        (("path", ""), []),
        (("path", "--nonsense", ""), []),
    ],
)
def test_what_may_stand_there_is_offered_and_nothing_else(words: tuple[str, ...], expected: list[str]) -> None:
    assert offered(*words) == expected


def test_files_are_left_to_the_shell() -> None:
    assert answers(["run", "-f"], "", NO_HOME) == [("file", "", "")]
    assert answers(["link"], "", NO_HOME)[0][0] in ("file", "folder")


def test_every_setting_is_offered() -> None:
    keys = offered("config", "get", "")
    assert set(keys) >= {key for key in SETTINGS if not key.startswith("agents.")}
