"""Pushing a mission's branch, and telling the journal."""

from __future__ import annotations

from scopecraft.config.projects import load_projects, project_named
from scopecraft.errors import NotFound
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.mission import Mission
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import repository_of
from scopecraft.worktrees.pull_request import choose_remote
from scopecraft.worktrees.pushing import PushAs, Pushed, push_branch
from scopecraft.worktrees.repository import Repository, resolve_base


def push_mission(context: Context, mission: Mission, remote: str | None, how: PushAs) -> Pushed:
    """To its remote, else `origin`, else the only one. What is not committed does not go along.

    Raises NotFound and Ambiguous for the remote, Refused where the remote has other commits, GitFailed.
    """
    repository = repository_of(project_named(load_projects(context.home), mission.project))
    return push_to(context, mission, repository, choose_remote(repository, remote), how)


def push_to(context: Context, mission: Mission, repository: Repository, remote: str, how: PushAs) -> Pushed:
    try:
        resolve_base(repository, f"refs/heads/{mission.branch}")
    except NotFound as error:
        raise NotFound(
            f"the branch {clean_line(mission.branch)} of {mission.slug} is gone", f"what is known: sc show {mission.id}"
        ) from error
    pushed = push_branch(repository, remote, mission.branch, how)
    if pushed.is_news:
        at = clock.to_text(clock.now())
        data: dict[str, str | bool] = {"remote": remote, "branch": mission.branch, "commit": pushed.commit}
        context.store.append(Event(0, at, "branch_pushed", mission.id, data={**data, "forced": how.force}))
    return pushed
