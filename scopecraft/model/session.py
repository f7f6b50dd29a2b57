"""A session: one run of one agent for one mission, its status and how it ended.

A status carries exactly the fields that make sense for it; how a session ended is a type of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from scopecraft.model.handle import Handle

WaitingReason = Literal["permission", "question", "login", "limit", "idle"]
Mode = Literal["autonomous", "dispatch"]
ExecutorName = Literal["container", "tmux", "process"]
WorkspaceMode = Literal["document", "codegen"]  # whether it may only read the worktree
InterruptionCause = Literal["engine", "tmux", "machine", "starter", "process"]
Origin = Literal["start", "retry", "resume", "takeover", "handback"]  # why a session was made


@dataclass(frozen=True, slots=True)
class Completed:
    kind: ClassVar[str] = "completed"


@dataclass(frozen=True, slots=True)
class Failed:
    kind: ClassVar[str] = "failed"
    reason: str  # one sentence for a person
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class TimedOut:
    kind: ClassVar[str] = "timed_out"
    limit_seconds: int


@dataclass(frozen=True, slots=True)
class Killed:
    kind: ClassVar[str] = "killed"
    by: str  # "sc stop", "sc stop --now"


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The engine, tmux, the machine or its own process went away under it."""

    kind: ClassVar[str] = "interrupted"
    cause: InterruptionCause
    detail: str = ""


Outcome = Completed | Failed | TimedOut | Killed | Interrupted


@dataclass(frozen=True, slots=True)
class Queued:
    kind: ClassVar[str] = "queued"
    enqueued_at: str


@dataclass(frozen=True, slots=True)
class Starting:
    kind: ClassVar[str] = "starting"
    since: str


@dataclass(frozen=True, slots=True)
class Running:
    kind: ClassVar[str] = "running"
    started_at: str
    handle: Handle


@dataclass(frozen=True, slots=True)
class Waiting:
    """It runs, and wants something from a person; `idle` means that its turn is over."""

    kind: ClassVar[str] = "waiting"
    started_at: str
    handle: Handle
    since: str
    reason: WaitingReason


@dataclass(frozen=True, slots=True)
class Ended:
    kind: ClassVar[str] = "ended"
    started_at: str | None  # None when it never came to life
    ended_at: str
    outcome: Outcome


Status = Queued | Starting | Running | Waiting | Ended

# How a session may begin, and every move that it can make; docs and tests are made from these tables.
BEGINNINGS = frozenset({"queued", "starting"})
MOVES: dict[str, frozenset[str]] = {
    "queued": frozenset({"starting", "ended"}),
    "starting": frozenset({"running", "queued", "ended"}),  # back in line: its starter died before anything ran
    "running": frozenset({"waiting", "ended"}),
    "waiting": frozenset({"running", "waiting", "ended"}),
    "ended": frozenset(),
}


def may_move(before: Status, after: Status) -> bool:
    return after.kind in MOVES[before.kind]


def is_live(status: Status) -> bool:
    """Whether the session may still own a container or a window."""
    return not isinstance(status, Ended)


@dataclass(frozen=True, slots=True)
class Session:
    """Times are ISO 8601 text (`scopecraft.model.clock`)."""

    id: str
    mission_id: str
    task: str  # the mission's slug when the session began
    project: str
    step_id: str
    attempt: int  # the n-th try at the step, from 1
    agent: str
    dialect: str
    executor: ExecutorName
    mode: Mode
    branch: str
    worktree: str  # absolute path
    created_at: str
    status: Status
    model: str | None = None
    conversation_id: str | None = None  # the agent's own id of the conversation
    timeout_seconds: int | None = None
    stop_requested_at: str | None = None  # set before the first signal is sent
    tip_before: str | None = None  # the branch's commit when the session began
    origin: Origin = "start"
    follows: str | None = None  # the session that it tries again or goes on with; None for a fresh start
    is_contained: bool = True  # the agent runs in a container, be it inside a window
    workspace: WorkspaceMode = "codegen"  # several that only read the worktree may live at once


def handle_of(status: Status) -> Handle | None:
    return status.handle if isinstance(status, Running | Waiting) else None


def began_at(session: Session) -> str:
    """When it came to life, however long it waited for that; when it was asked for, where it never did."""
    return getattr(session.status, "started_at", None) or session.created_at


def has_left_line(status: Status) -> bool:
    """Whether a person took it out of the queue before it began: nothing of it was made."""
    return isinstance(status, Ended) and status.started_at is None and isinstance(status.outcome, Killed)
