"""The tmux command that opens a window, as words. Pure.

It is one command of several parts, which tmux carries out without a pause: even an agent that dies at once leaves a
window that is marked and kept.
"""

from __future__ import annotations

from pathlib import Path

from scopecraft.executors.window_launcher import SHELL
from scopecraft.executors.window_name import safe_window_name
from scopecraft.model.launch import WindowLaunch

MARK = "@scopecraft_session"  # a pane's option: the id of its session
HANDLE_FORMAT = "#{session_id}|#{window_id}|#{pane_id}|#{pane_pid}"
# What tmux draws on a dead pane; known, so that last lines are those of the agent.
ENDED = "[scopecraft] the agent has ended"
ENDED_FORMAT = f"{ENDED} #{{?pane_dead_signal,by signal #{{pane_dead_signal}},with code #{{pane_dead_status}}}}"
# They stand on the window itself, since the global ones may be the person's.
WINDOW_OPTIONS = {
    "remain-on-exit": "on",
    "remain-on-exit-format": ENDED_FORMAT,
    "automatic-rename": "off",
    "allow-rename": "off",
    "allow-passthrough": "off",
}


def opening(launch: WindowLaunch, script: Path, tmux_session: str) -> list[str]:
    """Open, mark and name a window in a tmux session that exists; prints `HANDLE_FORMAT`.

    Until it is marked the window bears the session's id as its name: an exact target, and only one.
    """
    session = f"={tmux_session}:"
    window = f"{session}={launch.session_id}"
    words = ["set-hook", "-t", session, "after-new-window", ""]  # the person's might rename it before it is marked
    words += [";", "new-window", "-d", "-P", "-F", HANDLE_FORMAT, "-t", session, "-n", launch.session_id]
    words += [SHELL, str(script), ";", "set-option", "-p", "-t", window, MARK, launch.session_id]
    for name, value in WINDOW_OPTIONS.items():
        words += [";", "set-option", "-wq", "-t", window, name, value]
    return [*words, ";", "rename-window", "-t", window, "--", safe_window_name(launch.window_name)]


def opening_with_session(launch: WindowLaunch, script: Path, tmux_session: str) -> list[str]:
    """The same in a new tmux session, which is made with a window that only waits and is closed at once."""
    session = f"={tmux_session}:"
    make = ["new-session", "-d", "-s", tmux_session, SHELL, "-c", "read _"]
    # a person's `destroy-unattached on` would end it before anybody looks
    keep = [";", "set-option", "-t", session, "destroy-unattached", "off", ";"]
    return [*make, *keep, *opening(launch, script, tmux_session), ";", "kill-window", "-t", session + "{start}"]
