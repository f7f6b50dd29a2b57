"""What happens to a mission, as lines of `sc mission watch`. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from scopecraft.cli.terminal import Tone, cells, paint, wrap
from scopecraft.missions.next_step import failure_text
from scopecraft.model import clock
from scopecraft.model.duration import duration_text
from scopecraft.model.event import Event, EventKind
from scopecraft.model.event_words import said_of
from scopecraft.model.session import Completed, Ended, Session, began_at
from scopecraft.model.text import clean_line
from scopecraft.model.usage_words import usage_text
from scopecraft.model.workflow import Workflow
from scopecraft.sessions.journal import JournalEntry
from scopecraft.sessions.mission_page import Run

_LONGEST_TEXT = 500
# What a person learns from another line, or has no use for.
_UNTOLD: frozenset[EventKind] = frozenset(
    {"mission_created", "session_starting", "session_resumed", "artifact_changed", "mission_moved"}
)
_MEANT: frozenset[EventKind] = frozenset({"gate_opened", "step_failed", "mission_completed"})
_TONES: dict[EventKind, tuple[Tone, ...]] = {
    "session_waiting": ("yellow", "bold"),
    "question_asked": ("yellow", "bold"),
    "gate_opened": ("yellow", "bold"),
    "gate_rejected": ("yellow",),
    "gate_approved": ("green",),
    "mission_completed": ("green", "bold"),
    "step_failed": ("red", "bold"),
    "alert_raised": ("yellow",),
    "limit_reached": ("yellow",),
}


def told_of(entry: JournalEntry, workflow: Workflow, session: Session | None) -> str:
    """`Research began: claude`; empty for what is not worth a line. Not yet safe to show."""
    event = entry.event
    if event.kind in _UNTOLD:
        return ""
    name = _step_name(event, workflow, session)
    said = said_of(event, entry.outcome)
    match event.kind:
        case "session_created":
            is_queued = event.data.get("status") == "queued"
            return f"{name} waits in the queue" if is_queued else ""
        case "session_started":
            return f"{name} began: {_who(session)}" if session else f"{name} began"
        case "session_ended":
            return _joined(f"{name} {said.what}", said.detail, _used(event, session))
        case "gate_opened":
            return _joined(f"{name} waits for you", str(event.data.get("because") or ""))
        case "gate_approved" | "gate_rejected":
            by = event.data.get("by")
            why = str(event.data.get("why") or "")
            return _joined(f"{name} {said.what}" + (f" by {by}" if by else ""), why)
        case "step_failed":
            if session is not None and _has_failed(session):
                return ""  # its own end has told why
            return failure_text(name, str(event.data.get("reason") or ""))
        case "commits_taken" if not event.data.get("commits"):
            return ""
        case "commits_taken" | "alert_raised":
            return _joined(f"{name}: {said.what}" if name else said.what, said.detail)
    return _joined(f"{name} {said.what}" if name else said.what, said.detail)


def mission_lines(at: str, text: str, kind: EventKind, *, width: int, colour: bool) -> list[str]:
    """`10:05:12 Research began: claude`, wrapped below its text."""
    lead = f"{clock.from_text(at).astimezone():%H:%M:%S} "
    parts = wrap(clean_line(text, _LONGEST_TEXT), max(width - cells(lead), 12) if width else 0)
    tones = _TONES.get(kind, ("bold",))
    if not colour:
        return [f"{lead if number == 0 else ' ' * cells(lead)}{part}" for number, part in enumerate(parts)]
    shown = [paint(part, *tones) for part in parts]
    return [f"{paint(lead, 'dim') if number == 0 else ' ' * cells(lead)}{part}" for number, part in enumerate(shown)]


def as_they_follow(entries: Sequence[JournalEntry]) -> list[JournalEntry]:
    """An agent's end before what it means for the mission; the journal has them the other way round."""
    ends = {entry.event.session_id: entry for entry in entries if entry.event.kind == "session_ended"}
    told: list[JournalEntry] = []
    for entry in entries:
        if entry.event.kind in _MEANT:
            end = ends.pop(entry.event.session_id, None)
            told += [end] if end is not None else []
        if entry.event.kind != "session_ended" or ends.pop(entry.event.session_id, None) is not None:
            told.append(entry)
    return told


def _has_failed(session: Session) -> bool:
    return isinstance(session.status, Ended) and not isinstance(session.status.outcome, Completed)


def _step_name(event: Event, workflow: Workflow, session: Session | None) -> str:
    step_id = str(event.data.get("step") or (session.step_id if session else ""))
    step = workflow.step(step_id)
    return step.name if step else step_id


def _who(session: Session) -> str:
    where = " in a window" if session.executor == "tmux" else ""
    model = f", {session.model}" if session.model else ""
    attempt = f", attempt {session.attempt}" if session.attempt > 1 else ""
    return f"{session.agent}{model}{where}{attempt}"


def _used(event: Event, session: Session | None) -> str:
    parts = []
    if session is not None and isinstance(session.status, Ended):
        took = clock.from_text(session.status.ended_at) - clock.from_text(began_at(session))
        parts.append(duration_text(took.total_seconds()))
    if session is not None:
        parts.append(usage_text(Run(session, event.data).usage))
    return " · ".join(part for part in parts if part)


def _joined(what: str, *details: str) -> str:
    told = " · ".join(detail for detail in details if detail)
    return f"{what}: {told}" if told else what
