"""How a person gets to a window: the command line to become. Pure; without libtmux, so that attaching starts fast.

Each viewer gets a tmux session of its own in the group of ours, so that several can look at different windows. It ends
with its viewer.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from scopecraft.executors.viewer_session import OPTIONS, SWEEP, WATCH
from scopecraft.executors.window_name import safe_window_name
from scopecraft.model.handle import WindowHandle

# The outer tmux takes the keys first; whether its prefix is the same one, only the person knows.
_NESTED = " #{prefix} (twice if your own is the same), d: leave, the agent goes on "
_NESTED_WORDS = (";", "set-option", "status-right-length", "80", ";", "set-option", "status-right", _NESTED)


def attach_command(
    handle: WindowHandle, *, inside_tmux: str | None, viewer: str, window_name: str = "scopecraft"
) -> list[str]:
    """What to `exec` to see the window: from a plain terminal, from another tmux (there in a new window), or from ours.

    Args:
        inside_tmux: the caller's `$TMUX`; None or empty on a plain terminal.
        viewer: a name that no other viewer has, of letters, digits and dashes.
        window_name: of the new window in the other tmux.
    """
    tmux = shutil.which("tmux") or "tmux"
    if not inside_tmux:
        return [tmux, *_attach_arguments(handle)]
    outer = inside_tmux.rsplit(",", 2)[0]
    if _is_same(outer, handle.socket):
        return [tmux, "-S", handle.socket, *_switch_arguments(handle, viewer)]
    inner = ["env", "-u", "TMUX", "-u", "TMUX_PANE", tmux, *_attach_arguments(handle), *_NESTED_WORDS]
    return [tmux, "-S", outer, "new-window", "-n", safe_window_name(window_name), *_escaped(inner)]


def _attach_arguments(handle: WindowHandle) -> list[str]:
    words = ["-N", "-S", handle.socket, *SWEEP, ";", *WATCH, ";", "new-session", "-t", handle.tmux_session, ";"]
    for name, value in OPTIONS.items():
        words += ["set-option", name, value, ";"]
    return [*words, "select-window", "-t", f":{handle.window_id}"]


def _switch_arguments(handle: WindowHandle, viewer: str) -> list[str]:
    """Inside our own group the session at hand shows the window; from elsewhere the client changes to a new viewer."""
    window = handle.window_id
    is_here = "#{m:*1*,#{W:#{==:#{window_id}," + window + "}}}"
    options = (f"set-option -t '={viewer}:' {name} '{value}'" for name, value in OPTIONS.items())
    switch = (
        f"new-session -d -t '{handle.tmux_session}' -s {viewer}",
        *options,
        f"switch-client -t '={viewer}'",
        f"select-window -t '={viewer}:{window}'",
    )
    show = ["if-shell", "-F", is_here, f"select-window -t ':{window}'", " ; ".join(switch)]
    return [*SWEEP, ";", *WATCH, ";", *show]


def _escaped(words: Sequence[str]) -> list[str]:
    """Words of a command inside a command: tmux takes a word's closing `;` for the end of its own."""
    return [word[:-1] + "\\;" if word.endswith(";") else word for word in words]


def _is_same(one: str, other: str) -> bool:
    return Path(one).resolve() == Path(other).resolve()
