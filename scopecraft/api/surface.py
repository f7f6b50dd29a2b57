"""HTTP beside the supervisor: its sockets are there at once, and the app is loaded when somebody knocks.

Most homes are never looked at in a browser: they pay two sockets, and no library.
"""

from __future__ import annotations

import logging
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scopecraft.api.bounds import Bounds
from scopecraft.api.loopback import listen_as_usual, listen_at
from scopecraft.config.paths import runtime_folder
from scopecraft.errors import ScopecraftError, StorageFailed
from scopecraft.sessions.context import Context
from scopecraft.supervisor.handling import Caller, Handler
from scopecraft.supervisor.process import NoSurface, Surface

if TYPE_CHECKING:
    from scopecraft.api.serving import Serving
    from scopecraft.config.settings import HttpSettings

SOCKET = "http.sock"
LOAD_SECONDS = 2.0  # the app may be loaded just now
_BACKLOG = 128
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """How it is to be reached; `port` None is the one that the home had last time, or the usual one, or a free one."""

    port: int | None
    needs_token: bool
    origins: tuple[str, ...]
    hosts: tuple[str, ...]
    bounds: Bounds = field(default_factory=Bounds)

    @classmethod
    def of(cls, settings: HttpSettings) -> HttpOptions:
        return cls(settings.port, settings.auth == "token", settings.allow_origins, settings.allow_hosts)


class HttpSurface:
    """See `supervisor.process.Surface`."""

    def __init__(self, context: Context, options: HttpOptions) -> None:
        self._context = context
        self._options = options
        self._loopback: socket.socket | None = None
        self._unix: socket.socket | None = None
        self._unix_path: Path | None = None
        self._trouble = ""
        self._loading = threading.Lock()
        self._serving: Serving | None = None
        self._is_over = False
        self._wake, self._woken = socket.socketpair()
        self._waiting = threading.Thread(target=self._wait_for_a_knock, name="knock", daemon=True)

    def begin(self) -> None:
        """Raises Refused where a port that was asked for cannot be had."""
        port = self._options.port
        self._loopback = listen_as_usual(self._context.home) if port is None else listen_at(port)
        try:
            self._unix_path = runtime_folder(self._context.home, self._context.environ) / SOCKET
            self._unix = _on_unix(self._unix_path)
        except StorageFailed as error:  # pages do without it
            self._trouble = error.message
            _log.warning("%s", error)
        if not self._options.needs_token:
            _log.warning("%s lets in every program of this machine: http.auth is none", self.address)
        _log.info("HTTP at %s, loaded when somebody asks", self.address)
        self._waiting.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        assert self._loopback is not None
        return int(self._loopback.getsockname()[1])

    def handlers(self) -> Mapping[str, Handler]:
        def link(_caller: Caller, _body: Mapping[str, Any]) -> dict[str, Any]:
            """A page's address, and a code that lets one browser in."""
            code = self._load().new_code() if self._options.needs_token else None
            return {"address": self.address, "code": code}

        return {"link": link}

    def health(self) -> dict[str, Any]:
        return {
            "address": self.address,
            "socket": str(self._unix_path) if self._unix is not None else None,
            "auth": "token" if self._options.needs_token else "none",
            "is_loaded": self._serving is not None,
            "viewers": 0 if self._serving is None else self._serving.viewers,
            "trouble": self._trouble,
        }

    def close(self) -> None:
        self._is_over = True
        with suppress(OSError):
            self._wake.send(b"x")
        if self._waiting.is_alive():
            self._waiting.join(LOAD_SECONDS)
        if self._serving is not None:
            self._serving.close()
        for each in (self._loopback, self._unix, self._wake, self._woken):
            if each is not None:
                each.close()
        if self._unix is not None and self._unix_path is not None:
            with suppress(OSError):
                self._unix_path.unlink()

    def _wait_for_a_knock(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._woken, selectors.EVENT_READ)
            for each in self._sockets():
                selector.register(each, selectors.EVENT_READ)
            selector.select()
        if not self._is_over:
            with suppress(ScopecraftError):  # told in the log, and again to whoever asks for a link
                self._load()

    def _load(self) -> Serving:
        """Raises what keeps the home's token from being read."""
        with self._loading:
            if self._serving is None:
                from scopecraft.api.serving import Serving

                began = time.monotonic()
                try:
                    self._serving = Serving.begun(self._context, self._options, self.port, self._sockets())
                except ScopecraftError as error:
                    self._trouble = error.message
                    _log.error("HTTP is not answered: %s; %s", error, error.hint)
                    raise
                _log.info("HTTP is answered after %.2f s", time.monotonic() - began)
            return self._serving

    def _sockets(self) -> list[socket.socket]:
        return [each for each in (self._loopback, self._unix) if each is not None]


def http_surface(change: Callable[[HttpOptions], HttpOptions]) -> Callable[[Context], Surface]:
    """What makes it for a supervisor, or nothing where HTTP is off; `change` is what a person said for this time."""

    def make(context: Context) -> Surface:
        settings = context.settings.http
        if settings.serve == "off":
            return NoSurface(context)
        return HttpSurface(context, change(HttpOptions.of(settings)))

    return make


def _on_unix(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            listening.bind(str(path))
        finally:
            os.umask(before)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise StorageFailed(f"cannot listen at {path}: {error.strerror or error}") from error
    return listening
