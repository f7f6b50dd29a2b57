"""What of the command line of `sc run` is the task, and what goes to the agent."""

from __future__ import annotations

import click
import pytest

from scopecraft.cli.dispatch import dispatch
from scopecraft.cli.run import run
from scopecraft.cli.start_from import agents_of
from scopecraft.errors import BadInput


@pytest.mark.parametrize("command", [run, dispatch], ids=["run", "dispatch"])
@pytest.mark.parametrize(
    ("line", "task", "arguments"),
    [
        ("fix", "fix", ()),
        ("fix -- a -b --pr 7", "fix", ("a", "-b", "--pr", "7")),
        ("fix a b", "fix", ("a", "b")),
        ("fix a -- b", "fix", ("a", "b")),
        ("--branch x", None, ()),
        ("--branch x -- a -b", None, ("a", "-b")),
        ("--pr 7 -- a", None, ("a",)),
        ("--worktree y fix -- a", "fix", ("a",)),
        ("-- -fix a", "-fix", ("a",)),
        ("fix -- a -- b", "fix", ("a", "--", "b")),
        ("--", None, ()),
        ("", None, ()),
    ],
)
def test_what_stands_behind_the_dashes_goes_to_the_agent(
    command: click.Command, line: str, task: str | None, arguments: tuple[str, ...]
) -> None:
    context = command.make_context("sc", line.split() or ["--"])
    assert (context.params["task"], context.params["arguments"]) == (task, arguments)


@pytest.mark.parametrize("text", ["", ",", "claude", "claude,", " , claude , "])
def test_one_agent_is_not_several(text: str) -> None:
    with pytest.raises(BadInput, match="several agents"):
        agents_of(text)


def test_spaces_around_the_names_of_agents_do_not_matter() -> None:
    assert agents_of(" claude , codex,claude ") == ("claude", "codex", "claude")
