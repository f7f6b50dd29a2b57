"""Who writes into a terminal: one at a time, and everybody knows who."""

from __future__ import annotations

import pytest

from scopecraft.api.terminal_flow import whole_characters
from scopecraft.api.terminal_messages import Message, SizeSaid, message_of
from scopecraft.api.terminal_seats import MOST_SEATS, Seats, client_name
from scopecraft.errors import BadInput, Refused

AT, LATER = "2026-03-01T10:00:00.000Z", "2026-03-01T10:05:00.000Z"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 Version/19.0 Mobile Safari/604.1"


def test_a_second_one_is_told_who_writes_and_may_take_over() -> None:
    seats = Seats()
    one, other = seats.sit("r-1", "Chrome on Linux"), seats.sit("r-1", "Firefox on Windows")
    seats.take(one, AT, over=False)
    seats.take(other, LATER, over=False)
    assert seats.is_writer(one)
    assert seats.told(other) == {"mine": False, "by": "Chrome on Linux", "since": AT, "watchers": 2}
    seats.take(other, LATER, over=True)
    assert seats.told(one) == {"mine": False, "by": "Firefox on Windows", "since": LATER, "watchers": 2}
    assert seats.told(other)["mine"]


def test_whoever_begins_or_ceases_to_write_turns_and_nobody_else() -> None:
    seats = Seats()
    one, other, third = (seats.sit("r-1", name) for name in "abc")
    seats.take(one, AT, over=False)
    assert [each.turned.is_set() for each in (one, other, third)] == [True, False, False]
    one.turned.clear()
    seats.take(one, AT, over=True)
    assert not one.turned.is_set()
    seats.take(other, AT, over=True)
    assert [each.turned.is_set() for each in (one, other, third)] == [True, True, False]


def test_whoever_leaves_writes_no_more() -> None:
    seats = Seats()
    one, other = seats.sit("r-1", "one"), seats.sit("r-1", "other")
    seats.take(one, AT, over=False)
    other.news.clear()
    seats.leave(one)
    assert other.news.is_set()
    assert seats.told(other) == {"mine": False, "by": None, "since": None, "watchers": 1}


def test_terminals_of_different_sessions_have_different_writers() -> None:
    seats = Seats()
    one, other = seats.sit("r-1", "one"), seats.sit("r-2", "other")
    one.news.clear()
    seats.take(other, AT, over=False)
    assert not one.news.is_set()
    seats.take(one, AT, over=False)
    assert seats.is_writer(one)
    assert seats.is_writer(other)


def test_there_are_so_many_seats_and_one_that_is_left_is_free() -> None:
    seats = Seats()
    taken = [seats.sit("r-1", "tab") for _ in range(MOST_SEATS)]
    with pytest.raises(Refused, match="terminals are open already"):
        seats.sit("r-2", "tab")
    seats.leave(taken[0])
    seats.sit("r-2", "tab")


@pytest.mark.parametrize(
    ("said", "name"),
    [(CHROME, "Chrome on Linux"), (SAFARI, "Safari on iPhone"), ("watcher/1", "watcher"), ("", "a program")],
)
def test_a_browser_is_called_what_a_person_calls_it(said: str, name: str) -> None:
    assert client_name(said) == name


def test_a_name_that_a_program_gives_itself_steers_nothing() -> None:
    assert "\x1b" not in client_name("\x1b]0;x\x07" + "y" * 999)
    assert len(client_name("y" * 999)) <= 60


def test_messages_say_what_they_say_and_nothing_else() -> None:
    assert message_of('{"size": {"cols": 80, "rows": 24}}') == Message(size=SizeSaid(cols=80, rows=24))
    for wrong in ("", "7", "{", '{"ack": -1}', '{"ack": "7"}', '{"size": {"cols": 0, "rows": 1}}', '{"run": "ls"}'):
        with pytest.raises(BadInput):
            message_of(wrong)


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        (b"", 0),
        (b"ab", 2),
        ("ä".encode(), 2),
        (b"a\xc3", 1),
        (b"a\xe6\xbc", 1),
        (b"\xf0\x9f\x99", 0),
        (b"\xbc\xbc\xbc\xbc", 4),
    ],
)
def test_a_character_that_is_cut_in_two_waits_for_its_rest(typed: bytes, whole: int) -> None:
    assert whole_characters(typed) == whole
    assert whole_characters("é漢🙂".encode()) == 9
