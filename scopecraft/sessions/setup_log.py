"""The log of a set-up: `logs/setup.log` of the mission, safe for `cat`, and the same lines for who watches."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from scopecraft.atomic import private_folder, storage_failed
from scopecraft.config.secrets import Secrets
from scopecraft.model.text import clean

MOST_BYTES = 16 * 1024**2
LONGEST_LINE = 4000
LAST_LINES = 12


class SetupLog:
    """Takes bytes as they come; a line is written and told when it is whole. Raises StorageFailed."""

    def __init__(self, path: Path, hear: Callable[[str], None], secrets: Secrets) -> None:
        self.path = path
        self._hear, self._secrets = hear, secrets
        self._half = b""
        self._written = 0
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        private_folder(self.path.parent)
        try:
            self.path.unlink(missing_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._file = os.fdopen(os.open(self.path, flags, 0o600), "wb", buffering=0)
        except OSError as error:
            raise storage_failed(error, self.path) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def begin(self, command: str) -> None:
        self._last.clear()
        self._tell(f"$ {command}".replace("\n", "\n> "))

    def feed(self, data: bytes) -> None:
        *whole, self._half = (self._half + data).split(b"\n")
        for line in whole:
            self._line(line)
        if len(self._half) > LONGEST_LINE * 4:
            self._line(self._half)
            self._half = b""

    def finish(self, code: int | None) -> None:
        """What stands there without an end is a line too."""
        if self._half:
            self._line(self._half)
            self._half = b""
        if code != 0:
            self._tell("ended at its time limit" if code is None else f"exit code {code}")

    def last_words(self) -> str:
        return "\n".join(self._last)

    def _line(self, data: bytes) -> None:
        # of a line that was written over, as a bar that grows is, the last state counts
        text = data.decode("utf-8", "replace").rstrip("\r").rpartition("\r")[2]
        shown = clean(self._secrets.redact(text))[:LONGEST_LINE]
        if shown.strip():
            self._last.append(shown)
        self._tell(shown)

    def _tell(self, text: str) -> None:
        line = clean(text)
        data = line.encode("utf-8", "replace") + b"\n"
        if self._written > MOST_BYTES:
            return
        self._written += len(data)
        if self._written > MOST_BYTES:
            line, data = "… more was printed than is kept", "… more was printed than is kept\n".encode()
        self._hear(line)
        if self._file is not None:
            try:
                self._file.write(data)
            except OSError as error:
                raise storage_failed(error, self.path) from error
