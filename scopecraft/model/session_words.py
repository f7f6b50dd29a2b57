"""Statuses and outcomes in words that a person reads."""

from __future__ import annotations

from scopecraft.model.duration import duration_text
from scopecraft.model.session import (
    Completed,
    Ended,
    Failed,
    Interrupted,
    Killed,
    Outcome,
    Session,
    TimedOut,
    WaitingReason,
    has_left_line,
)

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
    "process": "its process was ended by somebody else",
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


def end_sentence(status: Ended) -> str:
    """Of one that never began it says so, where `outcome_sentence` could not know."""
    if has_left_line(status) and isinstance(status.outcome, Killed):
        return f"taken out of the queue by {status.outcome.by}"
    return outcome_sentence(status.outcome)


def going_on_with(session: Session) -> str:
    """The command that goes on with a session that was interrupted; empty for any other."""
    status = session.status
    is_cut = isinstance(status, Ended) and isinstance(status.outcome, Interrupted)
    return f"sc resume {session.id}" if is_cut and session.conversation_id else ""
