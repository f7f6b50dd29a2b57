"""Whether what is on a branch was reviewed, and what a pull request says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scopecraft.errors import Refused
from scopecraft.model.mission import Approval, Mission, StepPhase, StepState
from scopecraft.model.workflow import DIRECT, Step, Workflow
from scopecraft.sessions.offer_text import LONGEST_PART, body_text, fenced, outputs_of
from scopecraft.sessions.review_state import refuse_unreviewed, review_of
from tests.support.sessions import AT

TIP, OTHER = "a" * 40, "b" * 40
MISSION = Mission(
    "m-1", "Fix the login", "fix-login", "fix", "x", 0, "ready", "shop", "fix/login", OTHER, "/tree", AT, AT
)
TWICE = Workflow(
    "x",
    "X",
    (
        Step("plan", "Plan", "agent", outputs=("plan.md",)),
        Step("first", "First look", "code-review"),
        Step("code", "Code", "agent", outputs=("plan.md", "result.md")),
        Step("last", "Last look", "code-review"),
    ),
)


def passed(step: str, commit: str | None, phase: StepPhase = "done") -> StepState:
    return StepState(step, phase, approval=Approval("me", AT, commit=commit) if commit else None)


@pytest.mark.parametrize(
    ("workflow", "steps", "word"),
    [
        (DIRECT, (), "unasked"),
        (DIRECT, (passed("review-impl", TIP),), "approved"),
        (DIRECT, (passed("review-impl", OTHER),), "stale"),
        (Workflow("none", "None", (Step("code", "Code", "agent"),)), (), "unasked"),
        (TWICE, (), "open"),
        (TWICE, (passed("first", TIP), passed("last", None, "pending")), "open"),
        (TWICE, (passed("first", OTHER), passed("last", TIP)), "approved"),
        (TWICE, (passed("first", TIP), passed("last", None, "skipped")), "open"),
        (TWICE, (passed("last", TIP, "pending"),), "open"),
    ],
)
def test_the_last_code_review_decides(workflow: Workflow, steps: tuple[StepState, ...], word: str) -> None:
    mission = replace(MISSION, steps=steps)
    review = review_of(mission, workflow, TIP)
    assert review.word == word
    if word in ("open", "stale"):
        with pytest.raises(Refused):
            refuse_unreviewed(mission, review, TIP)
    else:
        refuse_unreviewed(mission, review, TIP)


def test_text_of_agents_stays_text_in_a_pull_request() -> None:
    text = body_text(MISSION, "Mend it\n```\n# not a heading @someone\x1b[2J", [("plan.md", "closes #1")])
    assert "````text\nMend it\n```\n# not a heading @someone\\x1b[2J\n````" in text
    assert "<summary>plan.md</summary>\n\n```text\ncloses #1\n```" in text


def test_what_is_long_is_shortened_and_still_closed() -> None:
    lines = fenced("`" * 10 + "x" * LONGEST_PART * 2)
    assert lines[0] == "`" * 11 + "text"
    assert lines[-1] == "`" * 11
    assert len(lines[1]) < LONGEST_PART + 50


def test_outputs_are_told_once() -> None:
    assert outputs_of(TWICE) == ["plan.md", "result.md"]
