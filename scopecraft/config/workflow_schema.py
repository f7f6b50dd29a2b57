"""What may stand in a workflow file and in agents.json, for pydantic; the JSON Schema that is published is made of it.

Imported only by `workflow_reading.py`, and only when there is a file to read. The names are those of the HTTP contract;
`needs`, `loop`, limits and the like are ours. What a field means stands under it: that text goes into the schema.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from scopecraft.errors import ScopecraftError
from scopecraft.model.duration import LONGEST_SECONDS, seconds_of
from scopecraft.model.naming import check_artifact_name
from scopecraft.model.session import Mode, WorkspaceMode
from scopecraft.model.text import clean, clean_line
from scopecraft.model.workflow import StepType, Where

MOST_STEPS = 50
MOST_PROMPT_CHARACTERS = 64 * 1024


def _artifact(name: str) -> str:
    try:
        check_artifact_name(name)
    except ScopecraftError as error:
        raise ValueError(error.message) from error
    return name


def _one_line(text: str) -> str:
    if clean_line(text) != text:
        raise ValueError("must be one line of plain text, without control characters")
    return text


def _plain(text: str) -> str:
    if clean(text) != text:
        raise ValueError("must hold no control characters, and none that nobody sees")
    return text


def _seconds(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("must be a length of time such as 90, 30m or 2h")
    try:
        return seconds_of(str(value))
    except ScopecraftError as error:
        raise ValueError(error.message) from error


def _command(value: object) -> object:
    if isinstance(value, str):
        return {"name": clean_line(value, 40) or "command", "command": value}
    return value


def _texts(value: object) -> object:
    return [value] if isinstance(value, str) else value


_WORD = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
_DOTTED = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
StepId = Annotated[str, Field(pattern=_WORD)]
WorkflowId = Annotated[str, Field(pattern=_DOTTED)]
RoleName = Annotated[str, Field(pattern=_DOTTED)]
# What becomes an argument of a program: never an option, never two words.
Word = Annotated[str, Field(pattern=r"^[^\s-]\S{0,199}$"), AfterValidator(_one_line)]
Effort = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
Artifact = Annotated[str, Field(min_length=1), AfterValidator(_artifact)]
Line = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_one_line)]
Prompt = Annotated[str, Field(min_length=1, max_length=MOST_PROMPT_CHARACTERS), AfterValidator(_plain)]
Length = Annotated[
    int,
    BeforeValidator(_seconds, json_schema_input_type=int | str),
    Field(ge=1, le=LONGEST_SECONDS),
]


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True, strict=True)


class QuickCommandRow(Row):
    name: Line
    """What the person who reviews calls it: `tests`."""
    command: Annotated[str, Field(min_length=1, max_length=4000), AfterValidator(_plain)]
    """For a shell, in the mission's worktree."""
    where: Where = "container"
    """`host` runs it on your machine, with your rights."""


QuickCommand = Annotated[QuickCommandRow, BeforeValidator(_command, json_schema_input_type=str | QuickCommandRow)]


class LoopRow(Row):
    artifact: Artifact
    """An output of this step, which holds the verdict."""
    field: Annotated[str, Field(pattern=_DOTTED)] = "verdict"
    """Where the artifact is JSON, the field that holds it; any other ends with a line `VERDICT: word`."""
    when: Annotated[list[Word], BeforeValidator(_texts, json_schema_input_type=str | list[str]), Field(min_length=1)]
    """The words that send the work back."""
    to: StepId
    """The step that begins again."""
    atMost: Annotated[int, Field(ge=1, le=20)] = 2
    """How often; the next time it waits for a person."""


class LimitsRow(Row):
    """As in the settings: the ones of `limits` and, for memory, cpus and pids, of `container`."""

    time: int | str | None = None
    turns: int | None = None
    cost: float | None = None
    stall_after: int | str | None = None
    on_limit: Literal["ask", "stop", "alert"] | None = None
    on_stall: Literal["ask", "stop", "alert"] | None = None
    memory: int | str | None = None
    cpus: float | None = None
    pids: int | None = None


class StepRow(Row):
    step_id: StepId
    """Its name for commands and files; one in a workflow."""
    name: Line | None = None
    """As people see it; by default the id in words."""
    type: StepType
    """`agent`: a coding agent; `llm`: one call of a model, without a container; `human-gate` and `code-review` wait for
    a person, who approves an artifact or the changes."""
    agent: RoleName | None = None
    """The role that it is played in: an entry of agents.json, or the name of a prompt file without `.md`."""
    mode: Mode | None = None
    """`autonomous` (by default): in a container; `dispatch`: in a tmux window, with you."""
    workspaceMode: WorkspaceMode | None = None
    """`document`: it may read the worktree and change none of it; `codegen` (by default): the worktree is its own."""
    inputArtifact: Artifact | None = None
    """What it works from: `raw-input.md`, or what a step before it writes."""
    inputArtifacts: list[Artifact] = Field(default_factory=list)
    """The same, where there are several."""
    outputArtifact: Artifact | None = None
    """What it must write; missing or empty, the step has failed."""
    outputArtifacts: list[Artifact] = Field(default_factory=list)
    """The same, where there are several."""
    reviewArtifact: Artifact | None = None
    """What a gate is about; none: the changes on the branch."""
    quickCommands: list[QuickCommand] = Field(default_factory=list, max_length=20)
    """Commands that show whether the work is good: `sc check` runs them. A text is the command itself."""
    needs: list[StepId] | None = None
    """The steps that must be finished before; by default the one above. Steps that share nothing run at once."""
    autostart: bool = False
    """Begin as soon as what it needs is finished, without your `sc mission continue`."""
    loop: LoopRow | None = None
    """A verdict that sends the work back."""
    prompt: Prompt | None = None
    """In place of the role's prompt."""
    dialect: RoleName | None = None
    """The agent by that name in the settings, such as `codex`; in place of the role's and of `default_agent`."""
    model: Word | None = None
    """In place of the role's."""
    effort: Effort | None = None
    """How much to think, in the agent's own words: `low`, `high`."""
    timeout: Length | None = None
    """Wall-clock limit of each of its sessions: `45m`, `2h`."""
    timeoutSeconds: Annotated[int, Field(ge=1, le=LONGEST_SECONDS)] | None = None
    """The same in seconds."""
    image: Word | None = None
    """The container image, in place of `container.image`."""
    network: Word | None = None
    """`bridge`, `none` or a network of the engine, in place of `container.network`."""
    limits: LimitsRow | None = None
    """In place of the limits in the settings."""
    settings: list[Annotated[str, AfterValidator(_plain)]] = Field(default_factory=list, max_length=50)
    """Other settings of `container`, `limits` and `agents` for its sessions, as for `sc run --set`:
    `container.tmp_size=2g`."""


class WorkflowRow(Row):
    workflow_id: WorkflowId
    """Its name for commands."""
    name: Line | None = None
    """As people see it; by default the id."""
    description: Annotated[str, Field(max_length=2000), AfterValidator(_plain)] = ""
    """What it is good for."""
    steps: Annotated[list[StepRow], Field(min_length=1, max_length=MOST_STEPS)]
    """In the order in which people think of them."""


class RoleRow(Row):
    promptFile: Artifact
    """Looked up in the repository's `.claude/agents` and `workflows`, then in the home, then among those shipped."""
    dialect: RoleName | None = None
    model: Word | None = None
    effort: Effort | None = None


class WorkflowsFile(Row):
    """`workflows.json`."""

    workflows: list[WorkflowRow]


class RolesFile(Row):
    """`agents.json`."""

    agents: dict[RoleName, RoleRow]


def schema() -> dict[str, Any]:
    """The JSON Schema of a workflow file, and of `workflows.json`."""
    from pydantic import TypeAdapter

    made = TypeAdapter(WorkflowRow | WorkflowsFile).json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "scopecraft workflow",
        "description": "A file `NAME.workflow.json` or `.yaml`, or `workflows.json`.",
        **made,
    }
