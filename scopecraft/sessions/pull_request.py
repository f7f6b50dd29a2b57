"""A mission whose pull request may have moved since: its branch goes along, or the person is told how."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from scopecraft.missions.folder import changing, save_mission
from scopecraft.model import clock
from scopecraft.model.mission import Mission, PullRequest
from scopecraft.sessions.context import Context
from scopecraft.sessions.ground import fetch
from scopecraft.sessions.request import FromPullRequest, StartRequest
from scopecraft.worktrees.pull_request import TakenIn, take_in
from scopecraft.worktrees.repository import Repository


def take_in_news(context: Context, mission: Mission, repo: Repository, request: StartRequest) -> None:
    """Fetches it and records its head. A branch without work of its own is brought there; any other stays."""
    known = mission.pull_request
    if known is None or not isinstance(request.start_from, FromPullRequest):
        return
    head = fetch(repo, request.start_from, mission.id, request.on_note).head
    worktree = Path(mission.worktree)
    taken = take_in(repo, worktree, mission.branch, before=known.head, after=head)
    if head != known.head:
        with changing(context.home, mission.id) as current:
            news = replace(known, head=head)
            save_mission(context.home, replace(current, pull_request=news, updated_at=clock.to_text(clock.now())))
    if taken != "there":
        request.on_note(_told(mission, PullRequest(known.number, head), taken))


def _told(mission: Mission, news: PullRequest, taken: TakenIn) -> str:
    head, by_hand = news.head[:12], f"git -C {mission.worktree}"
    if taken == "forwarded":
        return f"pull request {news.number} has moved, and {mission.branch} with it, to {head}"
    if taken == "own work":
        return (
            f"pull request {news.number} is at {head}, and {mission.branch} has work of its own, so it stays;"
            f" to bring them together: {by_hand} merge {head}"
        )
    if taken == "rewritten":
        return (
            f"pull request {news.number} was rewritten and is at {head}; {mission.branch} stays where it is;"
            f" to go there: {by_hand} reset --keep {head}"
        )
    return (
        f"pull request {news.number} is at {head}, and changes in the worktree are in its way;"
        f" commit them or put them away, then: {by_hand} merge --ff-only {head}"
    )
