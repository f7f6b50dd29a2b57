"""Handles: data that finds a running container or window again, in any process, after any crash.

A handle carries where it lives (the engine's address, the tmux server's socket), so that looking needs no settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class ContainerHandle:
    kind: ClassVar[str] = "container"
    engine: str  # "unix:///run/docker.sock"
    name: str  # deterministic: "sc-<session id>"
    container_id: str  # the engine's 64 hex digits


@dataclass(frozen=True, slots=True)
class WindowHandle:
    kind: ClassVar[str] = "window"
    socket: str  # absolute path of the tmux server's socket
    tmux_session: str  # "$3"
    window_id: str  # "@7"
    pane_id: str  # "%9"
    pane_pid: int  # the launcher, which becomes the agent by exec
    pane_started: int  # start time of that pid in clock ticks since boot (/proc/<pid>/stat), 0 if unknown


@dataclass(frozen=True, slots=True)
class ProcessHandle:
    kind: ClassVar[str] = "process"
    pid: int
    started: int  # start time of that pid in clock ticks since boot (/proc/<pid>/stat)
    boot_id: str  # the kernel's name for this run of the machine: pids begin anew with the next


Handle = ContainerHandle | WindowHandle | ProcessHandle


# What an executor sees when it looks at a handle.


@dataclass(frozen=True, slots=True)
class Alive:
    """It runs."""


@dataclass(frozen=True, slots=True)
class Exited:
    """It is over, and what is left of it says how."""

    exit_code: int | None  # None when it was not recorded (killed window)
    out_of_memory: bool = False
    finished_at: str | None = None  # ISO 8601
    last_lines: tuple[str, ...] = ()  # of a window's screen; raw text of an agent, not yet cleaned


@dataclass(frozen=True, slots=True)
class Gone:
    """The engine or tmux answered, and does not know it (any more)."""

    why: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer in time: nothing may be concluded from that."""

    why: str


Look = Alive | Exited | Gone | Unknown
