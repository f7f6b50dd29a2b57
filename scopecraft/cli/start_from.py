"""What a new mission takes up: `--branch`, `--pr`, `--worktree`, `--agents`; and what cannot be given together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scopecraft.errors import BadInput, NotFound
from scopecraft.model.text import clean_line
from scopecraft.sessions.request import FromBranch, FromPullRequest, FromWorktree, StartFrom

# Each names a beginning of its own: at most one of them, and none with a base.
_BEGINNINGS = {"branch": "--branch", "pr": "--pr", "worktree": "--worktree", "agents": "--agents"}
_NOT_TOGETHER = (
    *(("base", name) for name in ("branch", "pr", "worktree")),
    ("agent", "agents"),
)


def start_from(options: Mapping[str, Any]) -> StartFrom | None:
    """By click's names of the parameters. Raises BadInput for options that exclude each other, NotFound for a path."""
    refuse_together(options)
    if options["branch"] is not None:
        return FromBranch(options["branch"])
    if options["pr"] is not None:
        if not 0 < options["pr"] < 10**9:
            raise BadInput(f"there is no pull request {options['pr']}", "they are numbered from 1")
        return FromPullRequest(options["pr"], options["remote"])
    return FromWorktree(_real(options["worktree"])) if options["worktree"] is not None else None


def refuse_together(options: Mapping[str, Any]) -> None:
    given = [name for name in _BEGINNINGS if options[name] is not None]
    pairs = [(given[0], given[1])] if len(given) > 1 else []
    pairs += [pair for pair in _NOT_TOGETHER if options[pair[0]] is not None and options[pair[1]] is not None]
    if pairs:
        one, other = (f"--{name}" for name in pairs[0])
        raise BadInput(f"{one} and {other} cannot be given together", f"leave {one} or {other} out")
    if options["remote"] is not None and options["pr"] is None:
        raise BadInput("--remote says where a pull request is, and there is no --pr", "add --pr N, or leave it out")


def agents_of(text: str) -> tuple[str, ...]:
    """The names in `claude,codex`; at least two. Raises BadInput."""
    names = tuple(name for name in (part.strip() for part in text.split(",")) if name)
    if len(names) < 2:
        raise BadInput(
            "--agents names several agents, with commas between them",
            "for example: --agents claude,codex; one: --agent",
        )
    return names


def _real(path: Path) -> Path:
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise NotFound(
            f"there is no folder {clean_line(str(path))}", "git worktree list shows where they are"
        ) from error
    if not any(os.path.lexists(folder / ".git") for folder in (real, *real.parents)):
        raise NotFound(f"{clean_line(str(path))} is in no worktree", "git worktree list shows where they are")
    return real
