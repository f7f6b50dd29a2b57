"""What removing a mission would take away and keep, as a value that a person can be shown. Nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scopecraft.config.projects import load_projects, project_named
from scopecraft.errors import Refused
from scopecraft.missions.trash import Removal, under_way
from scopecraft.model.mission import Mission
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.occupants import Occupant, occupants_of
from scopecraft.sessions.places import repository_of
from scopecraft.sessions.present_mission import refuse_while_alive
from scopecraft.worktrees.removal import Weight, small_ones, weigh
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.survey import Survey, survey

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """`small` and `large` are what git ignores: kept without a word, and only on request.

    `begun` is an earlier removal that was interrupted when nothing could be undone any more: it is gone on with.
    """

    mission: Mission
    repository: Repository
    seen: Survey | None = None
    commits: int = 0
    takes_worktree: bool = False
    takes_branch: bool = False
    why_not_branch: str = ""
    small: tuple[Weight, ...] = ()
    large: tuple[Weight, ...] = ()
    occupants: tuple[Occupant, ...] = ()
    begun: Removal | None = None


def plan_removal(context: Context, mission: Mission) -> Plan:
    """Raises AlreadyRunning while a session lives, RepositoryRefused for what is half done, UnsafeTree."""
    refuse_while_alive(context, mission)
    repository = repository_of(project_named(load_projects(context.home), mission.project))
    begun = under_way(context.home, mission)
    if begun is not None and begun.phase == "frozen":
        return Plan(mission, repository, begun=begun)
    worktree = Path(mission.worktree)
    is_ours = worktree.is_relative_to(context.home.worktrees)
    seen = survey(repository, worktree, mission.branch)
    weights = [weigh(worktree, path) for path in seen.found.ignored]
    small = small_ones(weights)
    why_not = _why_branch_stays(seen, is_ours=is_ours)
    return Plan(
        mission=mission,
        repository=repository,
        seen=seen,
        commits=_commits(repository, mission, seen),
        takes_worktree=is_ours,
        takes_branch=seen.branch_tip is not None and not why_not,
        why_not_branch=why_not if seen.branch_tip is not None else "",
        small=small,
        large=tuple(weight for weight in weights if weight not in small),
        occupants=occupants_of(worktree) if is_ours and seen.pointer is not None else (),
    )


def refuse_occupied(plan: Plan) -> None:
    """Raises Refused, naming who has its working directory in the worktree."""
    if plan.occupants:
        named = ", ".join(f"{each.command} ({each.pid})" for each in plan.occupants[:_MOST_NAMED])
        more = len(plan.occupants) - _MOST_NAMED
        raise Refused(
            f"at work in {clean_line(plan.mission.worktree)}: {named}{f' and {more} more' if more > 0 else ''}",
            "leave that folder, or end them; sc ls shows sessions",
        )


def refuse_undecided(plan: Plan, *, keep_ignored: bool, drop_ignored: bool) -> None:
    """Raises Refused for large ignored files about which nothing was said."""
    if plan.takes_worktree and plan.large and not (keep_ignored or drop_ignored):
        named = ", ".join(clean_line(weight.path, 60) for weight in plan.large[:_MOST_NAMED])
        more = len(plan.large) - _MOST_NAMED
        raise Refused(
            f"ignored by git and large: {named}{f' and {more} more' if more > 0 else ''}",
            "say --drop-ignored to lose them, or --keep-ignored to keep them in the trash",
        )


def _why_branch_stays(seen: Survey, *, is_ours: bool) -> str:
    if not is_ours:
        return "its worktree is yours and stays"
    if seen.held_elsewhere is not None:
        return f"it is checked out in {seen.held_elsewhere}"
    return "" if seen.is_branch_ours else "scopecraft did not make it"


def _commits(repo: Repository, mission: Mission, seen: Survey) -> int:
    """On the branch since its base; 0 where one of the two is gone."""
    if seen.branch_tip is None:
        return 0
    counted = repo.git.run("rev-list", "--count", seen.branch_tip, f"^{mission.base}", check=False)
    return int(counted.stdout) if counted.exit_code == 0 else 0
