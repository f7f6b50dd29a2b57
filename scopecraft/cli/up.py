"""`sc up`: the supervisor, in the background."""

from __future__ import annotations

import os

from scopecraft.cli.command import command
from scopecraft.cli.say import say
from scopecraft.config.paths import home_of, require_home
from scopecraft.supervisor import client
from scopecraft.supervisor.background import ensure_up


@command(
    "up",
    examples=(
        ("sc up", "start the supervisor; fine if it is up"),
        ("sc status", "how it is"),
        ("sc down", "stop it again"),
    ),
)
def up() -> None:
    """Start the home's supervisor in the background, and wait until it answers. It outlives this terminal.

    Commands that need it start it by themselves. Where `sc install-service` was run, systemd starts it.
    """
    home = require_home(home_of(os.environ))
    was_up = client.is_up(home)
    # the variable keeps commands from starting one by themselves; this one was asked to
    ensure_up(home, {name: value for name, value in os.environ.items() if name != "SCOPECRAFT_SUPERVISOR"})
    health = client.ask(home, "health")
    say(f"the supervisor is up{' already' if was_up else ''}: pid {health['pid']}")
