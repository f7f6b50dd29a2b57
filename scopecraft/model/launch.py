"""Launches: everything an executor needs to start a session, as a value. Building one is not executor work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class AgentRequest:
    """What a session asks of an agent; `config_folder` is the path that the agent itself will see."""

    prompt: str | None  # None only for an interactive agent that starts without one
    model: str | None
    conversation_id: str  # UUID, chosen by us
    resume: bool
    cwd: str
    config_folder: str | None  # the agent's private configuration; None on the host: the person's own
    hooks_folder: str | None  # where hook lines go, as the agent sees it; None: no hooks
    program: tuple[str, ...] = ()  # in place of the dialect's own program, with its first arguments
    extra_arguments: tuple[str, ...] = ()  # from the settings and the command line
    sandboxed: bool = False  # in a container: permission prompts are bypassed there and only there
    as_root: bool = False
    secrets: Mapping[str, str] = field(default_factory=dict)  # only to pre-approve them, never in argv
    effort: str | None = None  # how much it is to think, in its own words; see `agents.base.takes_effort`


@dataclass(frozen=True, slots=True)
class AgentCommand:
    """How to call an agent's program."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes | None = None  # None: /dev/null for a headless agent, the terminal for an interactive one
    config_files: Mapping[str, bytes] = field(default_factory=dict)  # relative to the agent's configuration folder
    session_files: Mapping[str, bytes] = field(default_factory=dict)  # relative to the hooks folder
    done_marks: tuple[str, ...] = ()  # a stream line holding all of these says that the work is over
    is_done_by_last_line: bool = False  # only while nothing follows that line
    turn_mark: str = ""  # a line holding this begins a turn: what said before that the work is over does not count
    has_inbox: bool = False  # stdin stays open: after what it holds here come the lines of the session's inbox


@dataclass(frozen=True, slots=True)
class Mount:
    source: Path
    target: str
    read_only: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    timeout_seconds: int
    output_bytes: int
    memory_bytes: int
    cpus: float
    pids: int
    tmpfs_bytes: int
    stop_grace_seconds: int  # between the polite and the hard signal
    result_grace_seconds: int  # between an agent's result line with silence after it and the polite signal


@dataclass(frozen=True, slots=True)
class ContainerLaunch:
    session_id: str
    labels: Mapping[str, str]
    image: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    user: tuple[int, int]
    mounts: tuple[Mount, ...]
    network: str  # "bridge", "none" or the name of an engine network
    limits: Limits


@dataclass(frozen=True, slots=True)
class WindowLaunch:
    session_id: str
    window_name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    unset: tuple[str, ...]  # variables of the caller that must not reach the agent
    cwd: str
    folder: Path  # where the launcher file is written
