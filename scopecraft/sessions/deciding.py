"""How a session that is over ended, and what is to be recorded of it. Takes its commits on the way."""

from __future__ import annotations

from dataclasses import replace

from scopecraft.agents.base import dialect_of_record, exit_meaning
from scopecraft.config.secrets import Secrets
from scopecraft.errors import StateUnreadable
from scopecraft.model import clock
from scopecraft.model.activity import Activity
from scopecraft.model.event import Alert, Event
from scopecraft.model.handle import Exited, Gone
from scopecraft.model.session import Ended, Outcome, Session
from scopecraft.model.text import clean
from scopecraft.sessions import inbox
from scopecraft.sessions.agent_choice import program_mend
from scopecraft.sessions.contained import has_both
from scopecraft.sessions.context import Context
from scopecraft.sessions.conversation import learn_conversation, used_before
from scopecraft.sessions.decided import Decided, EventData
from scopecraft.sessions.folder import SessionFolder, last_words, launcher_exit
from scopecraft.sessions.outcome import Evidence, believed, decide_outcome, with_refusal
from scopecraft.sessions.overdue import OVERDUE
from scopecraft.sessions.redaction import redacted_alert, secrets_of
from scopecraft.sessions.settle_facts import SettleFacts, load_facts
from scopecraft.sessions.stream_end import stream_end, unread_alerts
from scopecraft.sessions.take_commits import Taken, postponed, take_commits

MODEL_CHARACTERS = 200  # of what an agent calls its model


def decide(context: Context, session: Session, look: Exited | Gone) -> Decided:
    """Idempotent, but for the time. Raises StorageFailed and OperationFailed when its stream cannot be read."""
    secrets = secrets_of(context, session)
    activity = read_activity(context, session)
    learn_conversation(context, session, activity.conversation_id)
    facts, taken = _taken(context, session)
    outcome = decide_outcome(_redacted(_evidence(context, session, look, facts, activity), secrets))
    outcome = with_refusal(outcome, secrets.redact(taken.refusal))
    at = clock.to_text(clock.now())
    alerts = [*taken.alerts, *_memory_alerts(look, outcome), *unread_alerts(context.folder(session.id))]
    alerts += inbox.unread_alerts(context.folder(session.id), activity.echoed)
    events = [alert_event(session, redacted_alert(alert, secrets)) for alert in alerts]
    if facts is not None and facts.private is not None and not taken.is_postponed:
        events.append(commits_event(session, taken, at))
    started_at = getattr(session.status, "started_at", None)
    return Decided(
        status=Ended(started_at, ended_at(look, started_at or session.created_at, at), outcome),
        summary=_summary(outcome, activity, secrets.redact(activity.model or "")),
        events=tuple(events),
        keeps_private=taken.is_private_needed,
        last_lines=tuple(secrets.redact(clean(line)) for line in getattr(look, "last_lines", ())),
    )


def ended_at(look: Exited | Gone, began: str, now: str) -> str:
    """When it ended by the engine's or tmux's word, kept between its beginning and now: clocks jump."""
    finished = getattr(look, "finished_at", None)
    told = now if finished is None else min(now, clock.to_text(clock.from_text(finished)))
    return max(began, told)


def read_activity(context: Context, session: Session) -> Activity:
    """The sum of its stream, so much of it as it may print; reading 1 GB takes some seconds and constant memory."""
    from scopecraft.streams.activity import read_activity as read

    folder = context.folder(session.id)
    reader = dialect_of_record(session.dialect).entries
    return read(folder.stream, reader, end=stream_end(folder), before=used_before(context, session))


def alert_event(session: Session, alert: Alert) -> Event:
    at = clock.to_text(clock.now())
    return Event(0, at, "alert_raised", session.mission_id, session.id, {"code": alert.code, "text": alert.text})


def commits_event(session: Session, taken: Taken, at: str) -> Event:
    data: EventData = {"tip": taken.tip, "commits": taken.commits, "in_progress": taken.in_progress}
    return Event(0, at, "commits_taken", session.mission_id, session.id, data)


def _taken(context: Context, session: Session) -> tuple[SettleFacts | None, Taken]:
    """What the start wrote down, if it can be read, and what became of the commits."""
    try:
        facts = load_facts(context.folder(session.id))
    except StateUnreadable as error:
        # its git directory is all that there is of its commits
        return None, postponed(error.message) if session.is_contained else Taken()
    return facts, take_commits(context, session, facts) if facts.private is not None else Taken()


def _evidence(
    context: Context, session: Session, look: Exited | Gone, facts: SettleFacts | None, activity: Activity
) -> Evidence:
    folder = context.folder(session.id)
    code, reason = _told_end(session, look, folder)
    seen = look.exit_code if isinstance(look, Exited) else None
    if reason is None and OVERDUE in context.store.alerts_of(session.id):
        reason = "timeout"
    words = last_words(folder.stderr)
    if isinstance(look, Exited) and look.last_lines:
        words = "\n".join(look.last_lines)
    limits = facts.limits if facts else None
    spoken, code = dialect_of_record(session.dialect), code if code is not None else seen
    return Evidence(
        look=look,
        activity=activity,
        has_protocol=spoken.has_result and session.mode == "autonomous",
        # of an agent that had both, its window is asked only for what went away under it
        executor="container" if has_both(session) and isinstance(look, Exited) else session.executor,
        exit_code=code,
        launcher_reason=reason,
        stop_requested_by=_stopped_by(context, session),
        timeout_seconds=limits.timeout_seconds if limits else session.timeout_seconds,
        output_bytes=limits.output_bytes if limits else 0,
        last_words=words,
        was_rebooted=facts is not None and facts.was_rebooted,
        code_meaning=exit_meaning(spoken, code) if code is not None else "",
        program_mend=program_mend(session.dialect, facts.image if facts else None),
    )


def _told_end(session: Session, look: Exited | Gone, folder: SessionFolder) -> tuple[int | None, str | None]:
    """The exit code and the reason that stand in `out/exit`, as far as they are believed."""
    if session.executor == "process":
        return launcher_exit(folder)  # a program of our own wrote it, on this side
    return believed(look, *launcher_exit(folder)) if session.is_contained else (None, None)


def _redacted(evidence: Evidence, secrets: Secrets) -> Evidence:
    """Before anything is cut to its length: half a key is no longer known as one."""
    claim = evidence.activity.claim
    claim = replace(claim, text=secrets.redact(claim.text)) if claim is not None else None
    activity = replace(evidence.activity, claim=claim)
    return replace(evidence, activity=activity, last_words=secrets.redact(evidence.last_words))


def _stopped_by(context: Context, session: Session) -> str | None:
    """Asked anew: it may have been recorded, and have had its effect, since the session was read."""
    events = context.store.events(session_id=session.id)
    requests = [event for event in events if event.kind == "session_stop_requested"]
    return str(requests[-1].data.get("by", "sc stop")) if requests else None


def _memory_alerts(look: Exited | Gone, outcome: Outcome) -> list[Alert]:
    """A part of it was killed for its memory, and it ended well or in another way all the same."""
    if not isinstance(look, Exited) or not look.out_of_memory or outcome.kind == "failed":
        return []
    return [Alert("out_of_memory", "something in its container was killed for want of memory: container.memory")]


def _summary(outcome: Outcome, activity: Activity, model: str) -> EventData:
    usage = activity.usage
    return {
        "outcome": outcome.kind,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "cost_usd": usage.cost_usd,
        "model": model[:MODEL_CHARACTERS] or None,
        "tool_calls": activity.tool_calls,
        "damaged_lines": activity.damaged_count,
    }
