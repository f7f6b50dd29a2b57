"""The page of a mission as its templates take it: a row for each step, what was used, what there is to do. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scopecraft.model import clock
from scopecraft.model.activity import Usage
from scopecraft.model.mission_words import StepMark
from scopecraft.model.session import Queued, Session
from scopecraft.model.usage_words import usage_of
from scopecraft.model.workflow import RAW_INPUT, Step, StepType
from scopecraft.sessions.mission_page import MissionPage, is_merged
from scopecraft.sessions.mission_story import RunTold, Told, step_story

KINDS: dict[StepType, str] = {"agent": "agent", "llm": "model", "human-gate": "review", "code-review": "code review"}
Activities = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Row:
    """A step; `is_here`: what a small screen shows of a folded timeline. `since`: its `seconds` go on from there."""

    step: Step
    mark: StepMark
    kind: str
    seconds: float | None
    runs: tuple[RunTold, ...]
    told: tuple[Told, ...]
    is_here: bool
    since: str | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """`now` with what lives, `ended` without; a cost is None where nobody told any."""

    now: Usage
    ended: Usage

    @property
    def tokens_in(self) -> int:
        return tokens_in(self.now)


@dataclass(frozen=True, slots=True)
class Can:
    """What there is to do; `at_work` is the session that works or waits, `live` it or the one in line."""

    at_work: Session | None
    live: Session | None
    pause: bool
    go_on: bool
    write: bool  # it does not say yet what is to be done
    retry: bool
    take_over: Session | None
    hand_back: Session | None
    complete: bool
    reopen: bool
    merge: bool


def tokens_in(usage: Usage) -> int:
    return usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens


def rows_of(page: MissionPage, now: datetime) -> list[Row]:
    here = page.view.next.step or (page.view.marks[-1][0] if page.view.marks else None)
    return [_row(page, step, mark, now, is_here=step == here) for step, mark in page.view.marks]


def _row(page: MissionPage, step: Step, mark: StepMark, now: datetime, *, is_here: bool) -> Row:
    story = step_story(page, step, now)
    runs = tuple(each for each in story if isinstance(each, RunTold))
    worked = [run.seconds for run in runs if run.seconds is not None]
    told = tuple(each for each in story if isinstance(each, Told))
    seconds = sum(worked) if worked else None
    is_at_work = seconds is not None and mark == "running"
    since = clock.to_text(now - timedelta(seconds=seconds or 0)) if is_at_work else None
    return Row(step, mark, KINDS[step.type], seconds, runs, told, is_here, since)


def used_of(page: MissionPage, activities: Activities) -> Used:
    ended = _sum([run.usage for run in page.runs if run.used])
    live = [usage_of(activities[session.id]) for session in page.view.live if session.id in activities]
    return Used(_sum([ended, *live]), ended)


def _sum(parts: list[Usage]) -> Usage:
    costs = [part.cost_usd for part in parts if part.cost_usd is not None]
    return Usage(
        input_tokens=sum(part.input_tokens for part in parts),
        output_tokens=sum(part.output_tokens for part in parts),
        cache_read_tokens=sum(part.cache_read_tokens for part in parts),
        cache_write_tokens=sum(part.cache_write_tokens for part in parts),
        cost_usd=sum(costs) if costs else None,
    )


def can_of(page: MissionPage) -> Can:
    view, mission = page.view, page.view.mission
    at_work = next((each for each in view.live if not isinstance(each.status, Queued)), None)
    live = at_work or next(iter(view.live), None)
    is_free = live is None
    has_code = any(run.session.worktree and view.workflow.step(run.session.step_id) for run in page.runs)
    stage = view.next.stage
    write = stage == "ready" and mission.status == "draft" and _asks_for_text(page)
    return Can(
        at_work=at_work,
        live=live,
        pause=at_work is not None and at_work.status.kind == "running" and at_work.executor != "tmux",
        go_on=stage in ("ready", "idle") and not write,
        write=write,
        retry=is_free and any(state.phase == "failed" for state in mission.steps),
        take_over=_taken_over(page, at_work),
        hand_back=at_work if _may_go_on_alone(at_work) else None,
        complete=stage != "complete",
        reopen=stage == "complete",
        merge=is_free and has_code and not is_merged(mission, page.events),
    )


def _asks_for_text(page: MissionPage) -> bool:
    step = page.view.next.step
    return step is not None and RAW_INPUT in step.inputs


def _may_go_on_alone(at_work: Session | None) -> bool:
    return at_work is not None and at_work.mode == "dispatch" and at_work.conversation_id is not None


def _taken_over(page: MissionPage, at_work: Session | None) -> Session | None:
    """One that works by itself, else the last one that had a conversation; none while one is in a window."""
    if at_work is not None:
        return at_work if at_work.mode == "autonomous" and at_work.conversation_id else None
    talked = [run.session for run in page.runs if run.session.conversation_id]
    return talked[-1] if talked and not page.view.live else None
