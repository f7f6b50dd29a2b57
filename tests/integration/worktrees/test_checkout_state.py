from __future__ import annotations

from pathlib import Path

import pytest

from scopecraft.worktrees.checkout import CheckoutState, refusal, state_of
from scopecraft.worktrees.repository import open_repository, resolve_base
from scopecraft.worktrees.worktree import Created, CreateRequest, create
from tests.support.repos import commit, git, make_repository


@pytest.fixture
def made(tmp_path: Path) -> Created:
    """A worktree whose branch and `main` changed the same file; `theirs` is main's commit."""
    project = make_repository(tmp_path / "project")
    repo = open_repository(project)
    made = create(repo, CreateRequest(tmp_path / "tree", "feature/x", resolve_base(repo, None).commit, "test"))
    commit(made.path, "file-0.txt", "ours\n")
    commit(project, "file-0.txt", "theirs\n")
    return made


def test_a_quiet_worktree_can_start(made: Created) -> None:
    head = git(made.path, "rev-parse", "HEAD")
    state = state_of(made.path, made.pointer)
    assert state == CheckoutState("feature/x", head, None)
    assert refusal(state, made.path) is None


@pytest.mark.parametrize(
    ("operation", "command"),
    [
        ("merge", "merge main"),
        ("rebase", "rebase main"),
        ("rebase", "rebase --apply main"),
        ("cherry-pick", "cherry-pick main"),
        ("revert", "revert --no-edit HEAD~1"),
        ("bisect", "bisect start"),
    ],
)
def test_what_is_under_way_is_named(made: Created, operation: str, command: str) -> None:
    git(made.path, *command.split(), check=False)
    state = state_of(made.path, made.pointer)
    assert state.operation == operation
    assert f"a {operation} is under way" in str(refusal(state, made.path))


def test_a_detached_head_and_a_deleted_branch_are_named(made: Created) -> None:
    git(made.path, "checkout", "--quiet", "--detach")
    state = state_of(made.path, made.pointer)
    assert state.branch is None
    assert "no branch" in str(refusal(state, made.path))
    git(made.path, "switch", "--quiet", "feature/x")
    git(made.path, "update-ref", "-d", "refs/heads/feature/x")
    gone = state_of(made.path, made.pointer)
    assert (gone.branch, gone.commit) == ("feature/x", None)
    assert "deleted" in str(refusal(gone, made.path))
