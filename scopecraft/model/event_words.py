"""Entries of the journal in words: the one table that lines, notifications and pages share. Pure.

The words follow the name of a task, as in `fix-login waits for your permission: Bash: rm -r build`. What comes from an
event's data is raw text of strangers: whoever shows it cleans it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from scopecraft.model.event import Event, EventKind
from scopecraft.model.session import Outcome, WaitingReason
from scopecraft.model.session_words import WAITING_FOR, outcome_detail

Data = Mapping[str, str | int | float | bool | None]

WORDS: dict[EventKind, str] = {
    "mission_created": "mission made",
    "mission_moved": "mission moved on",
    "gate_opened": "waits for your review",
    "gate_approved": "approved",
    "gate_rejected": "rejected",
    "step_failed": "step failed",
    "mission_completed": "complete",
    "mission_reopened": "reopened",
    "artifact_changed": "artifact changed",
    "check_ran": "check ran",
    "branch_merged": "merged",
    "branch_synced": "base brought in",
    "branch_pushed": "pushed",
    "pull_request_opened": "pull request opened",
    "mission_removed": "removed",
    "mission_restored": "restored",
    "mission_archived": "archived",
    "trash_emptied": "let go from the trash",
    "setup_ran": "set-up ran",
    "teardown_ran": "teardown ran",
    "session_created": "session made",
    "session_starting": "starts",
    "session_requeued": "back in line",
    "session_started": "started",
    "session_waiting": "waits for you",
    "session_resumed": "works on",
    "session_stop_requested": "asked to stop",
    "session_ended": "ended",
    "message_sent": "was sent a message",
    "question_asked": "asks",
    "question_answered": "got an answer",
    "turn_interrupted": "turn interrupted",
    "limit_reached": "reached a limit",
    "queue_changed": "queue changed",
    "supervisor_started": "supervisor started",
    "supervisor_stopped": "supervisor stopped",
    "commits_taken": "commits taken",
    "alert_raised": "alert",
    "state_rebuilt": "database rebuilt",
}

# What a reader looks for: each kind of event is in one group.
GROUPS: dict[str, tuple[EventKind, ...]] = {
    "needs you": ("session_waiting", "question_asked", "gate_opened", "step_failed", "limit_reached", "alert_raised"),
    "missions": (
        "mission_created",
        "mission_moved",
        "gate_approved",
        "gate_rejected",
        "mission_completed",
        "mission_reopened",
        "artifact_changed",
        "check_ran",
        "mission_removed",
        "mission_restored",
        "mission_archived",
        "trash_emptied",
    ),
    "sessions": (
        "session_created",
        "session_starting",
        "session_requeued",
        "session_started",
        "session_resumed",
        "session_stop_requested",
        "session_ended",
        "message_sent",
        "question_answered",
        "turn_interrupted",
        "setup_ran",
        "teardown_ran",
    ),
    "code": ("commits_taken", "branch_merged", "branch_synced", "branch_pushed", "pull_request_opened"),
    "home": ("queue_changed", "supervisor_started", "supervisor_stopped", "state_rebuilt"),
}
Mood = Literal["good", "bad", "asks", "idle", ""]
_MOODS: dict[EventKind, Mood] = {
    "session_waiting": "asks",
    "question_asked": "asks",
    "limit_reached": "asks",
    "alert_raised": "asks",
    "session_started": "good",
    "session_resumed": "good",
    "state_rebuilt": "bad",
}


@dataclass(frozen=True, slots=True)
class Said:
    """`what` happened, in our own words, and the `detail` of it; the latter may be empty."""

    what: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.detail}" if self.detail else self.what


def said_of(event: Event, outcome: Outcome | None = None) -> Said:
    """`outcome`: how the session ended, where that is known; the event itself holds only the word for it."""
    data = event.data
    if event.kind == "session_waiting":
        reason = cast(WaitingReason, data.get("reason"))
        return Said(WAITING_FOR.get(reason, WORDS[event.kind]), _text(data, "detail"))
    if event.kind == "session_ended":
        word = outcome.kind if outcome else _text(data, "outcome")
        return Said(word.replace("_", " ") or WORDS[event.kind], outcome_detail(outcome) if outcome else "")
    # an event of a later version has no words yet
    what = WORDS.get(event.kind, str(event.kind).replace("_", " "))
    return Said(what, _DETAILS.get(event.kind, _everything)(data))


def mood_of(event: Event) -> Mood:
    """How a reader takes it: by this its words are coloured."""
    if event.kind == "session_ended":
        return "good" if event.data.get("outcome") == "completed" else "bad"
    if event.kind == "session_waiting" and event.data.get("reason") == "idle":
        return "idle"
    return _MOODS.get(event.kind, "")


def _text(data: Data, name: str) -> str:
    value = data.get(name)
    return "" if value is None else str(value)


def _everything(data: Data) -> str:
    """`running 5, waiting 20`; what is empty or false is left out."""
    told = [
        name.replace("_", " ") if value is True else f"{name.replace('_', ' ')} {value}"
        for name, value in data.items()
        if value not in (None, "", False)
    ]
    return ", ".join(told)


def _queue(data: Data) -> str:
    """What has changed by itself is named; what a person changed says so by what it is."""
    told = _everything({name: value for name, value in data.items() if name != "change"})
    return ", ".join(part for part in (_text(data, "change"), told) if part)


def _attempt(data: Data) -> str:
    attempt = data.get("attempt")
    told = [f"attempt {attempt}"] if isinstance(attempt, int) and attempt > 1 else []
    if data.get("status") == "queued":
        told.append("in the queue")
    return ", ".join(told)


def _answer(data: Data) -> str:
    question, answer = _text(data, "question"), _text(data, "answer")
    return f"{answer} (to: {question})" if question else answer


def _commits(data: Data) -> str:
    tip = _text(data, "tip")[:12]
    count = data.get("commits") or 0
    told = [f"{count} new", f"now at {tip}" if tip else "", _text(data, "in_progress")]
    return ", ".join(part for part in told if part and part != "False")


def _commands(data: Data) -> str:
    where = "on your machine" if data.get("where") == "host" else "in a container"
    return f"{_text(data, 'outcome')}, {data.get('commands', 0)} commands {where}, {data.get('seconds', 0)} s"


def _branch(before: str, name: str) -> Callable[[Data], str]:
    """`into main, at 1a2b3c4d5e6f`."""
    return lambda data: f"{before} {_text(data, name)}, at {_text(data, 'commit')[:12]}"


def _check(data: Data) -> str:
    code = data.get("exit_code")
    how = "passed" if code == 0 else _text(data, "error") if code is None else f"failed with exit code {code}"
    return f"{_text(data, 'name')} {how}, {data.get('seconds', 0)} s"


def _moved(data: Data) -> str:
    """`back to planning, by ann`."""
    how, step = _text(data, "how"), _text(data, "step")
    told = [f"{how} to {step}" if how and step else how or step, f"by {_text(data, 'by')}" if data.get("by") else ""]
    return ", ".join(part for part in told if part)


def _approval(data: Data) -> str:
    """`review-plan, by ann: plan.md 1a2b3c4d5e6f`."""
    parts = [f"{_text(data, 'artifact')} {_text(data, 'sha256')[:12]}".strip(), _text(data, "commit")[:12]]
    what = ", ".join(part for part in parts if part)
    return f"{_moved(data)}: {what}" if what else _moved(data)


def _gate(name: str) -> Callable[[Data], str]:
    """The gate or step that it is about, and the reason by that name."""

    def told(data: Data) -> str:
        who = _moved({**data, "step": data.get("gate") or data.get("step")})
        return ": ".join(part for part in (who, _text(data, name)) if part)

    return told


def _removal(data: Data) -> str:
    kept = [f"{data[name]} {name}" for name in ("commits", "modified", "untracked") if data.get(name)]
    return f"kept {', '.join(kept)}" if kept else ""


_DETAILS: dict[EventKind, Callable[[Data], str]] = {
    "mission_moved": _moved,
    "mission_reopened": _moved,
    "gate_opened": _gate("because"),
    "gate_approved": _approval,
    "gate_rejected": _gate("why"),
    "step_failed": _gate("reason"),
    "session_created": _attempt,
    "session_started": lambda data: "found again" if data.get("adopted") else "",
    "session_stop_requested": lambda data: f"by {_text(data, 'by')}" if data.get("by") else "",
    "turn_interrupted": lambda data: f"by {_text(data, 'by')}" if data.get("by") else "",
    "limit_reached": lambda data: _text(data, "text"),
    "queue_changed": _queue,
    "supervisor_started": lambda data: f"version {_text(data, 'version')}" if data.get("version") else "",
    "supervisor_stopped": lambda data: _text(data, "why"),
    "check_ran": _check,
    "message_sent": lambda data: _text(data, "text"),
    "question_answered": _answer,
    "alert_raised": lambda data: _text(data, "text"),
    "commits_taken": _commits,
    "setup_ran": _commands,
    "teardown_ran": _commands,
    "mission_removed": _removal,
    "mission_restored": lambda data: f"on {_text(data, 'branch')}" if data.get("branch") else "",
    "mission_archived": lambda data: _text(data, "folder"),
    "branch_merged": _branch("into", "into"),
    "branch_synced": _branch("of", "base"),
    "branch_pushed": _branch("to", "remote"),
    "pull_request_opened": lambda data: f"{_text(data, 'number')} {_text(data, 'url')}".strip(),
    "trash_emptied": lambda _: "",
    "state_rebuilt": lambda data: _text(data, "reason"),
}
