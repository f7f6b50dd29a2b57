"""Who decides: a person, and not an agent that was started for one."""

from __future__ import annotations

import contextlib
import getpass
import os
from collections.abc import Mapping

from scopecraft.errors import Refused, ScopecraftError
from scopecraft.sessions.context import Context

# what we give to everything that we start for a mission, in windows and in containers
MARKS = ("SCOPECRAFT_SESSION", "SC_MISSION")


def refuse_agents(environ: Mapping[str, str], what: str) -> None:
    """Raises Refused inside a session of ours. An agent with the person's own rights could take the mark away."""
    if any(environ.get(mark) for mark in MARKS):
        raise Refused(
            f"{what} is for a person, and this runs inside a session of an agent",
            "say it in a terminal of your own",
        )


def person_name(context: Context) -> str:
    """Who types: the login name, and beside it how git calls them."""
    from pathlib import Path

    from scopecraft.worktrees.git import Git

    login = _login()
    try:
        said = Git(Path(context.home.root)).run("config", "--global", "user.name", check=False, timeout_seconds=5)
    except ScopecraftError:
        return login
    name = " ".join(said.stdout.decode("utf-8", "replace").split())
    return f"{name} ({login})" if said.exit_code == 0 and name not in ("", login) else login


def _login() -> str:
    with contextlib.suppress(OSError, KeyError, ImportError):
        return getpass.getuser()
    return f"uid {os.getuid()}"
