"""Something at an engine's socket that takes every connection and never answers, as a stopped dockerd does."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self


class SilentEngine:
    """With `says`, it answers everybody with these bytes and hangs up."""

    def __init__(self, path: Path, says: bytes | None = None) -> None:
        self.address = f"unix://{path}"
        self._says = says
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen(64)
        self._callers: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(5)
        for caller in self._callers:
            caller.close()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._server.accept()
            except OSError:
                return
            if self._says is None:
                self._callers.append(caller)
                continue
            with contextlib.suppress(OSError), caller:
                caller.recv(1 << 16)
                caller.sendall(self._says)
