"""Alerts that an agent can cause by what it writes: it could cause any number, so only so many of one session count."""

from __future__ import annotations

from scopecraft.model.event import Alert
from scopecraft.sessions.context import Context
from scopecraft.sessions.redaction import redacted_alert
from scopecraft.sessions.settle import raise_alert
from scopecraft.supervisor.watched import Watched

MOST_ALERTS = 100
TOO_MANY = Alert("alerts_capped", f"it has caused {MOST_ALERTS} alerts; further ones of its stream are not told")


def tell_alert(context: Context, watched: Watched, alert: Alert) -> None:
    """In the journal, once and without keys; those beyond the limit are one more alert altogether."""
    told = redacted_alert(alert, watched.secrets)
    if told in watched.alerts:
        return
    if len(watched.alerts) >= MOST_ALERTS:
        told = TOO_MANY
    if told not in watched.alerts:
        raise_alert(context, watched.session, told)
        watched.alerts.add(told)
