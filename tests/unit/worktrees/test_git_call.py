from __future__ import annotations

from pathlib import Path

import pytest

from scopecraft.errors import GitFailed, StorageFailed
from scopecraft.worktrees.git import GitResult, command_line, environment, failure


def test_nothing_of_the_callers_git_or_editors_reaches_git() -> None:
    caller = {
        "GIT_DIR": "/x",
        "GIT_SSH_COMMAND": "evil",
        "EDITOR": "vi",
        "PAGER": "less",
        "HOME": "/home/me",
        "PATH": "/usr/bin::.:bin:/bin",
    }
    env = environment(caller, added={"GIT_INDEX_FILE": "/i"})
    assert env["HOME"] == "/home/me"
    assert env["PATH"] == "/usr/bin:/bin"
    assert env["GIT_INDEX_FILE"] == "/i"
    assert env["GIT_TERMINAL_PROMPT"] == "0"
    assert env["LC_ALL"] == "C"
    assert not {"GIT_DIR", "GIT_SSH_COMMAND", "EDITOR", "PAGER"} & env.keys()


def test_configuration_is_handed_over_with_any_key() -> None:
    env = environment({}, added={}, config={"filter.a=b.clean": "", "x.y": "z"})
    assert env["GIT_CONFIG_COUNT"] == "2"
    assert (env["GIT_CONFIG_KEY_0"], env["GIT_CONFIG_VALUE_0"]) == ("filter.a=b.clean", "")


@pytest.mark.parametrize("verb", ["diff", "diff-tree", "diff-index", "log", "show"])
def test_a_diff_never_runs_a_program_nor_looks_into_submodules(verb: str) -> None:
    argv = command_line((verb, "HEAD"), git_dir=None, work_tree=None)
    assert argv[argv.index(verb) :] == [verb, "--no-ext-diff", "--no-textconv", "--ignore-submodules=all", "HEAD"]


def test_both_folders_are_named_to_git() -> None:
    argv = command_line(("status",), git_dir=Path("/g"), work_tree=Path("/w"))
    assert argv[-4:] == ["--git-dir=/g", "--work-tree=/w", "status", "--ignore-submodules=all"]
    assert "core.hooksPath=/dev/null" in argv
    assert "core.fsmonitor=false" in argv


def test_the_last_words_of_git_are_kept_and_made_safe() -> None:
    stderr = "Preparing worktree\nfatal: 'x\x1b[2J' is bad\nhint: try y\n"
    error = failure(("worktree", "add", "/p"), GitResult(128, b"", stderr))
    assert isinstance(error, GitFailed)
    assert error.message == "git worktree add failed: 'x\\x1b[2J' is bad"
    assert failure(("gc",), GitResult(1, b"", "")).message == "git gc failed: exit code 1"


def test_a_full_disk_is_called_that() -> None:
    error = failure(("add",), GitResult(128, b"", "error: file x: No space left on device\nfatal: could not\n"))
    assert isinstance(error, StorageFailed)
    assert "space" in error.hint
    swallowed = failure(
        ("worktree", "add"), GitResult(128, b"", "error: unable to write file x\nfatal: Could not reset\n")
    )
    assert isinstance(swallowed, StorageFailed)
    assert "unable to write file x" in swallowed.message


def test_a_lock_that_a_killed_git_left_is_explained() -> None:
    said = "fatal: Unable to create '/p/.git/index.lock': File exists.\n\nAnother git process seems to be running\n"
    error = failure(("read-tree",), GitResult(128, b"", said))
    assert "/p/.git/index.lock" in error.message
    assert "remove that file" in error.hint
