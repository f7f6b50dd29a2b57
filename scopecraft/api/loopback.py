"""The port of 127.0.0.1 where a home answers: that of last time, so that a page that was kept comes back."""

from __future__ import annotations

import logging
import socket
from contextlib import suppress
from pathlib import Path

from scopecraft.atomic import replace_file
from scopecraft.config.paths import Home
from scopecraft.errors import Refused, StorageFailed

PORT = 4000
PORT_FILE = "http.port"
_UNPRIVILEGED = 1024
_LONGEST = 8  # characters of the file
_BACKLOG = 128
_log = logging.getLogger(__name__)


def listen_at(port: int) -> socket.socket:
    """On 127.0.0.1 and nowhere else, so that neither the network nor a container gets there.

    Raises Refused where that port cannot be had; 0 is a free one.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        problem = error.strerror or str(error)
        raise Refused(f"cannot listen at 127.0.0.1:{port}: {problem}", "another port: sc serve --port N") from error
    return listening


def listen_as_usual(home: Home) -> socket.socket:
    """At the home's last port, else the usual one, else a free one; it is the home's port from now on."""
    last = _last_port(home)
    for port in dict.fromkeys((last or PORT, PORT)):
        with suppress(Refused):
            return _remembered(home, listen_at(port), last)
    return _remembered(home, listen_at(0), last)


def _last_port(home: Home) -> int | None:
    try:
        with _file(home).open(encoding="ascii") as file:
            port = int(file.read(_LONGEST))
    except (OSError, ValueError):
        return None
    return port if _UNPRIVILEGED <= port < 65536 else None


def _remembered(home: Home, listening: socket.socket, last: int | None) -> socket.socket:
    port = listening.getsockname()[1]
    if port != last:
        try:
            replace_file(_file(home), b"%d\n" % port, is_durable=False)
        except StorageFailed as error:  # it answers all the same
            _log.warning("%s", error)
    return listening


def _file(home: Home) -> Path:
    return home.config / PORT_FILE
