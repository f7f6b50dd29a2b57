"""What a summary says of a mission's steps: how each came out, what was decided about it, what it cost. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scopecraft.model import clock
from scopecraft.model.activity import Usage
from scopecraft.model.duration import duration_text
from scopecraft.model.event import Event
from scopecraft.model.mission import Mission, StepState
from scopecraft.model.mission_words import money_text
from scopecraft.model.session import Ended, Session, began_at
from scopecraft.model.workflow import Workflow

DECISIONS = {"gate_approved": "approved", "gate_rejected": "rejected", "mission_completed": "complete"}


@dataclass(frozen=True, slots=True)
class SessionSummary:
    session: Session
    usage: Usage
    alerts: tuple[str, ...] = ()


def total_usage(usages: Iterable[Usage]) -> Usage:
    """The cost only where somebody named one."""
    found = list(usages)
    costs = [usage.cost_usd for usage in found if usage.cost_usd is not None]
    return Usage(
        input_tokens=sum(usage.input_tokens for usage in found),
        output_tokens=sum(usage.output_tokens for usage in found),
        cache_read_tokens=sum(usage.cache_read_tokens for usage in found),
        cache_write_tokens=sum(usage.cache_write_tokens for usage in found),
        cost_usd=sum(costs) if costs else None,
    )


def usage_words(usage: Usage) -> str:
    """`in 1200, out 340, 0.12 USD`; empty where the agent reported nothing."""
    total_in = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    parts = [f"in {total_in}", f"out {usage.output_tokens}"] if total_in or usage.output_tokens else []
    if usage.cost_usd is not None:
        parts.append(f"{money_text(usage.cost_usd).removeprefix('$')} USD")
    return ", ".join(parts)


def step_rows(mission: Mission, workflow: Workflow, sessions: Sequence[SessionSummary]) -> list[tuple[str, ...]]:
    """Step, type, how it came out, runs, time and usage of each step, and of all in the end."""
    rows = []
    for step in workflow.steps:
        state = mission.state(step.id) or StepState(step.id)
        own = [each for each in sessions if each.session.step_id == step.id]
        rows.append((step.name, step.type, state.phase, *_sums(own)))
    return [*rows, ("in all", "", mission.status, *_sums(sessions))]


def decision_lines(mission: Mission, events: Iterable[Event]) -> list[str]:
    """What people decided, in its order: by the journal, which keeps what was decided again later.

    Of a journal that was lost, what the mission itself holds.
    """
    told = [_told(event) for event in events if event.kind in DECISIONS]
    if told:
        return told
    lines = []
    for state in mission.steps:
        lines += [f"{state.step_id}: sent back: {why}" for why in state.feedback]
        if state.approval is not None:
            what = _what(state.approval.sha256, state.approval.commit)
            lines.append(f"{state.approval.at} {state.step_id}: approved by {state.approval.by}{what}")
    return lines


def _told(event: Event) -> str:
    data = event.data
    step = f" {data['step']}:" if data.get("step") else ""
    by = f" by {data['by']}" if data.get("by") else ""
    why = f": {data['why']}" if data.get("why") else ""
    sha256, commit = data.get("sha256"), data.get("commit")
    what = _what(str(sha256) if sha256 else None, str(commit) if commit else None)
    return f"{event.at}{step} {DECISIONS[event.kind]}{by}{what}{why}"


def _what(sha256: str | None, commit: str | None) -> str:
    return f", commit {commit[:12]}" if commit else f", sha256 {sha256}" if sha256 else ""


def _sums(own: Sequence[SessionSummary]) -> tuple[str, str, str]:
    seconds = sum(_seconds(each.session) for each in own)
    took = duration_text(seconds) if own else ""
    return str(len(own) or ""), took, usage_words(total_usage(each.usage for each in own))


def _seconds(session: Session) -> float:
    if not isinstance(session.status, Ended) or session.status.started_at is None:
        return 0.0
    began, ended = clock.from_text(began_at(session)), clock.from_text(session.status.ended_at)
    return max(0.0, (ended - began).total_seconds())
