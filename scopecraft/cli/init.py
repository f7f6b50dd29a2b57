"""`sc init`: the home."""

from __future__ import annotations

import os

from scopecraft.cli.command import command
from scopecraft.cli.say import note, say
from scopecraft.config.paths import home_of, make_home


@command(
    "init",
    examples=(
        ("sc init", "the home is ~/.scopecraft"),
        ("SCOPECRAFT_HOME=/data/sc sc init", "a home elsewhere; keep the variable set for the other commands"),
    ),
)
def init() -> None:
    """Make the home: the folder that holds all of scopecraft's state.

    It is private to you. Running this again changes nothing.
    """
    home = home_of(os.environ)
    made = make_home(home)
    if not made:
        say(f"the home at {home.root} is there already; nothing to do")
        return
    say(f"the home is at {home.root}")
    note("next: sc doctor says what is missing, and sc link registers a repository")
