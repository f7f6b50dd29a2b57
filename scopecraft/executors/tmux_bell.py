"""The bell of tmux. No tmux command rings one, so it is written where a program in the pane would write it.

tmux then does what the person has set for a bell (`bell-action`, `visual-bell`): usually it marks the window and rings
at every client that looks at one of its sessions.
"""

from __future__ import annotations

import os
import stat

from scopecraft.executors.tmux_client import ask, client_argv

BELL = b"\a"
ANSWER_SECONDS = 2.0


def ring_window(socket: str, pane_id: str) -> bool:
    """Whether the bell was rung in the pane; not where its program is over. Raises TmuxMissing and TmuxFailed."""
    told = _told(socket, "display-message", "-p", "-t", pane_id, "#{pane_dead}|#{pane_tty}")
    return any(line.startswith("0|") and _ring(line[2:]) for line in told)


def ring_clients(socket: str) -> bool:
    """The same at every terminal that looks at the server, for what has no window there."""
    rung = [_ring(line) for line in _told(socket, "list-clients", "-F", "#{client_tty}")]
    return any(rung)


def _told(socket: str, *words: str) -> list[str]:
    """A server that does not run, or has no such window, has nothing to tell."""
    done = ask(client_argv(socket, *words), seconds=ANSWER_SECONDS)
    return done.stdout.decode(errors="replace").splitlines() if done.returncode == 0 else []


def _ring(terminal: str) -> bool:
    # a terminal that takes no more output, since somebody pressed Ctrl-S, must not hold us up
    try:
        descriptor = os.open(terminal, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        is_terminal = stat.S_ISCHR(os.fstat(descriptor).st_mode) and os.isatty(descriptor)
        return is_terminal and os.write(descriptor, BELL) == len(BELL)
    except OSError:
        return False
    finally:
        os.close(descriptor)
