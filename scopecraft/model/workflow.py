"""A workflow: the recipe that a mission follows, and the roles that its steps are played in. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from scopecraft.model.session import Mode, WorkspaceMode

StepType = Literal["llm", "agent", "human-gate", "code-review"]
STEP_TYPES: tuple[StepType, ...] = get_args(StepType)
Where = Literal["container", "host"]
Source = Literal["project", "home", "shipped"]
GATES: frozenset[StepType] = frozenset({"human-gate", "code-review"})
RAW_INPUT = "raw-input.md"
FINISHED = "Complete"  # in the place of a step's name, after the last one


@dataclass(frozen=True, slots=True)
class QuickCommand:
    """What a person runs to see whether the work is good: tests, lint, build."""

    name: str
    command: str  # for a shell
    where: Where = "container"


@dataclass(frozen=True, slots=True)
class Loop:
    """Where a verdict sends the mission back to, and how often at most; the next time it waits for a person.

    The verdict is `field` of the JSON document `artifact`, or, in any other text, its last line `VERDICT: word`.
    """

    artifact: str
    when: tuple[str, ...]
    to: str
    field: str = "verdict"
    at_most: int = 2


@dataclass(frozen=True, slots=True)
class Step:
    """`role` is who an `agent` or `llm` step plays; `dialect`, `model`, `effort` and `prompt` win over the role's.

    `needs` are the steps that must be finished before; None: the one before it. `settings` hold for its sessions only,
    in the notation of `sc run --set`: image, network, limits.
    """

    id: str
    name: str
    type: StepType
    role: str | None = None
    mode: Mode = "autonomous"
    workspace: WorkspaceMode = "codegen"
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    review: str | None = None  # the artifact that a gate is about
    quick_commands: tuple[QuickCommand, ...] = ()
    needs: tuple[str, ...] | None = None
    autostart: bool = False  # without a person saying `continue`, once what it needs is finished
    loop: Loop | None = None
    prompt: str | None = None
    dialect: str | None = None  # the agent by that name in the settings
    model: str | None = None
    effort: str | None = None
    timeout_seconds: int | None = None
    settings: tuple[str, ...] = ()

    @property
    def is_gate(self) -> bool:
        return self.type in GATES


@dataclass(frozen=True, slots=True)
class Workflow:
    id: str
    name: str
    steps: tuple[Step, ...]
    description: str = ""
    source: Source = "shipped"

    def index(self, step_id: str) -> int | None:
        for number, step in enumerate(self.steps):
            if step.id == step_id:
                return number
        return None

    def step(self, step_id: str) -> Step | None:
        number = self.index(step_id)
        return None if number is None else self.steps[number]

    def needs_of(self, number: int) -> tuple[str, ...]:
        """The steps that must be finished before this one."""
        needs = self.steps[number].needs
        if needs is not None:
            return needs
        return (self.steps[number - 1].id,) if number else ()


@dataclass(frozen=True, slots=True)
class Role:
    """`prompt` is the text of the prompt file, `source` where that was found."""

    name: str
    prompt: str
    dialect: str | None = None
    model: str | None = None
    effort: str | None = None
    source: Source = "shipped"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a mission keeps from its beginning: the workflow, and the roles of its steps by their names."""

    workflow: Workflow
    roles: Mapping[str, Role] = field(default_factory=dict)


# What `sc run` and `sc dispatch` make of a request: the work, then a person's review of it.
WORK_STEP = "implementation"
DIRECT = Workflow(
    id="oneshot",
    name="One shot",
    steps=(
        Step(WORK_STEP, "Implementation", "agent", inputs=(RAW_INPUT,)),
        Step("review-impl", "Review implementation", "code-review"),
    ),
)
