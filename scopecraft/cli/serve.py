"""`sc serve`: the supervisor in the foreground."""

from __future__ import annotations

import os

from scopecraft.cli.command import command
from scopecraft.config.paths import home_of, require_home


@command(
    "serve",
    examples=(
        ("sc serve", "until Ctrl-C; what it says goes to the terminal and to its log"),
        ("sc up", "the same in the background"),
    ),
)
def serve() -> int:
    """Run the supervisor here, in the foreground: it starts what waits, settles what ended, follows what runs.

    Ctrl-C or SIGTERM lets it leave in order, sessions run on unless supervisor.on_down says otherwise; a second one
    ends it at once. A home has one supervisor: where there is one already, this says so and ends with exit code 3.
    """
    from scopecraft.supervisor.process import serve as supervise

    return supervise(require_home(home_of(os.environ)), os.environ)
