"""A mission's steps and gates, one below the other, each with what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from scopecraft.cli.terminal import Tone, cells, fit, pad, paint
from scopecraft.model import clock
from scopecraft.model.activity import Usage
from scopecraft.model.duration import duration_text
from scopecraft.model.mission_words import STEP_WORDS, StepMark, money_text
from scopecraft.model.session import Ended, Queued, began_at
from scopecraft.model.text import clean_line
from scopecraft.model.usage_words import count_text
from scopecraft.model.workflow import Step
from scopecraft.sessions.mission_page import MissionPage, Run
from scopecraft.tui.rows import Drawing

TONES: dict[StepMark, tuple[Tone, ...]] = {
    "done": ("green",),
    "skipped": ("dim",),
    "failed": ("red", "bold"),
    "running": ("blue", "bold"),
    "queued": ("blue",),
    "waits": ("yellow", "bold"),
    "ready": ("cyan",),
    "pending": ("dim",),
}
SIGNS: dict[StepMark, str] = {
    "done": "●",
    "skipped": "-",
    "failed": "✗",
    "running": "◉",
    "queued": "=",
    "waits": "◆",
    "ready": "○",
    "pending": "·",
}


@dataclass(frozen=True, slots=True)
class Stop:
    """A step on the way, with its last run."""

    number: int
    step: Step
    mark: StepMark
    run: Run | None
    told: str  # what became of it, in a few words of anybody


def stops_of(page: MissionPage) -> list[Stop]:
    stops = []
    for number, (step, mark) in enumerate(page.view.marks, 1):
        run = next(reversed(page.runs_of(step.id)), None)
        stops.append(Stop(number, step, mark, run, _told(page, step, mark, run)))
    return stops


def drawing(now: datetime) -> Drawing[Stop]:
    """Two lines for each."""
    return Drawing(_key, partial(stop_lines, now), row_lines=2)


def stop_lines(now: datetime, stop: Stop, width: int) -> list[str]:
    tones = TONES[stop.mark]
    sign = SIGNS[stop.mark]
    kind = "you" if stop.step.is_gate else stop.step.type
    time = _time(stop.run, now)
    right = " ".join(part for part in (kind, time) if part)
    room = max(6, width - 5 - cells(right))
    name = pad(fit(clean_line(stop.step.name), room), room)
    is_bold: tuple[Tone, ...] = ("dim",) if stop.mark in ("pending", "skipped") else ("bold",)
    first = f" {paint(sign, *tones)} {paint(name, *is_bold)} {paint(right, 'dim')}"
    return [
        first,
        "   " + paint(fit(clean_line(stop.told), max(8, width - 4)), *(tones if stop.mark == "failed" else ("dim",))),
    ]


def _told(page: MissionPage, step: Step, mark: StepMark, run: Run | None) -> str:
    state = page.view.mission.state(step.id)
    if step.is_gate:
        if step.id in page.changed:
            return "waits again: it has changed since"
        if state is not None and state.approval is not None and mark == "done":
            return f"approved by {state.approval.by}"
        return STEP_WORDS[mark] or "later"
    if run is None:
        return STEP_WORDS[mark] or (step.role or "later")
    session = run.session
    attempt = f"attempt {session.attempt}" if session.attempt > 1 else ""
    words = "" if mark == "done" else STEP_WORDS[mark]
    return " · ".join(part for part in (words, session.model or session.agent, attempt, _used(run.usage)) if part)


def _used(usage: Usage) -> str:
    """`161k tok · $0.38`, whatever is known of it."""
    tokens = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens + usage.output_tokens
    return " · ".join(
        part for part in (f"{count_text(tokens)} tok" if tokens else "", money_text(usage.cost_usd)) if part
    )


def _time(run: Run | None, now: datetime) -> str:
    if run is None or isinstance(run.session.status, Queued):
        return ""
    status = run.session.status
    end = clock.from_text(status.ended_at) if isinstance(status, Ended) else now
    return duration_text((end - clock.from_text(began_at(run.session))).total_seconds())


def _key(stop: Stop) -> str:
    return stop.step.id
