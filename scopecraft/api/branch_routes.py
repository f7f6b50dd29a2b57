"""What becomes of a mission's branch: merged, brought up to date, pushed, offered as a pull request."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from scopecraft.api.answer import enveloped
from scopecraft.api.answer_models import Enveloped
from scopecraft.api.house import context_of
from scopecraft.api.mission_found import MissionId, mission_of
from scopecraft.api.slow import slow
from scopecraft.errors import Refused
from scopecraft.sessions.merging import MergeAs, MergePlan, merge_mission, plan_merge
from scopecraft.sessions.moves_json import merged_dict, offered_dict, pushed_dict, synced_dict
from scopecraft.sessions.offering import OfferAs, offer_mission
from scopecraft.sessions.pushing import push_mission
from scopecraft.sessions.syncing import SyncAs, sync_mission
from scopecraft.worktrees.pushing import PushAs

router = APIRouter(tags=["branches"])
Line = Annotated[str, Field(min_length=1)]


class MergeAsked(BaseModel):
    how: Literal["merge", "squash", "rebase"] = "merge"
    into: Line | None = Field(default=None, description="without it the project's main branch")
    message: Line | None = None
    unreviewed: bool = Field(default=False, description="also what nobody has reviewed")
    only_committed: bool = Field(default=False, description="leave what is not committed out")
    tip: str | None = Field(default=None, description="the commit that was shown; another one answers 409")


class MergeDone(BaseModel):
    """`merged` is false where `into` had all of it already."""

    task: str
    mission_id: str
    branch: str
    into: str
    commit: str
    how: Literal["merge", "squash", "rebase"]
    merged: bool
    commits: int
    checkout: str | None
    left_out: list[str]


class SyncAsked(BaseModel):
    how: Literal["merge", "rebase"] = "merge"
    base: Line | None = Field(default=None, description="without it the project's main branch")


class SyncDone(BaseModel):
    task: str
    mission_id: str
    branch: str
    base: str
    commit: str
    how: Literal["merge", "squash", "rebase"]
    synced: bool
    commits: int


class PushAsked(BaseModel):
    remote: Line | None = Field(default=None, description="without it origin, or the only one")
    force: bool = Field(default=False, description="replace what is there, unless it has moved")


class PushDone(BaseModel):
    task: str
    mission_id: str
    branch: str
    remote: str
    commit: str
    pushed: bool
    said: str


class OfferAsked(PushAsked):
    base: Line | None = None
    title: Line | None = None
    body: str | None = None
    draft: bool = False
    by_hand: bool = Field(default=False, description="only push, and tell the link by which a browser opens one")


class OfferDone(BaseModel):
    """`opened` now, `there` already, or a `link` to open it by."""

    task: str
    mission_id: str
    branch: str
    remote: str
    commit: str
    base: str
    came: Literal["opened", "there", "link"]
    number: int | None
    url: str | None


@router.post("/api/missions/{mission_id}/merge", response_model=Enveloped[MergeDone])
@slow
def merge(request: Request, mission_id: MissionId, body: MergeAsked | None = None) -> Response:
    """Merge a mission's branch: all of it or nothing. What nobody has reviewed only if that is said."""
    context = context_of(request)
    said = body or MergeAsked()
    wish = MergeAs(said.how, said.into, said.message, said.unreviewed, said.only_committed, said.tip)
    plan = plan_merge(context, mission_of(context, mission_id), wish)
    _refuse_unseen(plan, wish)
    merged = merge_mission(context, plan.mission, replace(wish, tip=wish.tip or plan.branches.tip))
    return enveloped(merged_dict(merged))


@router.post("/api/missions/{mission_id}/sync", response_model=Enveloped[SyncDone])
@slow
def sync(request: Request, mission_id: MissionId, body: SyncAsked | None = None) -> Response:
    """Bring what the main branch has got meanwhile into a mission's branch and its worktree."""
    context = context_of(request)
    said = body or SyncAsked()
    return enveloped(synced_dict(sync_mission(context, mission_of(context, mission_id), SyncAs(said.how, said.base))))


@router.post("/api/missions/{mission_id}/push", response_model=Enveloped[PushDone])
@slow
def push(request: Request, mission_id: MissionId, body: PushAsked | None = None) -> Response:
    """Push a mission's branch, with the access that the person of this home has."""
    context = context_of(request)
    mission = mission_of(context, mission_id)
    said = body or PushAsked()
    return enveloped(pushed_dict(mission, push_mission(context, mission, said.remote, PushAs(said.force))))


@router.post("/api/missions/{mission_id}/pull-request", response_model=Enveloped[OfferDone])
@slow
def offer(request: Request, mission_id: MissionId, body: OfferAsked | None = None) -> Response:
    """Push a mission's branch, and open a pull request for it; one that is open already is found."""
    context = context_of(request)
    said = body or OfferAsked()
    wish = OfferAs(said.remote, said.base, said.title, said.body, said.draft, said.by_hand, PushAs(said.force))
    return enveloped(offered_dict(offer_mission(context, mission_of(context, mission_id), wish)))


def _refuse_unseen(plan: MergePlan, wish: MergeAs) -> None:
    """A workflow may have no review at all. Raises Refused."""
    if plan.commits and not wish.unreviewed and plan.review.word != "approved":
        raise Refused(f"nobody has reviewed {plan.mission.slug}", "look at its diff, and say `unreviewed`: true")
