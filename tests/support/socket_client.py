"""A program at the server's WebSockets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.support.served import Served


@contextmanager
def joined(house: Served, path: str = "/ws/events", **headers: str) -> Iterator[ClientConnection]:
    """It shows the token, and no Origin, as programs do; `headers` come beside or instead."""
    shown = {"Authorization": house.client.headers["Authorization"], **headers}
    address = house.address.replace("http", "ws", 1) + path
    with connect(address, additional_headers={key: value for key, value in shown.items() if value}) as channel:
        yield channel


def heard(channel: ClientConnection, kind: str, seconds: float = 10) -> Any:
    """The next message of that kind; others are passed over."""
    while True:
        message = json.loads(channel.recv(timeout=seconds))
        if kind in message:
            return message[kind]
