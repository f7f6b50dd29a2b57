"""What a mission's sessions used, by step and attempt: as they told when they ended, or so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scopecraft.missions.advance import VISIT_STEP
from scopecraft.missions.listing import read_listed
from scopecraft.missions.summary_steps import total_usage
from scopecraft.model import clock
from scopecraft.model.activity import Usage
from scopecraft.model.session import Ended, Queued, began_at, is_live
from scopecraft.model.usage_words import usage_of
from scopecraft.sessions.context import Context
from scopecraft.sessions.mission_page import Run, runs_of


@dataclass(frozen=True, slots=True)
class RunUsage:
    """`model` is the one that the agent named, else the one that it was asked to use; empty where nobody said any."""

    run: Run
    usage: Usage
    model: str
    is_live: bool

    @property
    def seconds(self) -> float | None:
        """From its beginning to its end; None for one that has not ended, or never began."""
        status = self.run.session.status
        if not isinstance(status, Ended) or status.started_at is None:
            return None
        return (clock.from_text(status.ended_at) - clock.from_text(began_at(self.run.session))).total_seconds()


@dataclass(frozen=True, slots=True)
class StepUsage:
    name: str
    runs: tuple[RunUsage, ...]

    @property
    def total(self) -> Usage:
        return total_usage(each.usage for each in self.runs)

    @property
    def untold(self) -> int:
        """How many attempts named no cost."""
        return sum(each.usage.cost_usd is None for each in self.runs)


@dataclass(frozen=True, slots=True)
class MissionUsage:
    """Steps in the order of the workflow, then what was begun beside it; only those that ran."""

    steps: tuple[StepUsage, ...]

    @property
    def runs(self) -> tuple[RunUsage, ...]:
        return tuple(run for step in self.steps for run in step.runs)

    @property
    def total(self) -> Usage:
        return total_usage(run.usage for run in self.runs)

    @property
    def untold(self) -> int:
        return sum(step.untold for step in self.steps)


def mission_usage(context: Context, mission_id: str, live: Mapping[str, Mapping[str, Any]]) -> MissionUsage:
    """`live` is what the supervisor heard of sessions that have not ended. Raises NotFound and StateUnreadable."""
    workflow = read_listed(context.home, mission_id).workflow
    sessions = context.store.sessions(mission_id=mission_id)
    runs = [_used(run, live) for run in runs_of(sessions, context.store.events(mission_id=mission_id)) if _counts(run)]
    names = {step.id: step.name for step in workflow.steps}
    others = {run.run.session.step_id for run in runs} - names.keys()
    names |= {step_id: step_id for step_id in sorted(others)}
    steps = (StepUsage(name, _of_step(runs, step_id)) for step_id, name in names.items())
    return MissionUsage(tuple(step for step in steps if step.runs))


def _counts(run: Run) -> bool:
    status = run.session.status
    has_run = not isinstance(status, Queued) and not (isinstance(status, Ended) and status.started_at is None)
    return has_run and run.session.step_id != VISIT_STEP


def _used(run: Run, live: Mapping[str, Mapping[str, Any]]) -> RunUsage:
    session = run.session
    alive = is_live(session.status)
    usage = usage_of(live.get(session.id, {})) if alive else run.usage
    return RunUsage(run, usage, str(run.used.get("model") or session.model or ""), alive)


def _of_step(runs: Sequence[RunUsage], step_id: str) -> tuple[RunUsage, ...]:
    return tuple(run for run in runs if run.run.session.step_id == step_id)
