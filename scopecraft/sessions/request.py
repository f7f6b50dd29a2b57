"""What a person asks for when a session is to start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scopecraft.errors import BadInput
from scopecraft.sessions.project_settings import Ask, stop

if TYPE_CHECKING:
    from scopecraft.model.host_files import HostFile
    from scopecraft.model.mission import MissionType
    from scopecraft.model.queue import Occupancy, QueueRules
    from scopecraft.model.session import Origin, Session, WorkspaceMode
    from scopecraft.worktrees.include import Included

LONGEST_PROMPT_BYTES = 10 * 1024**2


def _nothing(*_: object) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class FromBranch:
    """An existing branch, as git or a person names it: `fix`, `origin/fix`."""

    name: str


@dataclass(frozen=True, slots=True)
class FromPullRequest:
    """Of the project's host; without a remote it is `origin`, else the only one."""

    number: int
    remote: str | None = None


@dataclass(frozen=True, slots=True)
class FromWorktree:
    """A worktree that a person made: an absolute and real path."""

    path: Path


StartFrom = FromBranch | FromPullRequest | FromWorktree


def own_task(start: StartFrom) -> str:
    """What the task is called when nobody names it."""
    match start:
        case FromBranch(name):
            return name.rpartition("/")[2]
        case FromPullRequest(number):
            return f"pr-{number}"
        case FromWorktree(path):
            return path.name


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person who comes into the mission's container in the place of an agent."""

    name: str  # "shell" or "exec", for lists of sessions
    on_begun: Callable[[Session], None]  # hears of the session before anything of it runs


@dataclass(frozen=True, slots=True)
class Continuation:
    """Why a session follows another one; with a conversation it goes on with that, else it begins a new one."""

    session_id: str
    origin: Origin
    conversation_id: str | None = None


@dataclass(frozen=True, slots=True)
class StepWork:
    """The step of a workflow that a session carries out; `run_id` is the id that was reserved for it, if any.

    `outputs` are the artifacts that it is to write, `kept` those that it may read and not change.
    """

    step_id: str
    run_id: str | None = None
    is_call: bool = False  # one call of a model, without a container
    workspace: WorkspaceMode = "codegen"
    outputs: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def _nobody_asks(occupancy: Occupancy, rules: QueueRules) -> None:
    """Nothing speaks against it."""


@dataclass(frozen=True, slots=True)
class Admission:
    """How an autonomous session gets its slot.

    `guard` is asked in the transaction that records it as starting, and raises what speaks against it. `wait_turn`
    returns when the session may count as starting, and raises TurnLost when that will not be.
    """

    session_id: str
    mission_id: str | None = None  # of the mission that is to be made
    is_queued: bool = False  # it is recorded already, and waits in line
    guard: Callable[[Occupancy, QueueRules], None] = _nobody_asks
    wait_turn: Callable[[], None] = _nothing
    on_taken: Callable[[], None] = _nothing  # hears that it counts as starting now
    fence: int | None = None  # of the supervisor that starts it


@dataclass(frozen=True, slots=True)
class StartRequest:
    task: str
    prompt: str | None
    cwd: Path  # where the person stands: finds the project
    agent: str | None = None
    model: str | None = None
    effort: str | None = None
    base: str | None = None
    timeout_seconds: int | None = None
    project: str | None = None
    type: MissionType | None = None  # of a new mission; None: feature
    arguments: tuple[str, ...] = ()  # further arguments for the agent
    start_from: StartFrom | None = None  # what a new mission takes up; None: the base
    is_task_given: bool = True  # False where the task is called after what it takes up
    group: str | None = None  # of a new mission that is one of several with the same prompt
    title: str | None = None  # of a new mission; None: it is called as its task
    task_file: str | None = None  # the path below .tasks that the prompt is from; the task is its exact name then
    overrides: tuple[str, ...] = ()  # settings for this time: `container.memory=8g`
    on_settings: Ask = stop  # asks about settings that the repository brings
    on_included: Callable[[Included], None] = _nothing  # hears what .worktreeinclude brought into a new worktree
    # hears, before a window opens, the task and what in its worktree may run here
    on_host_files: Callable[[str, tuple[HostFile, ...]], None] = _nothing
    on_note: Callable[[str], None] = _nothing  # hears what a person should know meanwhile
    visitor: Visitor | None = None
    should_set_up: bool = True  # by the set-up commands, where the worktree is new
    on_setup: Callable[[str], None] = _nothing  # hears each line of theirs, not yet cleaned
    continues: Continuation | None = None
    step: StepWork | None = None  # None: beside the workflow, or what `sc run` makes of a request
    is_new: bool = True  # False for what carries a mission on that has begun: the queue never refuses it
    admission: Admission | None = None  # None: it begins at once, and counts all the same


def check_prompt(prompt: str | None) -> str:
    """The prompt of an autonomous session; BadInput when there is none or it is far too long."""
    if prompt is None or not prompt.strip():
        raise BadInput("the prompt is empty", "say what to do: -m 'fix the login', -f FILE, or text on standard input")
    return check_text("prompt", prompt)


def check_text(what: str, text: str) -> str:
    """What an agent may be given to read; `what` it is called. Raises BadInput."""
    if "\0" in text:
        raise BadInput(f"the {what} holds a NUL character", "is it a text file?")
    if len(text.encode("utf-8", "surrogateescape")) > LONGEST_PROMPT_BYTES:
        raise BadInput(f"the {what} is longer than 10 MiB", "put the material into a file of the repository")
    return text
