"""Which missions can go, because their work is on a main branch, and why the others cannot. Nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from scopecraft.config.projects import Project, load_projects
from scopecraft.errors import ScopecraftError
from scopecraft.model import clock
from scopecraft.model.mission import Mission
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import repository_of
from scopecraft.worktrees.merge_facts import Asked, merge_facts
from scopecraft.worktrees.merged import BranchFacts, verdict
from scopecraft.worktrees.pointer import verify_pointer
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.uncommitted import changes, uncommitted_git

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
    live = {session.mission_id: session.id for session in context.store.live()}
    judged: dict[str, Finished] = {}
    problems = []
    for project, own in by_project(context, missions):
        try:
            repository = repository_of(project)
            facts = merge_facts(repository, [_asked(context, mission) for mission in own])
        except ScopecraftError as error:
            problems.append(error.message)
            continue
        judged |= {each.mission.id: each for each in _judge(repository, own, facts, live)}
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


def _judge(
    repository: Repository, missions: Sequence[Mission], facts: Mapping[str, BranchFacts], live: Mapping[str, str]
) -> list[Finished]:
    verdicts = [(mission, verdict(facts[mission.branch])) for mission in missions]
    merged = [mission for mission, found in verdicts if found.how is not None]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        obstacles = dict(
            zip(
                [mission.id for mission in merged],
                pool.map(lambda mission: _obstacle(repository, mission, live), merged),
                strict=True,
            )
        )
    return [
        Finished(mission, found.how, found.why, obstacles.get(mission.id, ""), _is_partly(facts[mission.branch]))
        for mission, found in verdicts
    ]


def _is_partly(facts: BranchFacts) -> bool:
    return bool(facts.picked or facts.squashed_before or facts.reverted_by or (facts.after_request and facts.own))


def _obstacle(repository: Repository, mission: Mission, live: Mapping[str, str]) -> str:
    """Why a merged mission stays; empty where nothing is in the way."""
    if mission.id in live:
        return f"session {live[mission.id]} is at work"
    worktree = Path(mission.worktree)
    if not worktree.is_dir():
        return ""
    try:
        found = changes(uncommitted_git(worktree, verify_pointer(worktree, repository.common_dir)), with_ignored=False)
    except ScopecraftError as error:
        return error.message
    count = len({*found.staged, *found.modified, *found.deleted, *found.untracked, *found.unmerged})
    count += len(found.repositories)
    return f"{count} uncommitted file{'' if count == 1 else 's'} in its worktree" if count else ""
