"""What became of each step of a mission, in words: the one place that the terminal and the browser share. Pure.

The words hold what strangers wrote: whoever shows them makes them safe.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from scopecraft.missions.advance import FINISHED
from scopecraft.model import clock
from scopecraft.model.duration import duration_text
from scopecraft.model.event import Event
from scopecraft.model.event_words import said_of
from scopecraft.model.mission import Approval, StepState
from scopecraft.model.session import Completed, Ended, Killed, Queued, Starting, Waiting, began_at
from scopecraft.model.session_words import WAITING_FOR, end_sentence
from scopecraft.model.usage_words import usage_text
from scopecraft.model.workflow import Step
from scopecraft.sessions.mission_page import MissionPage, Run

Mood = Literal["plain", "good", "bad", "waits"]
HASH_CHARACTERS = 12
LATEST = 5  # of checks, and of what became of the branch
_BESIDE = frozenset({"visit"})  # a person's own shell is no part of a mission's story
_TOLD_OF_A_GATE = ("gate_approved", "gate_rejected", "gate_opened")
_OUTSIDE = frozenset(
    {"branch_merged", "branch_synced", "branch_pushed", "pull_request_opened", "mission_completed", "mission_reopened"}
)


@dataclass(frozen=True, slots=True)
class Told:
    text: str
    mood: Mood = "plain"


@dataclass(frozen=True, slots=True)
class RunTold:
    """A session in few words; empty where there is nothing to say. `how` it ended is told where that was not well.

    `seconds` are those that it worked, None before it began.
    """

    run: Run
    who: str
    seconds: float | None
    used: str
    how: str
    mood: Mood

    @property
    def attempt(self) -> str:
        number = self.run.session.attempt
        return f"attempt {number}" if number > 1 else ""

    @property
    def lasted(self) -> str:
        return "" if self.seconds is None else duration_text(self.seconds)

    @property
    def text(self) -> str:
        parts = (self.attempt, self.run.session.id, self.who, self.lasted, self.used, self.how)
        return " · ".join(part for part in parts if part)


def step_story(page: MissionPage, step: Step, now: datetime) -> list[RunTold | Told]:
    """Its sessions and what a person said to it, in the order in which that happened; then what holds of it now."""
    state = page.view.mission.state(step.id) or StepState(step.id)
    told: list[tuple[str, RunTold | Told]] = [
        (run.session.created_at, run_told(run, now)) for run in page.runs_of(step.id)
    ]
    gate_events = page.events_of(step.id, _TOLD_OF_A_GATE)
    told += [(event.at, line) for event in gate_events for line in _decision(step, event)]
    noted = {event.at for event in gate_events if event.kind == "gate_approved"}
    if state.approval is not None and state.approval.at not in noted:
        told.append((state.approval.at, Told(approval_text(step, state.approval), "good")))
    return [line for _, line in sorted(told, key=lambda each: each[0])] + list(_now(page, step, state, gate_events))


def _now(page: MissionPage, step: Step, state: StepState, gate_events: list[Event]) -> Iterator[Told]:
    if state.approval is not None and state.approval.host_files:
        yield Told(f"would run on your machine: {', '.join(state.approval.host_files)}", "waits")
    if step.id in page.changed and not any(_is_reopening(event) for event in gate_events[-1:]):
        yield Told("what was approved has changed since: it waits again", "waits")
    if step.loop is not None and state.loops:
        yield Told(f"its verdict sent the work back {state.loops} of at most {step.loop.at_most} times")
    if state.phase == "pending" and state.feedback:
        yield Told(f"is told: {state.feedback[-1]}")


def played_by(step: Step) -> str:
    """Who does it: a person, a model, or an agent in its role."""
    if step.is_gate:
        return ""
    where = "in a window" if step.mode == "dispatch" else ""
    return " ".join(part for part in (step.role or "", where) if part)


def run_told(run: Run, now: datetime) -> RunTold:
    session, status = run.session, run.session.status
    who = ", ".join(part for part in (session.agent, session.model or "") if part)
    if isinstance(status, Queued):
        return RunTold(run, who, None, "", "in the queue", "plain")
    if isinstance(status, Starting):
        return RunTold(run, who, None, "", "starts", "plain")
    end = clock.from_text(status.ended_at) if isinstance(status, Ended) else now
    seconds = (end - clock.from_text(began_at(session))).total_seconds()
    if isinstance(status, Ended):
        is_good = _is_good(status)
        how = "" if is_good else end_sentence(status)
        return RunTold(run, who, seconds, usage_text(run.usage), how, "plain" if is_good else "bad")
    asks = WAITING_FOR[status.reason] if isinstance(status, Waiting) else ""
    return RunTold(run, who, seconds, "", asks, "waits" if asks else "plain")


def _is_good(status: Ended) -> bool:
    """A window is ended by whoever says that its step is done."""
    outcome = status.outcome
    return isinstance(outcome, Completed) or (isinstance(outcome, Killed) and outcome.by.startswith(FINISHED))


def _decision(step: Step, event: Event) -> Iterator[Told]:
    by = str(event.data.get("by") or "somebody")
    if event.kind == "gate_approved":
        sha256, commit = event.data.get("sha256"), event.data.get("commit")
        approval = Approval(
            by,
            event.at,
            step.review if sha256 else None,
            str(sha256) if sha256 else None,
            str(commit) if commit else None,
        )
        yield Told(approval_text(step, approval, is_edited=bool(event.data.get("edited"))), "good")
    elif event.kind == "gate_rejected":
        why = str(event.data.get("why") or event.data.get("reason") or "")
        yield Told(f"rejected by {by}, {local_minute(event.at)}" + (f": {why}" if why else ""), "waits")
    elif _is_reopening(event):
        yield Told(f"waits again since {local_minute(event.at)}: {event.data.get('because')}", "waits")


def _is_reopening(event: Event) -> bool:
    return event.kind == "gate_opened" and bool(event.data.get("because"))


def approval_text(step: Step, approval: Approval, *, is_edited: bool = False) -> str:
    """`approved by ann, 2026-03-01 10:00: plan.md 1a2b3c4d5e6f, commit 6f5e4d3c2b1a`"""
    how = "approved with edits" if is_edited else "approved"
    what = []
    if approval.sha256:
        what.append(f"{approval.artifact or step.review} {approval.sha256[:HASH_CHARACTERS]}")
    if approval.commit:
        what.append(f"commit {approval.commit[:HASH_CHARACTERS]}")
    return f"{how} by {approval.by}, {local_minute(approval.at)}" + (f": {', '.join(what)}" if what else "")


def runs_beside(page: MissionPage, now: datetime) -> list[RunTold]:
    """Sessions that a person asked for beside the workflow."""
    steps = {step.id for step in page.view.workflow.steps} | _BESIDE
    return [run_told(run, now) for run in page.runs if run.session.step_id not in steps]


def latest_checks(page: MissionPage) -> list[str]:
    ran = [event for event in page.events if event.kind == "check_ran"]
    return [f"{local_minute(event.at)}: {said_of(event).detail}" for event in ran[-LATEST:]]


def latest_outside(page: MissionPage) -> list[str]:
    """What became of its branch, and of the mission as a whole."""
    happened = [event for event in page.events if event.kind in _OUTSIDE]
    return [f"{local_minute(event.at)}: {said_of(event)}" for event in happened[-LATEST:]]


def local_minute(at: str) -> str:
    return f"{clock.from_text(at).astimezone():%Y-%m-%d %H:%M}"
