"""What a task is called when nobody names it, and what the missions of several agents are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from scopecraft.errors import BadInput
from scopecraft.sessions.ground import type_of
from scopecraft.sessions.request import FromBranch, FromPullRequest, FromWorktree, StartFrom, StartRequest, own_task
from scopecraft.sessions.siblings import sibling_names


@pytest.mark.parametrize(
    ("start", "task"),
    [
        (FromBranch("fix/login"), "login"),
        (FromBranch("login"), "login"),
        (FromBranch("origin/fix/login"), "login"),
        (FromPullRequest(7), "pr-7"),
        (FromWorktree(Path("/work/shop-login")), "shop-login"),
    ],
)
def test_a_task_is_called_after_what_it_takes_up(start: StartFrom, task: str) -> None:
    assert own_task(start) == task


@pytest.mark.parametrize(
    ("branch", "type_"),
    [("fix/login", "fix"), ("origin/hotfix/x", "hotfix"), ("login", "feature"), ("x/fix", "feature")],
)
def test_the_type_is_what_the_branch_says(branch: str, type_: str) -> None:
    request = StartRequest("x", None, Path(), start_from=FromBranch(branch))
    assert type_of(request) == type_
    assert type_of(StartRequest("x", None, Path(), start_from=FromBranch(branch), type="enhance")) == "enhance"


@pytest.mark.parametrize(
    ("task", "agents", "names"),
    [
        ("fix", ("claude", "codex"), ("fix-claude", "fix-codex")),
        ("fix", ("claude", "codex", "claude"), ("fix-claude", "fix-codex", "fix-claude-2")),
        ("fix", ("Claude", "claude"), ("fix-claude", "fix-claude-2")),
        ("auth-05A", ("a", "b"), ("auth-05A-a", "auth-05A-b")),
        ("fix", ("my agent", "..."), ("fix-my-agent", "fix-agent")),
    ],
)
def test_siblings_are_called_after_their_agents(task: str, agents: tuple[str, ...], names: tuple[str, ...]) -> None:
    assert sibling_names(task, agents) == names


def test_names_that_would_be_cut_to_the_same_one_are_refused() -> None:
    with pytest.raises(BadInput, match="too long"):
        sibling_names("x" * 78, ("claude", "codex"))
