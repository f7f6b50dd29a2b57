"""Statuses and outcomes in words that a person reads."""

from __future__ import annotations

from scopecraft.model.duration import duration_text
from scopecraft.model.session import Completed, Failed, Interrupted, Killed, Outcome, TimedOut, WaitingReason

WAITING_FOR: dict[WaitingReason, str] = {
    "permission": "waits for your permission",
    "question": "asks you a question",
    "login": "waits for a login",
    "limit": "reached its limit and waits for you",
    "idle": "idle: its turn is over",
}

_GONE = {
    "engine": "the container went away",
    "tmux": "its tmux window went away",
    "machine": "the machine went away",
    "starter": "the command that started it was ended before it was up",
}


def outcome_detail(outcome: Outcome) -> str:
    """What is to be said beside the word for it; empty where that says all."""
    sentence = outcome_sentence(outcome).removeprefix(f"{outcome.kind}: ")
    return "" if sentence == outcome.kind else sentence


def outcome_sentence(outcome: Outcome) -> str:
    match outcome:
        case Completed():
            return "completed"
        case Failed(reason):
            return reason
        case TimedOut(limit_seconds):
            return f"ended at its time limit of {duration_text(limit_seconds)}"
        case Killed(by):
            return f"stopped by {by}"
        case Interrupted(cause, detail):
            return f"interrupted: {_GONE[cause]}" + (f" ({detail})" if detail else "")
