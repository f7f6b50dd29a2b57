"""`summary.md` of an archived mission: what was asked, what ran, what came of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scopecraft.model.activity import Usage
from scopecraft.model.mission import Mission
from scopecraft.model.session import Ended, Session
from scopecraft.model.session_words import outcome_sentence
from scopecraft.model.text import clean, clean_line

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")


@dataclass(frozen=True, slots=True)
class SessionSummary:
    session: Session
    usage: Usage
    alerts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the summary is made of; `base` and `tip` are commits, `commits` pairs of id and subject, newest first."""

    mission: Mission
    request: str
    sessions: Sequence[SessionSummary]
    base: str
    tip: str | None
    commits: Sequence[tuple[str, str]]
    more_commits: int = 0
    notes: Sequence[str] = ()


def summary_text(gathered: Gathered, at: str) -> str:
    """Markdown in which text of strangers is only text."""
    mission = gathered.mission
    lines = [
        f"# {escaped(mission.title)}",
        "",
        f"- mission: {mission.id}, {mission.type}, {mission.status}",
        f"- project: {escaped(mission.project)}",
        f"- branch: {escaped(mission.branch)}, {gathered.base[:12]} to {(gathered.tip or 'gone')[:12]}",
        f"- created {mission.created_at}, archived {at}",
        "",
        "## Request",
        "",
        *_block(gathered.request),
        "",
        "## Sessions",
        "",
        *(_session_lines(gathered.sessions) or ["None."]),
        "",
        "## Commits",
        "",
        *(_commit_lines(gathered) or ["None."]),
    ]
    alerts = [f"- {each.session.id}: {escaped(alert)}" for each in gathered.sessions for alert in each.alerts]
    for title, found in (("Alerts", alerts), ("Left out", [f"- {escaped(note)}" for note in gathered.notes])):
        if found:
            lines += ["", f"## {title}", "", *found]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """One line that says what it says: no markup, no terminal commands."""
    return _SPECIAL.sub(r"\\\1", clean_line(text))


def usage_words(usage: Usage) -> str:
    """`in 1200, out 340, 0.12 USD`; empty where the agent reported nothing."""
    total_in = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    parts = [f"in {total_in}", f"out {usage.output_tokens}"] if total_in or usage.output_tokens else []
    if usage.cost_usd is not None:
        parts.append(f"{usage.cost_usd:.2f} USD")
    return ", ".join(parts)


def _block(text: str) -> list[str]:
    """Fenced by more backticks than stand in it anywhere."""
    body = clean(text.rstrip())
    longest = max((len(run) for run in re.findall(r"`+", body)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", body, fence]


def _session_lines(sessions: Iterable[SessionSummary]) -> list[str]:
    rows = []
    for each in sessions:
        session = each.session
        status = session.status
        outcome = outcome_sentence(status.outcome) if isinstance(status, Ended) else status.kind
        ended = status.ended_at if isinstance(status, Ended) else ""
        cells = (session.id, session.agent, session.mode, session.created_at, ended, outcome, usage_words(each.usage))
        rows.append("| " + " | ".join(escaped(cell) for cell in cells) + " |")
    if not rows:
        return []
    return ["| session | agent | mode | began | ended | outcome | used |", "|---|---|---|---|---|---|---|", *rows]


def _commit_lines(gathered: Gathered) -> list[str]:
    rows = [f"- {commit[:12]} {escaped(subject)}" for commit, subject in gathered.commits]
    return [*rows, f"- and {gathered.more_commits} more"] if gathered.more_commits > 0 else rows
