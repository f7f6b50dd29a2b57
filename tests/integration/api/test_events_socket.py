"""What happens, told over the WebSocket: in order, each thing once, whatever becomes of the connection."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import replace

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection

from scopecraft.api.bounds import Bounds
from scopecraft.config.paths import home_of, make_home
from scopecraft.model.event import Event
from scopecraft.state.store import Store
from tests.support.served import DEFAULT, Served, served
from tests.support.sessions import AT
from tests.support.socket_client import heard, joined
from tests.support.wait import until


def happen(store: Store, *numbers: int) -> None:
    """Things that bear a number each."""
    store.append(*(Event(0, AT, "queue_changed", data={"number": number}) for number in numbers))


def told(channel: ClientConnection, count: int) -> list[tuple[int, int]]:
    """The next so many: their places in the journal, and their numbers."""
    found: list[tuple[int, int]] = []
    while len(found) < count:
        found += [(event["seq"], event["data"]["number"]) for event in heard(channel, "events")]
    return found


def test_what_another_process_writes_is_told_in_its_order(house: Served, store: Store) -> None:
    with joined(house) as channel:
        heard(channel, "hello")
        for number in range(5):
            happen(store, number)
        assert [number for _, number in told(channel, 5)] == [0, 1, 2, 3, 4]


def test_who_comes_back_gets_what_was_missed_and_nothing_twice(house: Served, store: Store) -> None:
    with joined(house) as channel:
        heard(channel, "hello")
        happen(store, 1, 2)
        place, _ = told(channel, 2)[-1]
    happen(store, *range(3, 1300))  # more than one page
    with joined(house, f"/ws/events?after={place}") as channel:
        happen(store, 1300)
        assert [number for _, number in told(channel, 1298)] == list(range(3, 1301))


def test_a_place_from_before_the_server_began_is_read_from_the_journal(store: Store, house: Served) -> None:
    happen(store, *range(2500))  # more than is kept in memory, too
    with joined(house, "/ws/events?after=0") as channel:
        heard(channel, "hello")
        assert [number for _, number in told(channel, 2500)] == list(range(2500))


@pytest.mark.parametrize("after", ["999999999", "-5"])
def test_a_place_that_is_none_begins_now(house: Served, store: Store, after: str) -> None:
    happen(store, 1)
    with joined(house, f"/ws/events?after={after}") as channel:
        heard(channel, "hello")
        happen(store, 2)
        assert [number for _, number in told(channel, 1)] == [2]


def test_what_a_client_should_not_say_is_passed_over(house: Served, store: Store) -> None:
    with joined(house) as channel:
        heard(channel, "hello")
        for nonsense in ("", "{", "[]", '{"follow": 3}', '{"follow": {"session": "../x", "offset": -1}}', "9" * 5000):
            channel.send(nonsense)
        happen(store, 1)
        assert told(channel, 1)[0][1] == 1


def test_a_client_that_does_not_read_is_dropped_and_slows_nobody() -> None:
    make_home(home_of(os.environ))
    with (
        served(replace(DEFAULT, bounds=Bounds(send_seconds=0.5))) as house,
        Store.open(house.home.root) as store,
        joined(house) as quick,
        deaf(house),
    ):
        heard(quick, "hello")
        big = "x" * 20_000
        for number in range(100):
            store.append(*(Event(0, AT, "queue_changed", data={"number": number, "text": big}) for _ in range(5)))
            assert {found for _, found in told(quick, 5)} == {number}
        until(lambda: house.surface.health()["viewers"] == 1, what="the one that does not read is dropped")


class deaf:
    """A client that says who it is and then reads nothing."""

    def __init__(self, house: Served) -> None:
        self._house = house

    def __enter__(self) -> socket.socket:
        channel = self._channel = socket.socket()
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        channel.connect(("127.0.0.1", self._house.surface.port))
        lines = (
            f"GET /ws/events HTTP/1.1\r\nHost: 127.0.0.1:{self._house.surface.port}\r\n"
            f"Authorization: {self._house.client.headers['Authorization']}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        channel.sendall(lines.encode())
        assert channel.recv(12) == b"HTTP/1.1 101"
        return channel

    def __exit__(self, *_: object) -> None:
        self._channel.close()


def test_twenty_tabs_hear_the_same(house: Served, store: Store) -> None:
    heard_by: list[list[int]] = []
    ready = threading.Barrier(21)

    def look_on() -> None:
        with joined(house) as channel:
            heard(channel, "hello")
            ready.wait(20)
            heard_by.append([number for _, number in told(channel, 50)])

    tabs = [threading.Thread(target=look_on) for _ in range(20)]
    for tab in tabs:
        tab.start()
    ready.wait(20)
    for number in range(50):
        happen(store, number)
    for tab in tabs:
        tab.join(20)
    assert heard_by == [list(range(50))] * 20


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""},
        {"Authorization": "Bearer wrong"},
        {"Origin": "http://evil.example"},
        {"Host": "evil.example"},
        {"Origin": "null"},
    ],
)
@pytest.mark.parametrize("path", ["/ws/events", "/ws/terminal/r-1"])
def test_a_page_of_another_origin_or_a_stranger_gets_no_socket(
    house: Served, headers: dict[str, str], path: str
) -> None:
    with pytest.raises(InvalidStatus) as refused, joined(house, path, **headers):
        pass
    assert refused.value.response.status_code == 403
