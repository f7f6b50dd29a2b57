"""What is not committed in the worktrees of missions, as a list of them shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scopecraft.config.projects import load_projects, project_named
from scopecraft.errors import ScopecraftError
from scopecraft.model.mission import Mission
from scopecraft.sessions.branch_moves import uncommitted_in
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import repository_of


@dataclass(frozen=True, slots=True)
class WorktreeState:
    """`uncommitted` counts the files that are on no branch yet; None where that cannot be told, for `trouble`."""

    mission: Mission
    uncommitted: int | None
    trouble: str = ""


def dirty_of(context: Context, missions: Sequence[Mission]) -> list[WorktreeState]:
    """Some 20 ms for each."""
    return [_dirty(context, mission) for mission in missions]


def _dirty(context: Context, mission: Mission) -> WorktreeState:
    try:
        repository = repository_of(project_named(load_projects(context.home), mission.project))
        return WorktreeState(mission, len(uncommitted_in(mission, repository)))
    except ScopecraftError as error:
        return WorktreeState(mission, None, error.message)
