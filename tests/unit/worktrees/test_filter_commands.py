from __future__ import annotations

from pathlib import Path

import pytest

from scopecraft.worktrees.filters import is_inside

WORKTREE = Path("/home/me/.scopecraft/worktrees/p/x")


@pytest.mark.parametrize(
    "command",
    [
        "./evil.sh",
        "tools/clean %f",
        f"{WORKTREE}/clean",
        "sh ./evil.sh",
        "sh evil.sh",
        "bash -e evil.sh",
        "python3 -m scripts.clean",
        "python tools/clean.py",
        "/usr/bin/env node clean.js",
        "cat | ./evil.sh",
        "true && sh x",
        "FOO=1 ./evil.sh",
        "$(git rev-parse --show-toplevel)/clean",
        "`pwd`/clean",
        "git-lfs clean -- %f; ./evil.sh",
        "tidy ../x/evil",
        "make clean",
        "sh 'unbalanced",
        "sh -c ./evil.sh",
        "env -S ./evil.sh",
    ],
)
def test_what_an_agent_could_have_written_is_off(command: str) -> None:
    assert is_inside(command, WORKTREE)


@pytest.mark.parametrize(
    "command",
    [
        "git-lfs clean -- %f",
        "git-lfs filter-process",
        '"git-crypt" clean',
        "/usr/local/bin/clean %f",
        "~/bin/clean --all",
        "tr a-z A-Z",
        "sed -e s/a/b/",
        "nbstripout",
        "cat",
        "",
        "expand --tabs=4 --initial | unexpand",
        "/bin/sh /opt/clean.sh %f",
    ],
)
def test_a_persons_own_programs_stay(command: str) -> None:
    assert not is_inside(command, WORKTREE)
