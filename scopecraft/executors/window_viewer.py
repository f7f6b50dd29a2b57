"""A window shown in a terminal of ours, a browser's: a tmux client on it, and the window's size.

Such a viewer has a tmux session of its own that holds the one window and nothing else: when the window is closed, the
viewer ends, and keys never reach another window. tmux takes none of the keys for itself; the wheel scrolls back.

Its session is ended by us, and by the server where we were killed.
"""

from __future__ import annotations

import contextlib
import os
import uuid

from scopecraft.errors import TmuxFailed
from scopecraft.executors.pty_client import PtyClient, Size
from scopecraft.executors.tmux_client import ask, clean_environment, client_argv
from scopecraft.executors.viewer_session import OPTIONS, SWEEP, WATCH
from scopecraft.model.handle import WindowHandle

# What xterm.js can do beyond what tmux knows of the terminal's name.
FEATURES = "256,RGB,bpaste,focus,mouse,overline,strikethrough,usstyle"
TERMINAL = "xterm-256color"
KEYS = "scopecraft-viewer"  # a key table: those of the person would act on their server, for whoever types here
# The terminal's title, which agents do not reach: tmux tells it anew whenever something of this changes.
TITLE = "#{window_width}x#{window_height} #{pane_in_mode}"
CALL_SECONDS = 5.0
PREFIX = "viewing-"  # of the names of their sessions; tmux lists them behind ours
_OPTIONS = {
    "status": "off",
    "prefix": "None",
    "prefix2": "None",
    "key-table": KEYS,
    "set-titles": "on",
    "set-titles-string": TITLE,
    "detach-on-destroy": "on",  # else the person's setting could lead the viewer to another of their windows
}
_WANTS_WHEEL = "#{||:#{pane_in_mode},#{||:#{alternate_on},#{mouse_any_flag}}}"
_WHEEL = ("if-shell", "-F", "-t", "=", _WANTS_WHEEL, "send-keys -M", "copy-mode -e -t =")
_SIZE = "#{window_width} #{window_height}"
_DRAWN_BY_NOBODY = ("/bin/sh", "-c", "read _")  # a new session needs a window; the one to be shown takes its place


def viewer_command(handle: WindowHandle, viewer: str, *, writes: bool) -> list[str]:
    """What to run on a terminal to see the window.

    One that does not write is deaf to keys, and its size is not the window's.

    Args:
        viewer: a name that no other viewer has, of letters, digits and dashes.

    Raises TmuxMissing.
    """
    words = ["has-session", "-t", handle.window_id, ";"]  # ends everything where the window is gone
    words += ["bind-key", "-T", KEYS, "WheelUpPane", *_WHEEL, ";", "bind-key", "-T", KEYS, "WheelDownPane"]
    words += ["send-keys", "-M", ";", *WATCH, ";", "new-session", "-d", "-s", viewer, *_DRAWN_BY_NOBODY, ";"]
    for name, value in {**OPTIONS, **_OPTIONS, "mouse": "on" if writes else "off"}.items():
        words += ["set-option", "-t", f"={viewer}:", name, value, ";"]
    words += ["link-window", "-k", "-s", handle.window_id, "-t", f"={viewer}:^", ";"]
    flags = () if writes else ("-f", "read-only,ignore-size")
    words += ["attach-session", "-t", f"={viewer}", *flags]
    return client_argv(handle.socket, "-N", "-T", FEATURES, *words)


class WindowViewer(PtyClient):
    """Started by being made."""

    def __init__(self, handle: WindowHandle, size: Size, *, writes: bool) -> None:
        """Raises StartFailed, TmuxMissing, and TmuxFailed where tmux does not answer."""
        self._handle, self._name = handle, f"{PREFIX}{uuid.uuid4().hex[:12]}"
        _sweep(handle)
        environment = {**clean_environment(os.environ), "TERM": TERMINAL}
        super().__init__(viewer_command(handle, self._name, writes=writes), environment, size)

    def close(self) -> int:
        """As `PtyClient.close`; nothing of it stays in tmux."""
        code = super().close()
        with contextlib.suppress(TmuxFailed):
            _lines(self._handle, "kill-session", "-t", f"={self._name}")
        return code


def _sweep(handle: WindowHandle) -> None:
    """End the sessions of viewers whose owner was killed, and that the server has not ended by itself."""
    try:
        _lines(handle, *SWEEP)
    except TmuxFailed as error:
        if "can't find session" not in error.message:  # its owner lives, and was quicker
            raise


def window_size(handle: WindowHandle) -> Size:
    """As all who look at it share it. Raises TmuxMissing, and TmuxFailed where tmux or the window is not there."""
    said = _lines(handle, "list-windows", "-a", "-f", f"#{{==:#{{window_id}},{handle.window_id}}}", "-F", _SIZE)
    columns, _, rows = next(iter(said), "").partition(" ")
    if not (columns.isdigit() and rows.isdigit()):
        raise TmuxFailed("the window was closed", "see: sc ls")
    return Size(int(columns), int(rows))


def scroll_to_end(handle: WindowHandle) -> None:
    """Leave what was scrolled back: all who look at the window see the agent again. Raises as `window_size` does."""
    _lines(handle, "if-shell", "-F", "-t", handle.pane_id, "#{pane_in_mode}", f"copy-mode -q -t {handle.pane_id}")


def _lines(handle: WindowHandle, *words: str) -> list[str]:
    done = ask(client_argv(handle.socket, *words), seconds=CALL_SECONDS)
    if done.returncode != 0:
        raise TmuxFailed(f"tmux refused {words[0]}: {done.stderr.decode(errors='replace').strip()}", "see: sc ls")
    return done.stdout.decode(errors="replace").splitlines()
