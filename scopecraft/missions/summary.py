"""`summary.md` of an archived mission: what was asked, decided and done, what it cost. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scopecraft.missions.check_record import Execution
from scopecraft.missions.summary_steps import SessionSummary, decision_lines, step_rows, usage_words
from scopecraft.model.event import Event
from scopecraft.model.mission import Mission
from scopecraft.model.session import Ended
from scopecraft.model.session_words import outcome_sentence
from scopecraft.model.text import clean, clean_line
from scopecraft.model.workflow import DIRECT, Workflow
from scopecraft.worktrees.difference import FileChange

MOST_FILES = 500
_STEPS = ("step", "type", "is", "runs", "time", "used")
_SESSIONS = ("session", "agent", "mode", "began", "ended", "outcome", "used")
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the summary is made of; `base` and `tip` are commits, `commits` pairs of id and subject, newest first.

    `events` are the mission's own, oldest first.
    """

    mission: Mission
    request: str
    sessions: Sequence[SessionSummary]
    base: str
    tip: str | None
    commits: Sequence[tuple[str, str]]
    more_commits: int = 0
    notes: Sequence[str] = ()
    workflow: Workflow = DIRECT
    files: Sequence[FileChange] = ()
    events: Sequence[Event] = ()
    checks: Sequence[Execution] = ()


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
        *in_fence(gathered.request),
        "",
        "## Steps",
        "",
        *_table(_STEPS, step_rows(mission, gathered.workflow, gathered.sessions)),
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
    more = (
        ("Decisions", [f"- {escaped(line)}" for line in decision_lines(mission, gathered.events)]),
        ("Files", _file_lines(gathered.files)),
        ("Checks", _check_lines(gathered.checks)),
        ("Alerts", alerts),
        ("Left out", [f"- {escaped(note)}" for note in gathered.notes]),
    )
    for title, found in more:
        if found:
            lines += ["", f"## {title}", "", *found]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """One line that says what it says: no markup, no terminal commands."""
    return _SPECIAL.sub(r"\\\1", clean_line(text))


def in_fence(text: str) -> list[str]:
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
        used = usage_words(each.usage)
        rows.append((session.id, session.agent, session.mode, session.created_at, ended, outcome, used))
    return _table(_SESSIONS, rows) if rows else []


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(escaped(cell) for cell in row) + " |" for row in rows]
    return ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|", *lines]


def _file_lines(files: Sequence[FileChange]) -> list[str]:
    lines = []
    for file in files[:MOST_FILES]:
        count = "binary" if file.is_binary else f"+{file.additions} -{file.deletions}"
        origin = f" from {escaped(file.old_path)}" if file.old_path else ""
        lines.append(f"- {file.kind}: {escaped(file.path)}{origin}, {count}")
    return [*lines, f"- and {len(files) - MOST_FILES} more"] if len(files) > MOST_FILES else lines


def _check_lines(checks: Iterable[Execution]) -> list[str]:
    lines = []
    for check in checks:
        how = "passed" if check.is_passed else check.error or f"failed with exit code {check.exit_code}"
        lines.append(f"- {check.started_at} {escaped(check.name)}: {escaped(how)}, {escaped(check.command)}")
    return lines


def _commit_lines(gathered: Gathered) -> list[str]:
    rows = [f"- {commit[:12]} {escaped(subject)}" for commit, subject in gathered.commits]
    return [*rows, f"- and {gathered.more_commits} more"] if gathered.more_commits > 0 else rows
