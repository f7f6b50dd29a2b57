"""Missions side by side: what each agent took, and what came of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from scopecraft.errors import Ambiguous, BadInput, NotFound, Refused
from scopecraft.missions.advance import VISIT_STEP
from scopecraft.missions.finding import all_missions
from scopecraft.missions.summary_steps import total_usage
from scopecraft.model import clock
from scopecraft.model.activity import Usage
from scopecraft.model.mission import Mission
from scopecraft.model.naming import slug_of
from scopecraft.model.session import Ended, Session, began_at
from scopecraft.sessions.context import Context
from scopecraft.sessions.deciding import read_activity
from scopecraft.sessions.look import View, look_at_all
from scopecraft.sessions.mission_diff import MissionDiff, Part, mission_diff
from scopecraft.sessions.places import mission_named, project_around
from scopecraft.worktrees.difference import FileChange, file_changes


@dataclass(frozen=True, slots=True)
class Compared:
    """`files` are of everything, committed or not. `usage` is None where no session of it tells: windows print none."""

    mission: Mission
    latest: View | None  # its newest session of an agent
    seconds: float
    usage: Usage | None
    commits: int
    files: tuple[FileChange, ...]
    is_uncommitted: bool  # whether some of it is not on the branch


def compared_missions(context: Context, tasks: Sequence[str], cwd: Path, project: str | None) -> list[Mission]:
    """Those that are named; of one alone all its siblings. Raises NotFound, Ambiguous and BadInput."""
    if len(tasks) == 1:
        return _group_of(context, tasks[0], cwd, project)
    found = [mission_named(context, task, cwd, project) for task in tasks]
    missions = list({mission.id: mission for mission in found}.values())
    if len(missions) < 2:
        raise BadInput(f"these names are all of one mission: {missions[0].slug}", "name two of them")
    return missions


def _group_of(context: Context, task: str, cwd: Path, project: str | None) -> list[Mission]:
    """By a sibling, by the id of the group, or by the task that all their names begin with."""
    everything, _ = all_missions(context.home, completed=True)
    inside = project or project_around(context, cwd)
    near = [mission for mission in everything if mission.project == inside] or everything
    begins = f"{slug_of(task).casefold()}-"
    fitting = [m for m in near if m.group and (m.group == task or m.slug.casefold().startswith(begins))]
    groups = {mission.group for mission in fitting}
    group = fitting[0].group if len(groups) == 1 else _own_group(context, task, cwd, project, fitting)
    return [mission for mission in everything if mission.group == group]


def _own_group(context: Context, task: str, cwd: Path, project: str | None, fitting: Sequence[Mission]) -> str:
    """Of the mission by that very name. Raises Ambiguous where there is none and several groups begin so."""
    try:
        mission = mission_named(context, task, cwd, project)
    except NotFound as error:
        if fitting:
            listed = ", ".join(f"{each.slug} ({each.group})" for each in fitting)
            raise Ambiguous(f"{task!r} fits siblings of several starts: {listed}", "name one of them") from error
        raise NotFound(error.message, "name two tasks: sc compare ONE OTHER") from error
    if mission.group is None:
        raise BadInput(f"{task} has no siblings", "name what to compare it with: sc compare ONE OTHER")
    return mission.group


def compare(context: Context, missions: Sequence[Mission]) -> Iterator[Compared]:
    """One after another: of each the whole stream is read."""
    for mission in missions:
        views = look_at_all(context, _at_work(context.store.sessions(mission_id=mission.id)))
        with mission_diff(context, mission) as found:
            yield Compared(
                mission=mission,
                latest=views[0] if views else None,
                seconds=sum(_seconds(view.session) for view in views),
                usage=_usage(context, [view.session for view in views]),
                commits=_commits(found),
                files=_everything(found),
                is_uncommitted=bool(found.uncommitted and found.uncommitted.files),
            )


@contextlib.contextmanager
def between(context: Context, one: Mission, other: Mission) -> Iterator[Part]:
    """What would have to change for the one's work to be the other's, uncommitted work included.

    Raises Refused for missions of different projects.
    """
    if one.project != other.project:
        raise Refused(f"{one.slug} and {other.slug} belong to different projects", "compare two of the same")
    with mission_diff(context, one) as first, mission_diff(context, other) as second:
        git = (second.uncommitted or second.committed).git
        if first.uncommitted is not None:
            store = first.uncommitted.git.env["GIT_OBJECT_DIRECTORY"]
            git = replace(git, env={**git.env, "GIT_ALTERNATE_OBJECT_DIRECTORIES": store})
        before, after = _state(first), _state(second)
        yield Part(git, before, after, (), tuple(file_changes(git, before, after)))


def _at_work(sessions: list[Session]) -> list[Session]:
    """Those of agents: what a person ran in between is none of theirs, but is all there is where no agent was."""
    return [session for session in sessions if session.step_id != VISIT_STEP] or sessions


def _state(found: MissionDiff) -> str:
    return found.uncommitted.after if found.uncommitted else found.tip


def _everything(found: MissionDiff) -> tuple[FileChange, ...]:
    if found.uncommitted is None or not found.uncommitted.files:
        return found.committed.files
    return tuple(file_changes(found.uncommitted.git, found.base, found.uncommitted.after))


def _commits(found: MissionDiff) -> int:
    return int(found.committed.git.text("rev-list", "--count", found.tip, f"^{found.base}", "--"))


def _seconds(session: Session) -> float:
    ended = session.status.ended_at if isinstance(session.status, Ended) else None
    end = clock.from_text(ended) if ended else clock.now()
    return max(0.0, (end - clock.from_text(began_at(session))).total_seconds())


def _usage(context: Context, sessions: Sequence[Session]) -> Usage | None:
    used = [read_activity(context, session).usage for session in sessions if session.executor != "tmux"]
    if not used:
        return None
    return total_usage(used)
