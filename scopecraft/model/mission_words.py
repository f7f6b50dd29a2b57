"""How a mission and its steps stand, in words and marks: the one table that lists, pages and notifications share. Pure.

A *stage* is what a person wants to know of a mission: whether it needs them, and for what. Its status is one of the few
words that other programs know.
"""

from __future__ import annotations

from typing import Literal

from scopecraft.model.mission import MissionStatus, StepPhase

Stage = Literal[
    "asks",  # an agent of it waits for a person
    "gate",  # a person is to approve something
    "failed",  # a step failed, and nothing goes on
    "idle",  # an agent in a window has ended its turn
    "ready",  # a step may begin, and does not by itself
    "stuck",  # nothing can begin, and nothing is to be approved
    "working",
    "starting",
    "queued",
    "complete",
]
NEEDS_PERSON: frozenset[Stage] = frozenset({"asks", "gate", "failed", "idle", "ready", "stuck"})

# What a list shows first: whom an agent waits for, what a person must judge, what they may begin; then what goes on.
STAGES: tuple[Stage, ...] = (
    "asks",
    "gate",
    "failed",
    "idle",
    "ready",
    "stuck",
    "working",
    "starting",
    "queued",
    "complete",
)

STAGE_WORDS: dict[Stage, str] = {
    "asks": "waits for you",
    "gate": "waits for your review",
    "failed": "failed",
    "idle": "idle: its turn is over",
    "ready": "ready to go on",
    "stuck": "cannot go on",
    "working": "at work",
    "starting": "about to begin",
    "queued": "in the queue",
    "complete": "complete",
}

STATUS_WORDS: dict[MissionStatus, str] = {
    "draft": "not begun",
    "ready": "ready to go on",
    "waiting_human": "waits for your review",
    "waiting_code_review": "waits for your code review",
    "running_code_agent": "an agent is at work",
    "running_root_llm": "a model is at work",
    "failed": "failed",
    "completed": "complete",
}

# `waits` is a gate that can be passed now, `ready` a step that may begin, `queued` one whose session stands in line.
StepMark = Literal["done", "skipped", "failed", "running", "queued", "waits", "ready", "pending"]
STEP_WORDS: dict[StepMark, str] = {
    "done": "done",
    "skipped": "skipped",
    "failed": "failed",
    "running": "at work",
    "queued": "in the queue",
    "waits": "waits for you",
    "ready": "can begin",
    "pending": "",
}
# In letters that every terminal has: they stand in pipes and logs too.
STEP_MARKS: dict[StepMark, str] = {
    "done": "+",
    "skipped": "-",
    "failed": "!",
    "running": ">",
    "queued": "=",
    "waits": "?",
    "ready": "o",
    "pending": ".",
}
STAGE_MARKS: dict[Stage, str] = {
    "asks": "?",
    "gate": "?",
    "failed": "!",
    "idle": "?",
    "ready": "o",
    "stuck": "!",
    "working": ">",
    "starting": ">",
    "queued": "=",
    "complete": "+",
}
PHASE_MARKS: dict[StepPhase, StepMark] = {
    "pending": "pending",
    "running": "running",
    "done": "done",
    "failed": "failed",
    "skipped": "skipped",
}


def money_text(dollars: float | None) -> str:
    """`$0.38`; empty where nobody named a price."""
    if dollars is None:
        return ""
    return f"${dollars:.2f}" if dollars >= 0.095 or not dollars else f"${dollars:.3f}"
