"""An interactive agent in its window: what is known about the window, and how the agent stands by its own word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

StateKind = Literal["starting", "working", "waiting", "idle", "unknown"]
StateReason = Literal["permission", "question", "login", "idle"]
StateSource = Literal["hooks", "registry", "transcript", "none"]


@dataclass(frozen=True, slots=True)
class WindowView:
    """What a dialect may look at to tell how the agent in a window stands. Paths are the host's."""

    hooks_folder: Path  # what the session's hooks wrote, if the dialect has any
    conversation_id: str  # as far as it is known; empty before an agent that chooses its own has told it
    cwd: str  # where the agent works
    created_at: str  # ISO 8601, when its session began
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)  # the person's: where agents keep their own
    config_folder: Path | None = None  # of an agent in a container; None: the person's own, as `environ` says
    pane_pid: int = 0
    pane_started: int = 0  # clock ticks since boot (/proc/<pid>/stat); 0: unknown
    pane_alive: bool = True
    age_seconds: float = 0.0  # how long the window has been there


@dataclass(frozen=True, slots=True)
class DispatchState:
    """`waiting` wants an answer from a person; `idle` means that the turn is over; `unknown`: its dialect cannot tell.

    Times are ISO 8601.
    """

    kind: StateKind
    reason: StateReason | None = None
    since: str | None = None
    detail: str = ""  # what is asked or done ("Bash: rm -r build"), or why it stopped; raw text of an agent
    source: StateSource = "hooks"
    conversation_id: str | None = None  # by its last word: an agent may choose its own, and may change it


UNKNOWN_STATE = DispatchState("unknown", source="none")
