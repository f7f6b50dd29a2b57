"""A person at a terminal: a shell in a tmux of the test's own, keys pressed there, and what its screen shows."""

from __future__ import annotations

import contextlib
import re
import shlex
import uuid
from collections.abc import Iterator
from pathlib import Path

from tests.support.command_line import PROGRAM
from tests.support.tmux import tmux
from tests.support.wait import until

SECONDS = 60  # a busy machine starts a container in many


class Screen:
    """`self.pane` is where the shell is; other windows are what `sc` opened there."""

    def __init__(self, folder: Path, cwd: Path, *, columns: int, rows: int, inside_tmux: bool) -> None:
        self.socket = folder / f"screen-{uuid.uuid4().hex[:8]}"
        hidden = ["COLUMNS", "LINES", *([] if inside_tmux else ["TMUX", "TMUX_PANE"])]
        start = [
            "env",
            *(f"--unset={name}" for name in hidden),
            "PS1=$ ",
            f"PATH={_bin(folder)}:/usr/local/bin:/usr/bin:/bin",
            "PYTHONUNBUFFERED=",
        ]
        start += ["/bin/sh", "-i"]
        size = ("-x", str(columns), "-y", str(rows))
        self.pane = tmux(
            self.socket,
            *("-f", "/dev/null", "new-session", "-d", "-P", "-F", "#{pane_id}"),
            *size,
            "-c",
            str(cwd),
            *start,
        )
        # what stands above the screen can be looked at too; and this terminal lets programs set the clipboard
        tmux(self.socket, "set-option", "-s", "set-clipboard", "on")
        self.until(r"^\$")

    def ask(self, *words: str) -> str:
        """A raw tmux command to the terminal."""
        return tmux(self.socket, *words)

    def type(self, line: str) -> None:
        self.ask("send-keys", "-t", self.pane, "-l", line)
        self.press("Enter")

    def press(self, *keys: str, pane: str | None = None) -> None:
        self.ask("send-keys", "-t", pane or self.pane, *keys)

    def text(self, pane: str | None = None, *, colours: bool = False) -> str:
        """All that stands in the pane, from the beginning; long lines as they were wrapped."""
        more = ["-e"] if colours else []
        return self.ask("capture-pane", "-p", "-S", "-", *more, "-t", pane or self.pane).rstrip("\n")

    def until(self, pattern: str, *, pane: str | None = None, seconds: float = SECONDS) -> str:
        """The text, as soon as the pattern is in it."""
        shown = ""

        def is_there() -> bool:
            nonlocal shown
            shown = self.text(pane)
            return re.search(pattern, shown, re.MULTILINE) is not None

        try:
            until(is_there, seconds, every=0.05)
        except AssertionError:
            raise AssertionError(
                f"{pattern!r} did not come up within {seconds} s; the screen shows:\n{shown}"
            ) from None
        return shown

    def does(self, line: str) -> tuple[str, int]:
        """What a command shows until it has ended, and its exit code."""
        mark = uuid.uuid4().hex[:6]
        self.type(f"echo begin-{mark}; {line}; echo code-{mark}=$?")
        shown = self.until(rf"^code-{mark}=\d+$")
        found = re.search(rf"(?ms)^begin-{mark}\n(.*)^code-{mark}=(\d+)$", shown)
        assert found is not None
        return found[1], int(found[2])

    def panes(self) -> list[str]:
        return self.ask("list-panes", "-a", "-F", "#{pane_id}").splitlines()


@contextlib.contextmanager
def screen(
    folder: Path, cwd: Path, *, columns: int = 100, rows: int = 40, inside_tmux: bool = False
) -> Iterator[Screen]:
    person = Screen(folder, cwd, columns=columns, rows=rows, inside_tmux=inside_tmux)
    try:
        yield person
    finally:
        tmux(person.socket, "kill-server", check=False)


def _bin(folder: Path) -> Path:
    """A folder with `sc` in it."""
    place = folder / "bin"
    place.mkdir(exist_ok=True)
    program = place / "sc"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(PROGRAM)} "$@"\n')
    program.chmod(0o755)
    return place
