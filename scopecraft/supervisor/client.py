"""Asking the supervisor. A command pays a few milliseconds, and never hangs on one that does not answer."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from scopecraft.errors import SupervisorBusy, SupervisorFailed
from scopecraft.supervisor import wire
from scopecraft.supervisor.holder import Holder, read_holder

if TYPE_CHECKING:
    from scopecraft.config.paths import Home
    from scopecraft.sessions.context import Context

Heard = Callable[[str, Any], None]
SILENCE_SECONDS = 5.0  # one that lives says so once a second
_PART_BYTES = 65536


def ask(
    where: Context | Home,
    name: str,
    body: Mapping[str, Any] | None = None,
    heard: Heard | None = None,
    seconds: float | None = None,
) -> dict[str, Any]:
    """The answer to a request; `heard` gets what is told before it.

    It may take as long as it takes while the supervisor shows signs of life; `seconds` limits it altogether. Raises
    what was raised over there, and SupervisorFailed when it is not up, hangs up, is silent or takes too long.
    """
    line = wire.request_line(name, body or {})
    deadline = None if seconds is None else time.monotonic() + seconds
    with _connected(_home_of(where), patience_seconds=SILENCE_SECONDS) as (channel, holder):
        try:
            channel.settimeout(SILENCE_SECONDS)
            channel.sendall(line)
            return _answer(_lines(channel, deadline), heard)
        except TimeoutError as error:
            raise _silent(holder, deadline) from error
        except OSError as error:
            raise _hung_up() from error


def is_up(where: Context | Home) -> bool:
    """Whether somebody listens, in about a millisecond; one that is stopped counts, until it is asked."""
    try:
        with _connected(_home_of(where)):
            return True
    except SupervisorBusy:
        return True
    except SupervisorFailed:
        return False


def poke(where: Context | Home) -> None:
    """Something may have changed: it looks at once where it is up. Never waits and never fails."""
    try:
        with _connected(_home_of(where)) as (channel, _):
            channel.send(wire.request_line("wake", {}))
    except (SupervisorFailed, OSError):
        return


def _home_of(where: Any) -> Home:
    # told by the attribute: importing either class would cost more than asking does
    home: Home = where if hasattr(where, "root") else where.home
    return home


@contextmanager
def _connected(home: Home, *, patience_seconds: float = 0.0) -> Iterator[tuple[socket.socket, Holder]]:
    """A channel, which waits for room in the line of callers only. Raises SupervisorFailed when nobody listens."""
    holder = read_holder(home)
    if holder is None or not holder.socket:
        raise _not_up(home)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        # the system's own limit: for Unix sockets Python's would not wait at all
        channel.setblocking(patience_seconds > 0)
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(patience_seconds), 0))
        try:
            channel.connect(holder.socket)
        except BlockingIOError as error:
            silent = _silent(holder, None)
            raise SupervisorBusy(silent.message, silent.hint) from error
        except OSError as error:
            raise _not_up(home) from error
        if peer_uid(channel) not in (holder.owner, 0):
            raise SupervisorFailed(f"somebody else listens at {holder.socket}", "remove it, then: sc up")
        channel.setblocking(False)
        yield channel, holder


def peer_uid(channel: socket.socket) -> int:
    """Who was there when the connection was made, as the kernel says."""
    data = channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", data)[1])


def _answer(lines: Iterator[bytes], heard: Heard | None) -> dict[str, Any]:
    for line in lines:
        message = _message(line)
        if "error" in message:
            raise wire.error_of(message["error"])
        if "answer" in message:
            answer: dict[str, Any] = message["answer"]
            return answer
        for kind, data in message.get("told", {}).items():
            if heard is not None:
                heard(kind, data)
    raise _hung_up()


def _message(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError as error:
        raise _hung_up() from error
    if not isinstance(message, dict):
        raise _hung_up()
    return message


def _lines(channel: socket.socket, deadline: float | None) -> Iterator[bytes]:
    """Whole lines but empty ones, until it hangs up. Raises TimeoutError after a silence, or at the deadline."""
    parts: list[bytes] = []
    while True:
        left = SILENCE_SECONDS if deadline is None else min(SILENCE_SECONDS, deadline - time.monotonic())
        if left <= 0:
            raise TimeoutError
        channel.settimeout(left)
        part = channel.recv(_PART_BYTES)
        if not part:
            return
        if b"\n" not in part:
            parts.append(part)
            continue
        *whole, rest = b"".join((*parts, part)).split(b"\n")
        parts = [rest]
        yield from (line for line in whole if line)


def _not_up(home: Home) -> SupervisorFailed:
    return SupervisorFailed(f"no supervisor of {home.root} is up", "start it with: sc up")


def _silent(holder: Holder, deadline: float | None) -> SupervisorFailed:
    if deadline is not None and time.monotonic() >= deadline:
        return SupervisorFailed("the supervisor did not answer in time", "what it does: sc status")
    return SupervisorFailed(
        f"the supervisor (pid {holder.pid}) does not answer",
        f"`kill -KILL {holder.pid}` ends it, `sc up` starts another; what runs in sessions goes on",
    )


def _hung_up() -> SupervisorFailed:
    return SupervisorFailed("the supervisor hung up before it answered", "what it says of itself: sc status")
