"""A screen that is redrawn in place: the terminal's second screen, which gives the first one back however we leave."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import termios
from collections.abc import Sequence
from types import FrameType, TracebackType
from typing import Any, Self, TextIO

from scopecraft.cli.terminal import is_terminal

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l"  # second screen, no cursor, no wrapping at the edge
_LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l"
_ENDS = (signal.SIGTERM, signal.SIGHUP)
_USUAL_SIZE = (80, 24)


class LiveScreen:
    """For the main thread. Keys are read one by one where standard input is a terminal; Ctrl-C stays what it is.

    A polite end (SIGTERM, SIGHUP) becomes SystemExit, Ctrl-Z gives the terminal back until it is taken up again.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._keys = sys.stdin.fileno() if is_terminal(sys.stdin) else None
        self._modes: list[Any] | None = None
        self._drawn: list[str] | None = None  # None: nobody knows what stands there
        self._is_stopping = False
        self._before: dict[signal.Signals, Any] = {}
        self._woken, self._waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        handlers = dict.fromkeys(_ENDS, _end) | {
            signal.SIGWINCH: self._resized,
            signal.SIGTSTP: self._stopped,
        }
        self._before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            self._take()
        except BaseException:  # raised again: the terminal is the person's whatever happens
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        try:
            columns, rows = os.get_terminal_size(self._stream.fileno())
        except OSError:
            return _USUAL_SIZE
        return (columns or _USUAL_SIZE[0], rows or _USUAL_SIZE[1])

    def draw(self, lines: Sequence[str]) -> None:
        """Lines that fit, safe to show; what stands there already is not written again."""
        lines = list(lines)[: self.size[1]]
        drawn = self._drawn or []
        written = ["\x1b[2J"] if self._drawn is None else []
        for number in range(max(len(lines), len(drawn))):
            line = lines[number] if number < len(lines) else ""
            if number >= len(drawn) or line != drawn[number]:
                written.append(f"\x1b[{number + 1};1H{line}\x1b[K")
        self._drawn = lines
        # one write: nothing is seen half drawn
        self._write("".join(written))

    def wait(self, seconds: float) -> str:
        """A key once one is pressed, `q` at the end of input; empty when somebody woke us, or the time is over."""
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        if self._keys is not None:
            poll.register(self._keys, select.POLLIN)
        ready = {descriptor for descriptor, _ in poll.poll(max(0.0, seconds) * 1000)}
        if self._woken in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._woken, 4096)
        if self._is_stopping:
            self._stop()
        if self._keys is not None and self._keys in ready:
            return os.read(self._keys, 64).decode(errors="replace") or "q"
        return ""

    def wake(self) -> None:
        """`wait` comes back; from any thread, and from a signal's handler."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._waker, b"!")

    def _take(self) -> None:
        if self._keys is not None:
            self._modes = termios.tcgetattr(self._keys)
            modes = termios.tcgetattr(self._keys)
            modes[3] &= ~(termios.ICANON | termios.ECHO)
            termios.tcsetattr(self._keys, termios.TCSADRAIN, modes)
        self._drawn = None
        self._write(_ENTER)

    def _give_back(self) -> None:
        try:
            self._write(_LEAVE)
        finally:
            if self._keys is not None and self._modes is not None:
                with contextlib.suppress(termios.error):
                    termios.tcsetattr(self._keys, termios.TCSADRAIN, self._modes)

    def _leave(self) -> None:
        # a second Ctrl-C must not leave the terminal half given back
        interrupts = signal.signal(signal.SIGINT, signal.SIG_IGN)
        with contextlib.suppress(OSError):  # the terminal may be gone by now
            self._give_back()
        for number, handler in {**self._before, signal.SIGINT: interrupts}.items():
            signal.signal(number, handler)

    # Signals come in the middle of a write: their handlers leave a word, and `wait` acts on it.

    def _resized(self, _: int, __: FrameType | None) -> None:
        self._drawn = None
        self.wake()

    def _stopped(self, _: int, __: FrameType | None) -> None:
        self._is_stopping = True
        self.wake()

    def _stop(self) -> None:
        self._is_stopping = False
        self._give_back()
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)  # and from here we go on, after `fg`
        signal.signal(signal.SIGTSTP, handler)
        self._take()

    def _write(self, text: str) -> None:
        """Past Python's buffer, which does not bear an interrupted write."""
        data = text.encode(self._stream.encoding or "utf-8", "backslashreplace")
        while data:
            data = data[os.write(self._stream.fileno(), data) :]


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)
