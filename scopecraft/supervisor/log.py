"""What the supervisor writes about itself: `supervisor.log` in the home, private and of limited size."""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from scopecraft.atomic import storage_failed
from scopecraft.config.paths import Home
from scopecraft.model import clock
from scopecraft.model.text import clean

LOG = "supervisor.log"
MAX_BYTES = 4 * 1024 * 1024
OLDER_FILES = 2
_TAIL_BYTES = 65536


def log_path(home: Home) -> Path:
    return home.root / LOG


@contextmanager
def logging_to(home: Home) -> Iterator[None]:
    """Everything that is logged in this process goes to the home's log, and to standard error unless that is the log.

    Of libraries only warnings. Raises StorageFailed.
    """
    handlers = [_file_handler(log_path(home))]
    if not _is_log(sys.stderr, log_path(home)):
        handlers.append(logging.StreamHandler(sys.stderr))
    for handler in handlers:
        handler.setFormatter(_Formatter())
        logging.root.addHandler(handler)
    logging.getLogger("scopecraft").setLevel(logging.INFO)
    before, threading.excepthook = threading.excepthook, _log_thread
    # a full disk, a closed terminal: what cannot be logged ends nothing, and is not complained about either
    complained, logging.raiseExceptions = logging.raiseExceptions, False
    try:
        yield
    finally:
        threading.excepthook, logging.raiseExceptions = before, complained
        for handler in handlers:
            logging.root.removeHandler(handler)
            handler.close()


def log_size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def last_lines(path: Path, count: int, *, after: int = 0) -> list[str]:
    """The last lines of a log, made safe to show; only those written beyond `after` bytes."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            # a smaller file is a new one
            file.seek(max(size - _TAIL_BYTES, after if after <= size else 0))
            return clean(file.read().decode(errors="backslashreplace")).splitlines()[-count:]
    except OSError:
        return []


class _PrivateFile(RotatingFileHandler):
    def _open(self) -> io.TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace")


class _Formatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002 - logging's signature
        return clock.to_text(datetime.fromtimestamp(record.created, UTC))

    def format(self, record: logging.LogRecord) -> str:
        # a further line of the same record stands under its first one
        return clean(super().format(record)).replace("\n", "\n    ")


def _file_handler(path: Path) -> logging.Handler:
    try:
        return _PrivateFile(path, maxBytes=MAX_BYTES, backupCount=OLDER_FILES, encoding="utf-8")
    except OSError as error:
        raise storage_failed(error, path) from error


def _is_log(stream: TextIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except (OSError, ValueError):
        return False


def _log_thread(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None:
        name = failed.thread.name if failed.thread else "?"
        logging.getLogger(__name__).error("thread %s ended by a fault", name, exc_info=failed.exc_value)
