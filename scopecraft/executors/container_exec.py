"""A further process in a container that runs: its input and outputs, its terminal, its end.

The engine does not end such a process when its client goes away, so whoever interrupts one has to end it inside: by a
variable that only its own processes have.
"""

from __future__ import annotations

import contextlib
import shlex
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from docker.errors import APIError
from docker.errors import NotFound as EngineNotFound

from scopecraft.errors import EngineFailed
from scopecraft.executors.container import ContainerExecutor, translated
from scopecraft.executors.engine_user import user_inside
from scopecraft.executors.exec_frames import Frames, Output, Whole
from scopecraft.model.handle import Alive, ContainerHandle

MARK = "SCOPECRAFT_EXEC"  # a variable by which the processes of one command find each other
PART_BYTES = 65536
END_SECONDS = 5
RESIZE_SECONDS = 2  # the engine takes no size before the process is there
CODE_SECONDS = 10
KILLED = 137  # what a shell says of a command that was killed
# The engine gives a terminal to nobody else, so no keys may take the person away from it.
_NO_DETACH = ",".join(["ctrl-_", "ctrl-@", "ctrl-]", "ctrl-^"] * 3)

# Politely, then hard, all that carry the mark in their environment; a terminal's programs expect the hang-up.
_END = """
marked() {
    for place in /proc/[0-9]*; do
        pid=${place#/proc/}
        [ "$pid" = "$$" ] && continue
        if tr '\\0' '\\n' 2>/dev/null <"$place/environ" | grep -qx "$1"; then echo "$pid"; fi
    done
}
pids=$(marked "$1")
[ -n "$pids" ] || exit 0
kill -HUP $pids 2>/dev/null
kill -TERM $pids 2>/dev/null
kill -CONT $pids 2>/dev/null
tries=0
while [ "$tries" -lt "$2" ] && [ -n "$(marked "$1")" ]; do
    sleep 0.1 2>/dev/null || sleep 1
    tries=$((tries + 1))
done
pids=$(marked "$1")
[ -z "$pids" ] || kill -KILL $pids 2>/dev/null
exit 0
"""


@dataclass(frozen=True, slots=True)
class ExecRequest:
    """`env` is not secret: the engine shows it; `mark` tells this command's processes from all others."""

    argv: tuple[str, ...]
    cwd: str
    user: tuple[int, int]
    env: Mapping[str, str]
    mark: str
    terminal: bool
    stdin: bool = True


class ContainerExec:
    """Started by being made. Bytes go in and come out as they are; `fileno` is for waiting until something comes."""

    def __init__(self, executor: ContainerExecutor, handle: ContainerHandle, request: ExecRequest) -> None:
        """Raises EngineFailed and EngineUnavailable."""
        self._executor, self._handle, self._request = executor, handle, request
        self._frames: Frames | Whole = Whole() if request.terminal else Frames()
        with translated(executor.engine):
            self._id = _created(executor.client, handle, request)
            self._stream = executor.client.exec_start(self._id, tty=request.terminal, socket=True)
        self._socket: socket.socket = self._stream._sock
        self._socket.setblocking(False)
        self._early = _read_ahead(self._stream)

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def has_early(self) -> bool:
        """Whether something came with the engine's answer itself: then there is nothing to wait for."""
        return bool(self._early)

    def receive(self) -> list[tuple[Output, bytes]] | None:
        """What has come, perhaps nothing; None when no more will."""
        try:
            data = self._early or self._socket.recv(PART_BYTES)
        except BlockingIOError:
            return []
        except ConnectionError:
            return None
        self._early = b""
        return self._frames.feed(data) if data else None

    def send(self, data: bytes) -> int:
        """How much of it was taken; a command that reads no more takes all of it, for nothing."""
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0
        except ConnectionError:
            return len(data)

    def close_input(self) -> None:
        """End-of-file for the command; what it writes still comes."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def resize(self, rows: int, columns: int) -> None:
        """Tell its terminal's size; one that is over by now needs none."""
        deadline = time.monotonic() + RESIZE_SECONDS
        while True:
            try:
                self._executor.client.exec_resize(self._id, height=rows, width=columns)
                return
            except APIError:
                if time.monotonic() > deadline or not self._state().get("Running"):
                    return
            time.sleep(0.02)

    def exit_code(self) -> int:
        """Once nothing more comes. A command that went away with its container was killed."""
        deadline = time.monotonic() + CODE_SECONDS
        while True:
            state = self._state()
            if not state.get("Running") and state.get("ExitCode") is not None:
                return int(state["ExitCode"])
            if not state or time.monotonic() > deadline:
                return KILLED
            time.sleep(0.02)

    def end(self) -> None:
        """End all its processes inside, politely, then hard; a container that is over has none. Raises EngineFailed.

        Nothing more can be read: the engine would wait for who reads no more before it tells of any end.
        """
        self.close()
        script = ("/bin/sh", "-c", _END, "sh", f"{MARK}={self._request.mark}", str(END_SECONDS * 10))
        request = ExecRequest(script, "/", self._request.user, {}, "", terminal=False, stdin=False)
        try:
            with translated(self._executor.engine):
                exec_id = _created(self._executor.client, self._handle, request)
                self._executor.client.exec_start(exec_id)
        except EngineFailed:
            if isinstance(self._executor.look(self._handle), Alive):
                raise

    def close(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream._response.close()
        self._socket.close()

    def _state(self) -> dict[str, Any]:
        try:
            with translated(self._executor.engine):
                state: dict[str, Any] = self._executor.client.exec_inspect(self._id)
        except EngineFailed:
            return {}
        return state


def reading(file: str, argv: tuple[str, ...]) -> tuple[str, ...]:
    """The command with the variables of a file, which is removed first: the engine would show what it is given."""
    place = shlex.quote(file)
    script = f'set -a\n. {place}\nset +a\nrm -f {place}\nexec "$@"\n'
    return ("/bin/sh", "-c", script, "sh", *argv)


def _created(client: Any, handle: ContainerHandle, request: ExecRequest) -> str:
    env = {**request.env, **({MARK: request.mark} if request.mark else {})}
    try:
        made = client.exec_create(
            handle.container_id,
            list(request.argv),
            stdin=request.stdin,
            tty=request.terminal,
            user=":".join(map(str, user_inside(handle.engine, request.user))),
            environment=dict(env),
            workdir=request.cwd,
            detach_keys=_NO_DETACH,
        )
    except EngineNotFound as error:
        raise EngineFailed(f"the container {handle.name} is not there any more", "try again") from error
    return str(made["Id"])


def _read_ahead(stream: Any) -> bytes:
    """What the HTTP library has read beyond the engine's answer: the command's first words, on a busy machine."""
    reader = stream._response.raw._fp.fp
    return bytes(reader.peek()) if reader is not None else b""
