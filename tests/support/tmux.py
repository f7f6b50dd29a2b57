"""tmux servers, terminals and processes of a test."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from scopecraft.model.launch import WindowLaunch

MakeWindow = Callable[..., WindowLaunch]


def tmux(socket: Path | str, *arguments: str, stdin: str = "", check: bool = True) -> str:
    """What a raw tmux command prints."""
    done = subprocess.run(
        ["tmux", "-u", "-S", str(socket), *arguments], input=stdin, capture_output=True, text=True, timeout=20
    )
    if check and done.returncode != 0:
        raise AssertionError(f"tmux {arguments[0]}: {done.stderr}")
    return done.stdout.rstrip("\n")


def server_pid(socket: Path | str) -> int:
    return int(tmux(socket, "display-message", "-p", "#{pid}"))


def end_servers(folder: Path) -> None:
    """End those that listen on a socket in the folder."""
    for socket in folder.iterdir():
        if socket.is_socket():
            tmux(socket, "kill-server", check=False)


def python(code: str) -> list[str]:
    """A program as an agent."""
    return [sys.executable, "-c", code]


def processes_of_session(session: int) -> list[int]:
    """Pids of those that run in it."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(errors="replace").rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    """The process hangs for that time."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


class Terminal:
    """A terminal of a person: a program on a pseudo terminal, and all the bytes that reached its screen."""

    def __init__(self, argv: list[str], **environment: str) -> None:
        self.screen = b""
        pid, self._master = pty.fork()
        if pid == 0:
            os.execvpe(argv[0], argv, {**os.environ, "TERM": "xterm-256color", **environment})
        self._pid = pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while chunk := os.read(self._master, 65536):
                self.screen += chunk

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def signal(self, number: signal.Signals) -> None:
        os.kill(self._pid, number)

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.signal(signal.SIGHUP)
        os.waitpid(self._pid, 0)
        self._reader.join(5)
        os.close(self._master)


@contextlib.contextmanager
def terminal(argv: list[str], **environment: str) -> Iterator[Terminal]:
    person = Terminal(argv, **environment)
    try:
        yield person
    finally:
        person.close()
