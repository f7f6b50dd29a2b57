"""A workflow drawn: nothing that has an effect is left out, and what reaches far is pointed out."""

from __future__ import annotations

from scopecraft.cli.workflow_view import prompt_lines, workflow_lines
from scopecraft.config.workflow_dangers import dangers_of
from scopecraft.model.workflow import DIRECT, Loop, QuickCommand, Recipe, Role, Step, Workflow

FULL = Workflow(
    "full",
    "Full",
    (
        Step("plan", "Plan", "agent", "planner", workspace="document", inputs=("raw-input.md",), outputs=("plan.md",)),
        Step("gate", "Gate", "human-gate", review="plan.md"),
        Step(
            "build", "Build", "agent", "builder", mode="dispatch", inputs=("plan.md",), outputs=("r.json",),
            needs=("gate",), autostart=True, dialect="codex", model="m-1", effort="high", timeout_seconds=5400,
            settings=("container.network=none", "limits.cost=2"),
        ),
        Step(
            "judge", "Judge", "llm", prompt="Judge.", inputs=("r.json",), outputs=("v.json",),
            loop=Loop("v.json", ("no", "never"), "build", "word", 1),
        ),
        Step("review", "Review", "code-review", quick_commands=(QuickCommand("all", "make all", "host"),)),
    ),
    source="project",
)  # fmt: skip
ROLES = {"planner": Role("planner", "Plan.", dialect="gemini", source="project"), "builder": Role("builder", "Build.")}


def test_every_field_with_an_effect_is_there() -> None:
    drawn = "\n".join(workflow_lines(FULL, ROLES, width=0, colour=False))
    for part in (
        "planner (project)", "plan.md", "waits for you", "agent in a window, with you", "r.json, code",
        "one call of a model", "own prompt", "you review the code", "build: begins after gate",
        "build: begins without asking you", "build: agent codex", "build: model m-1", "build: effort high",
        "build: at most 1h30m", "build: container.network=none", "build: limits.cost=2",
        "judge: goes back to build when v.json, field word says no or never, at most once",
        "review: check all (on your machine): make all",
    ):  # fmt: skip
        assert part in drawn, drawn


def test_it_fits_a_narrow_terminal() -> None:
    assert all(len(line) <= 100 for line in workflow_lines(FULL, ROLES, width=100, colour=False))


def test_what_reaches_beyond_an_agent_in_its_container_is_pointed_out() -> None:
    assert [danger.partition(": ")[0] for danger in dangers_of(Recipe(FULL, ROLES))] == [
        "plan", "build", "build", "build", "build", "review",
    ]  # fmt: skip
    assert dangers_of(Recipe(DIRECT)) == []


def test_no_line_of_a_prompt_looks_like_one_of_ours() -> None:
    assert prompt_lines("a\n\nwarning: b\x1b[2J") == ["  | a", "  |", "  | warning: b\\x1b[2J"]
