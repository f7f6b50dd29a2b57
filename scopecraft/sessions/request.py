"""What a person asks for when a session is to start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scopecraft.errors import BadInput
from scopecraft.model.host_files import HostFile
from scopecraft.model.mission import MissionType
from scopecraft.worktrees.include import Included

LONGEST_PROMPT_BYTES = 10 * 1024**2


def _nothing(_: object) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class StartRequest:
    task: str
    prompt: str | None
    cwd: Path  # where the person stands: finds the project
    agent: str | None = None
    model: str | None = None
    base: str | None = None
    timeout_seconds: int | None = None
    project: str | None = None
    type: MissionType | None = None  # of a new mission; None: feature
    arguments: tuple[str, ...] = ()  # further arguments for the agent
    on_included: Callable[[Included], None] = _nothing  # hears what .worktreeinclude brought into a new worktree
    on_host_files: Callable[[tuple[HostFile, ...]], None] = _nothing  # hears, before a window opens, what would run here


def check_prompt(prompt: str | None) -> str:
    """The prompt of an autonomous session; BadInput when there is none or it is far too long."""
    if prompt is None or not prompt.strip():
        raise BadInput("the prompt is empty", "say what to do: -m 'fix the login', -f FILE, or text on standard input")
    if "\0" in prompt:
        raise BadInput("the prompt holds a NUL character", "is it a text file?")
    if len(prompt.encode("utf-8", "surrogateescape")) > LONGEST_PROMPT_BYTES:
        raise BadInput("the prompt is longer than 10 MiB", "put the material into a file of the repository")
    return prompt
