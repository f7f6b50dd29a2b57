"""The worktrees of missions as a list: whose each is, how it stands, how large it is, and whether it could go."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scopecraft.config.projects import load_projects
from scopecraft.errors import ScopecraftError
from scopecraft.missions.finding import all_missions
from scopecraft.model.mission import Mission
from scopecraft.model.session import Session
from scopecraft.sessions.context import Context
from scopecraft.sessions.finished import Finished, finished_missions
from scopecraft.sessions.places import repository_of
from scopecraft.worktrees.pointer import verify_pointer
from scopecraft.worktrees.safe_changes import safe_changes


@dataclass(frozen=True, slots=True)
class Asked:
    """What costs more than a look: git for each worktree, or a walk through its files."""

    state: bool = False
    size: bool = False


@dataclass(frozen=True, slots=True)
class WorktreeView:
    """`changed`, `size_bytes` and `finished` are None where they were not asked for, or cannot be told: `trouble`."""

    mission: Mission
    is_there: bool
    live: tuple[Session, ...]
    changed: int | None = None
    size_bytes: int | None = None
    finished: Finished | None = None
    trouble: str = ""


def worktrees_seen(context: Context, project: str | None, asked: Asked) -> tuple[list[WorktreeView], list[str]]:
    """Of missions that are not complete, the newest first; and a sentence for each that cannot be read."""
    missions, problems = all_missions(context.home)
    wanted = [mission for mission in reversed(missions) if project in (None, mission.project)]
    live: dict[str, tuple[Session, ...]] = {}
    for session in context.store.live():
        live[session.mission_id] = (*live.get(session.mission_id, ()), session)
    judged: dict[str, Finished] = {}
    if asked.state:
        finished, more = finished_missions(context, wanted)
        judged = {each.mission.id: each for each in finished}
        problems += more
    repositories = _common_dirs(context) if asked.state else {}
    views = []
    for mission in wanted:
        path = Path(mission.worktree)
        is_there = path.is_dir()
        changed, trouble = _changed(path, repositories.get(mission.project)) if is_there and asked.state else (None, "")
        size = size_of(path) if is_there and asked.size else None
        own = live.get(mission.id, ())
        views.append(WorktreeView(mission, is_there, own, changed, size, judged.get(mission.id), trouble))
    return views, problems


def size_of(folder: Path) -> int:
    """Of its files, in bytes; links are not followed, and what cannot be read counts nothing."""
    total = 0
    for root, _, files in os.walk(folder, onerror=lambda _: None):
        for name in files:
            try:
                total += os.lstat(f"{root}/{name}").st_size
            except OSError:
                continue
    return total


def _common_dirs(context: Context) -> Mapping[str, Path]:
    found = {}
    for project in load_projects(context.home):
        try:
            found[project.name] = repository_of(project).common_dir
        except ScopecraftError:
            continue  # told among the problems
    return found


def _changed(worktree: Path, common_dir: Path | None) -> tuple[int | None, str]:
    """How many files are not committed; or why nobody can tell."""
    if common_dir is None:
        return None, "its project cannot be looked at"
    try:
        _, found = safe_changes(worktree, verify_pointer(worktree, common_dir))
    except ScopecraftError as error:
        return None, error.message
    return len({*found.staged, *found.modified, *found.deleted, *found.untracked, *found.unmerged}), ""
