"""Between a person's terminal (or pipes) and a command in a container: bytes both ways, sizes, signals, the end."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scopecraft.cli.terminal import is_terminal

if TYPE_CHECKING:
    from types import FrameType

    from scopecraft.executors.container_exec import ContainerExec

STDIN, STDOUT, STDERR = 0, 1, 2
PART_BYTES = 65536
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Ended(BaseException):
    """A signal that ends the command; no error, so nothing on the way may take it for one."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass(frozen=True, slots=True)
class Line:
    """How a command is connected; `record` hears all that it prints."""

    terminal: bool
    record: Callable[[bytes], None] | None = None


def has_terminal() -> bool:
    """Whether a command can have the person's terminal: what is piped in or out is carried as bytes instead."""
    return is_terminal(sys.stdin) and is_terminal(sys.stdout)


def carry(process: ContainerExec, line: Line) -> int:
    """Until the command has ended: its exit code. A signal to us ends it inside: 128 and the signal's number."""
    is_over = False
    try:
        with _signals(), _raw(line.terminal):
            code = _Carrier(process, line).until_end()
            is_over = True
            return code
    except _Ended as end:
        return 128 + end.number
    finally:
        if not is_over:
            process.end()


class _Carrier:
    def __init__(self, process: ContainerExec, line: Line) -> None:
        self._process, self._line = process, line
        self._typed = b""  # read from the person, not yet taken by the engine
        self._has_input = True
        self._selector = selectors.PollSelector()
        self._resized, self._resize = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def until_end(self) -> int:
        try:
            self._selector.register(self._process, selectors.EVENT_READ)
            self._selector.register(self._resized, selectors.EVENT_READ)
            self._selector.register(STDIN, selectors.EVENT_READ)
            with self._following_size():
                while self._go_on():
                    pass
            return self._process.exit_code()
        finally:
            self._selector.close()
            os.close(self._resized)
            os.close(self._resize)

    def _go_on(self) -> bool:
        """One round; False when no more will come."""
        if self._process.has_early:
            return self._show()
        for key, events in self._selector.select():
            if key.fileobj is self._process:
                if events & selectors.EVENT_WRITE:
                    self._pass_on()
                if events & selectors.EVENT_READ and not self._show():
                    return False
            elif key.fileobj == self._resized:
                os.read(self._resized, PART_BYTES)
                self._tell_size()
            else:
                self._read_input()
        return True

    def _show(self) -> bool:
        pieces = self._process.receive()
        for output, data in pieces or ():
            _write(STDERR if output == "err" else STDOUT, data)
            if self._line.record is not None:
                self._line.record(data)
        return pieces is not None

    def _read_input(self) -> None:
        try:
            self._typed = os.read(STDIN, PART_BYTES)
        except OSError:  # the terminal is gone
            self._typed = b""
        self._selector.unregister(STDIN)
        if self._typed:
            self._pass_on()
            return
        self._has_input = False
        if self._line.terminal:
            raise _Ended(signal.SIGHUP)
        self._process.close_input()

    def _pass_on(self) -> None:
        """What the engine does not take now it takes when it can; until then nothing more is read."""
        self._typed = self._typed[self._process.send(self._typed) :]
        waits = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._typed else 0)
        self._selector.modify(self._process, waits)
        if not self._typed and self._has_input and STDIN not in self._selector.get_map():
            self._selector.register(STDIN, selectors.EVENT_READ)

    @contextlib.contextmanager
    def _following_size(self) -> Iterator[None]:
        if not self._line.terminal:
            yield
            return

        def note(_number: int, _frame: FrameType | None) -> None:
            with contextlib.suppress(OSError):  # full: it will be looked at anyway
                os.write(self._resize, b".")

        before = signal.signal(signal.SIGWINCH, note)
        try:
            self._tell_size()
            yield
        finally:
            signal.signal(signal.SIGWINCH, before)

    def _tell_size(self) -> None:
        size = os.get_terminal_size(STDOUT)
        if size.lines and size.columns:
            self._process.resize(size.lines, size.columns)


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:  # somebody else made it so: wait until it takes more
            with selectors.PollSelector() as selector:
                selector.register(descriptor, selectors.EVENT_WRITE)
                selector.select()


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """A terminal that is closed may tell so twice, by its end of file and by the signal: once is enough."""

    def end(number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        raise _Ended(number)

    before = {number: signal.signal(number, end) for number in _ENDS}
    try:
        yield
    except _Ended:
        before[signal.SIGHUP] = signal.SIG_IGN
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _raw(is_terminal: bool) -> Iterator[None]:
    """Every key goes inside, Ctrl-C too; the terminal is afterwards as it was."""
    if not is_terminal:
        yield
        return
    before = termios.tcgetattr(STDIN)
    try:
        tty.setraw(STDIN, termios.TCSADRAIN)
        yield
    finally:
        with contextlib.suppress(termios.error):  # it may be gone
            termios.tcsetattr(STDIN, termios.TCSADRAIN, before)
