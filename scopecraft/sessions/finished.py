"""Which missions can go, because their work is on a main branch, and why the others cannot. Nothing is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from scopecraft.config.projects import Project, load_projects
from scopecraft.errors import ScopecraftError
from scopecraft.model import clock
from scopecraft.model.mission import Mission
from scopecraft.model.session import is_live
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import repository_of
from scopecraft.worktrees.merge_facts import Asked, merge_facts
from scopecraft.worktrees.merged import BranchFacts, verdict
from scopecraft.worktrees.pointer import verify_pointer
from scopecraft.worktrees.private import head_of
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.safe_changes import safe_changes

_AT_ONCE = 4  # worktrees that are looked into at the same time: git waits for the disk more than it works


@dataclass(frozen=True, slots=True)
class Finished:
    """`how` is None for one that is not merged; `obstacle` is why one that is merged stays all the same.

    `is_partly` says that some of its work is on a main branch, which a person will want to know.
    """

    mission: Mission
    how: str | None
    why: str
    obstacle: str = ""
    is_partly: bool = False

    @property
    def is_proposed(self) -> bool:
        return self.how is not None and not self.obstacle


def finished_missions(context: Context, missions: Sequence[Mission]) -> tuple[list[Finished], list[str]]:
    """Each with its reason, in their order, and a sentence for each project that cannot be looked at."""
    judged: dict[str, Finished] = {}
    projects = by_project(context, missions)
    problems = _unlinked(missions, {project.name for project, _ in projects})
    for project, own in projects:
        try:
            repository = repository_of(project)
            facts = merge_facts(repository, [_asked(context, mission) for mission in own])
        except ScopecraftError as error:
            problems.append(error.message)
            continue
        judged |= {each.mission.id: each for each in _judge(context, repository, own, facts)}
    return [judged[mission.id] for mission in missions if mission.id in judged], problems


def by_project(context: Context, missions: Iterable[Mission]) -> list[tuple[Project, list[Mission]]]:
    """Every linked project with its missions."""
    everything = list(missions)
    return [
        (project, [mission for mission in everything if mission.project == project.name])
        for project in load_projects(context.home)
    ]


def _asked(context: Context, mission: Mission) -> Asked:
    return Asked(
        branch=mission.branch,
        base=mission.base,
        since=clock.from_text(mission.created_at).timestamp() - 60,
        is_worked_on=any(
            event.kind == "commits_taken" and event.data.get("commits")
            for event in context.store.events(mission_id=mission.id)
        ),
        pull_request=mission.pull_request,
    )


def _unlinked(missions: Sequence[Mission], projects: Set[str]) -> list[str]:
    away = Counter(mission.project for mission in missions if mission.project not in projects)
    return [
        f"the project {name} is not linked: its missions ({count}) are not looked at" for name, count in away.items()
    ]


def _judge(
    context: Context, repository: Repository, missions: Sequence[Mission], facts: Mapping[str, BranchFacts]
) -> list[Finished]:
    verdicts = [(mission, verdict(facts[mission.branch])) for mission in missions]
    # the store is asked here, the worktrees by several threads
    obstacles = {mission.id: _session_in_the_way(context, mission) for mission, found in verdicts if found.how}
    free = [mission for mission, _ in verdicts if obstacles.get(mission.id) == ""]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for mission, obstacle in zip(free, pool.map(partial(_work_in_the_way, repository), free), strict=True):
            obstacles[mission.id] = obstacle
    return [
        Finished(mission, found.how, found.why, obstacles.get(mission.id, ""), _is_partly(facts[mission.branch]))
        for mission, found in verdicts
    ]


def _session_in_the_way(context: Context, mission: Mission) -> str:
    """Of a merged mission: a session that lives, or one whose commits were not taken; empty where there is none."""
    for session in context.store.sessions(mission_id=mission.id):
        if is_live(session.status):
            return f"session {session.id} is at work"
        if (context.folder(session.id).path / "git").is_dir():
            return f"session {session.id} has commits or a merge that were not taken; sc show {session.id} says why"
    return ""


def _is_partly(facts: BranchFacts) -> bool:
    return bool(facts.picked or facts.squashed_before or facts.reverted_by or (facts.after_request and facts.own))


def _work_in_the_way(repository: Repository, mission: Mission) -> str:
    """What the worktree of a merged mission holds beyond its branch; empty where nothing is in the way."""
    worktree = Path(mission.worktree)
    if not worktree.is_dir():
        return ""
    try:
        pointer = verify_pointer(worktree, repository.common_dir)
        if head_of(pointer) != f"ref: refs/heads/{mission.branch}":
            return "its worktree has another branch, or none, checked out"
        _, found = safe_changes(worktree, pointer)
    except ScopecraftError as error:
        return error.message
    count = len({*found.staged, *found.modified, *found.deleted, *found.untracked, *found.unmerged})
    count += len(found.repositories)
    return f"{count} uncommitted file{'' if count == 1 else 's'} in its worktree" if count else ""
