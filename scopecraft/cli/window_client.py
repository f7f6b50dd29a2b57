"""What a window runs whose agent is in a container: its terminal, and nothing else. Not for people to call.

    python -P -m scopecraft.cli.window_client PLACE

Its exit code is the agent's. When it is told to end, or its terminal goes away, the container ends too.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from scopecraft.cli.border import guarded
from scopecraft.cli.carrying import Line, carry
from scopecraft.cli.command import Invocation

TERMINAL_VARIABLES = ("TERM", "COLORTERM")
END_SECONDS = 150  # for the commits to be read out inside


def run(place_file: Path) -> int:
    """The container's own code where it is known: what the engine says of one process may be of its end by force."""
    from scopecraft.executors.container import ContainerExecutor
    from scopecraft.executors.container_terminal import ContainerTerminal, TerminalPlace

    place = TerminalPlace.load(place_file)
    executor = ContainerExecutor(place.handle.engine)
    env = {name: os.environ[name] for name in TERMINAL_VARIABLES if name in os.environ}
    terminal = ContainerTerminal(executor, place, env)
    try:
        code = carry(terminal, Line(terminal=True))
    finally:
        terminal.close()
    ended = executor.wait(place.handle, END_SECONDS)
    return code if ended in (None, -1) else ended


if __name__ == "__main__":
    sys.exit(guarded(lambda: run(Path(sys.argv[1])), Invocation()))
