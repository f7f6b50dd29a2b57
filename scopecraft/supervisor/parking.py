"""The quota breaker: while a provider's limit is used up, no further session is spent on hearing that again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from scopecraft.model import clock
from scopecraft.model.activity import Quota
from scopecraft.model.event import Alert
from scopecraft.model.queue import QueueRules
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.supervisor.alerting import tell_alert
from scopecraft.supervisor.watched import Watched

UNTOLD = timedelta(minutes=15)  # where the agent does not say when its limit is reset
LONGEST = timedelta(days=8)  # more is no limit of any provider, but a clock that is wrong
MOST_PARKS = 20  # by one session: what it says is a claim, and nobody but a person lifts it


def park_if_used_up(context: Context, watched: Watched) -> None:
    """Once for each limit that a stream tells of: the queue goes on by itself when that is reset."""
    quota = watched.activity.quota
    if quota is None:
        watched.parked_for = ""
        return
    key = f"{quota.until} {quota.text}"
    if key == watched.parked_for or watched.parks >= MOST_PARKS:
        return
    watched.parked_for = key
    watched.parks += 1
    until = until_of(quota, clock.to_text(clock.now()))
    if until is None:
        return
    session = watched.session
    because = f"{session.agent}: {clean_line(watched.secrets.redact(quota.text), 200)} (says {session.id})"

    def parked(rules: QueueRules) -> QueueRules:
        if rules.parked_until is not None and rules.parked_until >= until:
            return rules
        return replace(rules, parked_until=until, parked_because=because)

    at = clock.to_text(clock.now())
    data = {"change": "parked", "until": until, "because": because}
    context.store.queue.change_rules(parked, at, data)
    tell_alert(context, watched, Alert("quota", f"{because}; the queue goes on at {until}, or by: sc queue resume"))


def until_of(quota: Quota, now: str) -> str | None:
    """When to go on, ISO 8601; None for a limit that was reset already. Pure."""
    moment = clock.from_text(now)
    if quota.until is None:
        return clock.to_text(moment + UNTOLD)
    until = min(clock.from_text(quota.until), moment + LONGEST)
    return clock.to_text(until) if until > moment else None
