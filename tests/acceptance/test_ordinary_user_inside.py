"""A person who is not root sets worktrees up and goes into containers: all that is made belongs to that person."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.acceptance.test_ordinary_user import GROUP, USER, give, not_theirs, sc, shop

__all__ = ["shop"]

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("agent_image")]

SETTINGS = """
[setup]
commands = ["id -u >made; cat $npm_config_cache/_cacache/content-v2/cached >>made"]
[container]
caches = ["npm"]
"""


def test_a_set_up_a_command_and_a_cache(shop: Path, clean_environment: Path) -> None:
    home = Path(os.environ["SCOPECRAFT_HOME"])
    cached = clean_environment / "home/.npm/_cacache/content-v2/cached"
    cached.parent.mkdir(parents=True)
    cached.write_text("of the person\n")
    (home / "config/settings.toml").write_text(SETTINGS)
    give(clean_environment, USER, GROUP)

    ran = sc("run", "fine", "--agent", "plain", "--", "touch", "by-the-agent", cwd=shop)
    assert ran.code == 0, ran.err
    worktree = Path(sc("path", "fine", cwd=shop).out.strip())
    assert (worktree / "made").read_text() == f"{USER}\nof the person\n"

    script = "id -u; echo x >x; git add x; git commit -qm Inside; echo new >$npm_config_cache/_cacache/new"
    inside = sc("exec", "fine", "sh", "-ec", script, cwd=shop)
    assert (inside.code, inside.out) == (0, f"{USER}\n"), inside.err
    assert "commits taken to the branch: 1" in inside.err
    assert cached.read_text() == "of the person\n"
    assert not_theirs(clean_environment) == []
