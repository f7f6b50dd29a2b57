"""A program on a terminal that we hold the other end of: bytes both ways without waiting, its size, its end."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scopecraft.errors import StartFailed

PART_BYTES = 65536
GRACE_SECONDS = 1.0
# The leader of a session gets the terminal that it opens first for its own: by that it hears of its size and its end.
# Nothing of ours runs between fork and exec, where threads would make that dangerous.
_OWN_TERMINAL = 'terminal=$1; shift; exec "$@" <>"$terminal" >&0 2>&1'


@dataclass(frozen=True, slots=True)
class Size:
    """In characters; whoever makes one keeps it within what a terminal can be."""

    columns: int
    rows: int


class PtyClient:
    """Started by being made. `fileno` is for waiting until something comes or more can go; nothing else here waits."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], size: Size) -> None:
        """Raises StartFailed."""
        try:
            self._master, terminal = os.openpty()
        except OSError as error:
            raise StartFailed(f"there is no terminal to be had: {error.strerror}") from error
        try:
            self.resize(size)
            os.set_blocking(self._master, False)
            self._process = subprocess.Popen(
                ("/bin/sh", "-c", _OWN_TERMINAL, "sh", os.ttyname(terminal), *argv),
                stdin=terminal,  # held open by it, so that the end is not seen before the beginning
                stdout=terminal,
                stderr=terminal,
                env=dict(env),
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            os.close(self._master)
            raise StartFailed(f"{argv[0]} cannot be started: {error.strerror}") from error
        finally:
            os.close(terminal)

    @property
    def pid(self) -> int:
        return self._process.pid

    def fileno(self) -> int:
        return self._master

    def read(self) -> bytes | None:
        """What has come; None when nothing has, nothing (`b""`) when no more will."""
        try:
            return os.read(self._master, PART_BYTES)
        except BlockingIOError:
            return None
        except OSError as error:
            if error.errno == errno.EIO:  # nobody has the other end any more
                return b""
            raise

    def write(self, data: bytes | memoryview) -> int:
        """How much of it was taken; one that has ended takes all of it, for nothing."""
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            if error.errno == errno.EIO:
                return len(data)
            raise

    def resize(self, size: Size) -> None:
        """The program hears of it by SIGWINCH."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", size.rows, size.columns, 0, 0))

    def close(self) -> int:
        """End the program and collect it; its exit code. Killed if it does not go within the grace period. Idempotent.

        The only method that waits.
        """
        if self._master >= 0:
            self._process.terminate()
            self._see_it_out()
            os.close(self._master)  # a hang-up, for what has not gone yet
            self._master = -1
        try:
            return self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _see_it_out(self) -> None:
        """Its last words are read, so that it need not wait for somebody to do so.

        And its terminal stays till then: tmux takes one that is gone for one of 80 columns, and its window with it.
        """
        deadline = time.monotonic() + GRACE_SECONDS
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        while (left := deadline - time.monotonic()) > 0:
            poll.poll(left * 1000)
            if self.read() == b"":
                return
