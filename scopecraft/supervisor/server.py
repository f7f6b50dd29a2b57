"""The socket that other processes talk to: a thread for each caller, so that none waits for another."""

from __future__ import annotations

import logging
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scopecraft.errors import BadInput, ScopecraftError, StorageFailed, SupervisorFailed
from scopecraft.supervisor import wire
from scopecraft.supervisor.client import peer_uid
from scopecraft.supervisor.handling import Handler

SOCKET = "supervisor.sock"
MAX_CALLERS = 256
REQUEST_SECONDS = 10  # for a request to arrive
LAST_WORDS_SECONDS = 0.3
SEND_SECONDS = 10  # for a caller to read what it is told
_BACKLOG = 512
_PART_BYTES = 65536
_log = logging.getLogger(__name__)


class Connection:
    """One caller; a Caller for handlers. Everything that is sent to them goes through here."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._sending = threading.Lock()
        self._is_lost = False
        # Limits of the system, since those of Python would turn each call into a wait
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", REQUEST_SECONDS, 0))
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_SECONDS, 0))

    def tell(self, kind: str, data: Any) -> None:
        self.send(wire.line_of({"told": {kind: data}}))

    @property
    def is_gone(self) -> bool:
        if self._is_lost:
            return True
        try:
            return not self._channel.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def send(self, line: bytes) -> None:
        with self._sending:
            if not self._is_lost:
                self._send_all(line)

    def _send_all(self, line: bytes) -> None:
        try:
            self._channel.sendall(line)
        except OSError:  # gone, or it does not read
            self._is_lost = True

    def beat(self) -> None:
        """Say that we live, unless something is being said just now."""
        if self._sending.acquire(blocking=False):
            try:
                self._channel.send(wire.BEAT, socket.MSG_DONTWAIT)
            except BlockingIOError:  # it has a lot to read yet
                pass
            except OSError:
                self._is_lost = True
            finally:
                self._sending.release()

    def request(self) -> bytes:
        """The line that asks; empty when nobody does. Raises BadInput for one without an end."""
        deadline = time.monotonic() + REQUEST_SECONDS
        line = bytearray()
        while not line.endswith(b"\n"):
            if len(line) > wire.MAX_REQUEST_BYTES or time.monotonic() > deadline:
                raise BadInput("the request is too long, or came too slowly", "one line, within ten seconds")
            try:
                part = self._channel.recv(_PART_BYTES)
            except OSError:
                return b""
            if not part:
                return b""
            line += part
        return bytes(line)


@dataclass(frozen=True, slots=True)
class _Listening:
    path: Path
    channel: socket.socket
    file: os.stat_result

    @property
    def is_found(self) -> bool:
        try:
            return os.path.samestat(self.file, self.path.lstat())
        except OSError:
            return False

    def close(self) -> None:
        with suppress(OSError):
            self.channel.shutdown(socket.SHUT_RDWR)  # wakes whoever waits for callers
        self.channel.close()


def _listen(path: Path) -> _Listening:
    """What lies at the path is a dead one's."""
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        channel.bind(str(path))
        path.chmod(0o600)  # nobody else gets into the folder, in between either
        channel.listen(_BACKLOG)
        return _Listening(path, channel, path.lstat())
    except OSError as error:
        channel.close()
        raise StorageFailed(f"cannot listen at {path}: {error.strerror or error}") from error


class Server:
    """Listens from `listen` to `close`, answers from `start` on; callers that come in between wait.

    Requests that nobody handles yet wait for `complete`.

    `folder` gives the runtime folder, made when missing.
    """

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder
        self._listening: _Listening | None = None
        self._handlers: Mapping[str, Handler] | None = None
        self._callers: set[Connection] = set()
        self._room = threading.Semaphore(MAX_CALLERS)
        self._is_complete = threading.Event()
        self._closed = threading.Event()

    def listen(self) -> Path:
        """Where it listens from now on, and nowhere else; for whoever holds the home's lock. Raises StorageFailed."""
        former, self._listening = self._listening, _listen(self._folder() / SOCKET)
        if former is not None:
            former.close()
        if self._handlers is not None:
            self._take_up_callers()
        return self._listening.path

    @property
    def is_found(self) -> bool:
        """Whether the path where it listens still leads here: a runtime folder goes when its person logs out."""
        return self._listening is not None and self._listening.is_found

    def start(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers
        self._take_up_callers()
        threading.Thread(target=self._beat, name="beat", daemon=True).start()

    def complete(self, handlers: Mapping[str, Handler]) -> None:
        """The rest of what it answers; what was there before goes first."""
        self._handlers = {**handlers, **(self._handlers or {})}
        self._is_complete.set()

    def close(self) -> None:
        """Who is being answered just now gets the answer; whoever still waits is hung up on with the process."""
        self._closed.set()
        if self._listening is not None:
            if self._listening.is_found:
                with suppress(OSError):
                    self._listening.path.unlink()
            self._listening.close()
        deadline = time.monotonic() + LAST_WORDS_SECONDS
        while self._callers and time.monotonic() < deadline:
            time.sleep(0.01)

    def _take_up_callers(self) -> None:
        threading.Thread(target=self._accept, args=(self._listening,), name="accept", daemon=True).start()

    def _accept(self, listening: _Listening) -> None:
        while listening is self._listening and not self._closed.is_set():
            self._room.acquire()
            try:
                channel, _ = listening.channel.accept()
                threading.Thread(target=self._serve, args=(channel,), name="caller", daemon=True).start()
            except (OSError, RuntimeError) as error:  # the latter where no thread can be had
                self._room.release()
                if listening is self._listening and not self._closed.is_set():
                    _log.warning("no caller can be taken up: %s", error)
                    self._closed.wait(0.2)  # too many open files, say: not over and over

    def _serve(self, channel: socket.socket) -> None:
        try:
            with channel:
                if peer_uid(channel) in (os.getuid(), 0):
                    self._hear(Connection(channel))
        except OSError:  # gone already
            pass
        finally:
            self._room.release()

    def _hear(self, caller: Connection) -> None:
        self._callers.add(caller)
        try:
            self._converse(caller)
        finally:
            self._callers.discard(caller)

    def _converse(self, caller: Connection) -> None:
        """The border to other processes: they get an answer or an error, whatever happens."""
        try:
            line = caller.request()
            if line:
                name, body = wire.parse_request(line)
                caller.send(wire.line_of({"answer": dict(self._handler(name)(caller, body))}))
        except ScopecraftError as error:
            caller.send(wire.line_of(wire.error_message(error)))
        # One of the two places here that may catch everything: a fault of one request ends that request.
        except Exception as error:  # noqa: BLE001
            _log.exception("a request failed by a fault of scopecraft itself")
            told = SupervisorFailed(f"internal error: {type(error).__name__}: {error}", "its log has more: sc status")
            caller.send(wire.line_of(wire.error_message(told)))

    def _handler(self, name: str) -> Handler:
        if name not in (self._handlers or {}):
            self._is_complete.wait()
        handler = (self._handlers or {}).get(name)
        if handler is None:
            raise SupervisorFailed(
                f"this supervisor does not know the request {name!r}",
                "if it is of another version than this command: sc down, then sc up",
            )
        return handler

    def _beat(self) -> None:
        while not self._closed.wait(wire.BEAT_SECONDS):
            for caller in tuple(self._callers):
                caller.beat()
