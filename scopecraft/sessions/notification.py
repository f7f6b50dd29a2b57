"""What a person is told of an event: whether at all, in which words, and by which command line. Pure.

Every word that is filled in begins with one of ours, so that no text of an agent can become an option of the command,
or the name of a file that it reads.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from scopecraft.model.event import Event
from scopecraft.model.event_words import said_of
from scopecraft.model.text import clean_line
from scopecraft.sessions.journal import JournalEntry, entry_dict

FAILED = "notify_failed"  # code of the alert that says that telling did not work, of which nobody is told that way
LONGEST_TEXT = 300
_PLACEHOLDER = re.compile(r"\{(title|text|event|task|session)\}")
_ON = {"session_waiting": "waiting", "gate_opened": "waiting", "session_ended": "ended", "alert_raised": "alert"}
_MANY = {
    "session_waiting": "wait for you",
    "gate_opened": "wait for your review",
    "turn_interrupted": "at a limit",
    "session_ended": "ended",
    "alert_raised": "alerts",
}
# After these an agent works; before, and until the next of them, an interrupt explains why it does not.
_WORK_BEGINS = frozenset({"session_started", "session_resumed", "message_sent", "question_answered"})


@dataclass(frozen=True, slots=True)
class Notification:
    title: str
    text: str
    event: str
    task: str
    session: str
    document: dict[str, Any]  # for the command's standard input


def is_wanted(event: Event, on: Collection[str]) -> bool:
    """By what the event itself says. An interrupt at a limit leaves the session waiting for the person."""
    if event.kind == "turn_interrupted":
        return "waiting" in on and event.data.get("reason") == "limit"
    return _ON.get(event.kind) in on and event.data.get("code") != FAILED


def is_own_interrupt(event: Event, of_session: Sequence[Event]) -> bool:
    """Whether the agent is idle because the person interrupted it; `of_session`: its events, in order.

    Who looks at the agent may be quicker than who records the interrupt.
    """
    if event.kind != "session_waiting" or event.data.get("reason") != "idle":
        return False
    for earlier in reversed([other for other in of_session if other.seq < event.seq]):
        if earlier.kind == "turn_interrupted":
            return True
        if earlier.kind in _WORK_BEGINS:
            break
    later = next((other for other in of_session if other.seq > event.seq and other.kind != "alert_raised"), None)
    return later is not None and later.kind == "turn_interrupted"


def notification_of(entry: JournalEntry) -> Notification:
    event, task = entry.event, clean_line(entry.task or "", 80)
    said = said_of(event, entry.outcome)
    text = clean_line(str(said), LONGEST_TEXT)
    title = f"{task} {_state(event, clean_line(said.what, 40))}" if task else clean_line(said.what, 40)
    return Notification(title, text, event.kind, task, event.session_id or "", entry_dict(entry) | _words(title, text))


def _state(event: Event, what: str) -> str:
    if event.kind not in ("session_waiting", "turn_interrupted"):
        return "has an alert" if event.kind == "alert_raised" else what
    reason = str(event.data.get("reason"))
    return "is idle" if reason == "idle" else f"waits: {clean_line(reason, 40)}"


def summary_of(entries: Sequence[JournalEntry]) -> Notification:
    """One word on many events, which nobody would read one by one."""
    counts = Counter(entry.event.kind for entry in entries)
    text = ", ".join(f"{count} {_MANY[kind]}" for kind, count in sorted(counts.items(), key=lambda item: -item[1]))
    title = f"{len(entries)} things happened"
    first, last = entries[0].event, entries[-1].event
    document = {"kind": "summary", "at": last.at, "first": first.seq, "last": last.seq, "counts": dict(counts)}
    return Notification(title, text, "summary", "", "", document | _words(title, text))


def filled_in(command: Sequence[str], told: Notification) -> list[str]:
    """The command line: each argument on its own, and what was filled in is not looked at again."""
    return [_PLACEHOLDER.sub(lambda found: str(getattr(told, found[1])), argument) for argument in command]


def _words(title: str, text: str) -> dict[str, Any]:
    return {"title": title, "text": text}
