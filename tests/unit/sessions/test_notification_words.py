"""Who is told what: titles, texts, and when a person is left in peace."""

from __future__ import annotations

from typing import Any

import pytest

from scopecraft.model.event import Event, EventKind
from scopecraft.model.session import Failed, Outcome
from scopecraft.sessions.journal import JournalEntry
from scopecraft.sessions.notification import filled_in, is_own_interrupt, is_wanted, notification_of, summary_of
from tests.support.sessions import AT

ALL = ("waiting", "ended", "alert")


def event(seq: int, kind: EventKind, **data: Any) -> Event:
    return Event(seq, AT, kind, "m-1", "r-1", data)


def entry(kind: EventKind, how: Outcome | None = None, task: str | None = "fix-login", **data: Any) -> JournalEntry:
    return JournalEntry(event(1, kind, **data), task, "shop", how)


@pytest.mark.parametrize(
    ("about", "title", "text"),
    [
        (
            entry("session_waiting", reason="permission", detail="Bash: rm -r build"),
            "fix-login waits: permission",
            "waits for your permission: Bash: rm -r build",
        ),
        (entry("session_waiting", reason="idle"), "fix-login is idle", "idle: its turn is over"),
        (
            entry("turn_interrupted", by="the cost limit", reason="limit"),
            "fix-login waits: limit",
            "turn interrupted: by the cost limit",
        ),
        (entry("session_ended", Failed("no key"), outcome="failed"), "fix-login failed", "failed: no key"),
        (entry("session_ended", outcome="timed_out"), "fix-login timed out", "timed out"),
        (
            entry("alert_raised", text="-d @/etc/passwd\x1b[2J"),
            "fix-login has an alert",
            r"alert: -d @/etc/passwd\x1b[2J",
        ),
        (entry("alert_raised", task=None, text="the disk is full"), "alert", "alert: the disk is full"),
    ],
)
def test_a_notification_is_short_and_begins_with_our_own_words(about: JournalEntry, title: str, text: str) -> None:
    told = notification_of(about)
    assert (told.title, told.text) == (title, text)
    assert told.document["title"] == title and told.document["data"] == dict(about.event.data)


def test_arguments_are_filled_in_one_by_one_and_once() -> None:
    told = notification_of(entry("alert_raised", text="{session} $(date) 'x'"))
    command = ["say", "{title}: {text}", "{event}/{task}/{session}", "{other}", "{}"]
    assert filled_in(command, told) == [
        "say",
        "fix-login has an alert: alert: {session} $(date) 'x'",
        "alert_raised/fix-login/r-1",
        "{other}",
        "{}",
    ]


def test_only_what_is_wanted_is_told() -> None:
    assert is_wanted(event(1, "session_waiting", reason="idle"), ALL)
    assert not is_wanted(event(1, "session_waiting", reason="idle"), ("ended",))
    assert not is_wanted(event(1, "session_started"), ALL)
    assert is_wanted(event(1, "turn_interrupted", reason="limit"), ALL)
    assert not is_wanted(event(1, "turn_interrupted", by="sc interrupt", reason="idle"), ALL)
    assert not is_wanted(event(1, "alert_raised", code="notify_failed"), ALL)


def test_a_person_who_interrupted_the_agent_is_not_told_that_it_is_idle() -> None:
    idle = event(5, "session_waiting", reason="idle")
    begun = event(2, "session_resumed")
    assert is_own_interrupt(idle, [begun, event(3, "turn_interrupted"), event(4, "alert_raised"), idle])
    assert is_own_interrupt(idle, [begun, idle, event(6, "turn_interrupted")])
    assert not is_own_interrupt(idle, [begun, idle])
    assert not is_own_interrupt(idle, [event(1, "turn_interrupted"), begun, idle])
    assert not is_own_interrupt(event(5, "session_waiting", reason="permission"), [event(3, "turn_interrupted")])


def test_many_events_become_one_word() -> None:
    entries = [entry("session_ended") for _ in range(40)] + [entry("alert_raised") for _ in range(20)]
    told = summary_of(entries)
    assert told.title == "60 things happened"
    assert told.text == "40 ended, 20 alerts"
