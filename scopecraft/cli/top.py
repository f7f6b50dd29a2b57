"""`sc top`: the dashboard in the terminal."""

from __future__ import annotations

import os
import sys

from scopecraft.cli.command import command
from scopecraft.cli.terminal import is_terminal
from scopecraft.config.paths import home_of, require_home
from scopecraft.errors import Refused


@command(
    "top",
    examples=(
        ("sc top", "what needs you first; ? shows the keys, q leaves"),
        ("sc missions", "the same list, printed once"),
    ),
)
def top() -> int | None:
    """Open the dashboard: every mission, live, with its log, files and changes, and your moves on keys.

    Enter opens a mission; a approves after showing what is approved, r rejects with a reason, c continues, n makes a
    new mission, m sends a message to an agent, and w goes to its window. g m, g q and g s show missions, queue and
    sessions; ? shows every key.
    """
    home = require_home(home_of(os.environ))
    if (
        not all(is_terminal(stream) for stream in (sys.stdin, sys.stdout, sys.stderr))
        or os.environ.get("TERM", "dumb") == "dumb"
    ):
        raise Refused("sc top needs a terminal to draw on", "for a list: sc missions")
    from scopecraft.tui.app import Top

    dashboard = Top(home, dict(os.environ))
    dashboard.run()
    if dashboard.fault is not None:
        raise dashboard.fault
    return dashboard.return_code
