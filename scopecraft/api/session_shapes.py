"""Sessions as programs send and get them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from scopecraft.errors import NotFound
from scopecraft.model.activity import Usage
from scopecraft.model.session import Session
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.look import View, look_at_all
from scopecraft.sessions.session_json import view_dict
from scopecraft.sessions.sessions_seen import LiveState
from scopecraft.sessions.usage import usage_dict


def _whole(value: object) -> object:
    """`3.0` is a whole number in JSON, too; a text is none."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, Field(strict=True), BeforeValidator(_whole)]
SessionId = Annotated[str, Path(description="The id of a session: `r-` and hex digits.", max_length=100)]


class Body(BaseModel):
    """What is sent: a field that nobody knows is refused."""

    model_config = ConfigDict(extra="forbid")


class UsageShape(BaseModel):
    """As the agent tells it; `cost_usd` is null where it names none."""

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cost_usd: float | None


class SessionShape(BaseModel):
    """`state` is what can be seen now, and `status` what is recorded. Times are ISO 8601."""

    id: str
    task: str
    mission_id: str
    project: str
    state: LiveState | Literal["ended"]
    outcome: Literal["completed", "failed", "timed_out", "killed", "interrupted"] | None
    detail: str
    since: str | None
    state_source: str
    place: int | None = Field(description="in the queue, 1 is the next; null for what does not wait there")
    mode: Literal["autonomous", "dispatch"]
    is_contained: bool
    agent: str
    model: str | None
    step_id: str
    attempt: int
    origin: Literal["start", "retry", "resume", "takeover", "handback"]
    follows: str | None
    branch: str
    worktree: str
    conversation_id: str | None
    created_at: str
    status: dict[str, Any]


class ListedSession(SessionShape):
    usage: UsageShape | None


class SessionList(BaseModel):
    """`live` of the `total` have not ended; they stand first."""

    sessions: list[ListedSession]
    total: int
    live: int
    limit: int
    offset: int


class AlertShape(BaseModel):
    code: str
    text: str


class CommitsShape(BaseModel):
    count: int
    branch: str
    tip: str


class ChoiceShape(BaseModel):
    label: str
    description: str


class InquiryShape(BaseModel):
    text: str
    choices: list[ChoiceShape]
    is_many: bool


class QuestionShape(BaseModel):
    """What an agent asks, in its own words. An answer that names `id` is meant for that very question."""

    session: str
    id: str
    kind: Literal["permission", "question"]
    text: str
    since: str
    is_cut: bool
    inquiries: list[InquiryShape]


class SessionDetail(ListedSession):
    alerts: list[AlertShape]
    commits: CommitsShape | None
    activity: dict[str, Any] | None = Field(description="what its stream says so far; null where nobody follows it")
    question: QuestionShape | None


class Started(BaseModel):
    """A session that runs, or waits at a `place` in line `because` of something; `notes` is what came up meanwhile."""

    session: SessionShape
    place: int | None
    because: str
    notes: list[str]


def listed_dict(view: View, usage: Usage | None) -> dict[str, Any]:
    return {**view_dict(view), "usage": usage_dict(usage) if usage else None}


def require_session(context: Context, session_id: str) -> Session:
    """By its whole id. Raises NotFound."""
    session = context.store.get(session_id)
    if session is None:
        raise NotFound(f"no session is called {clean_line(session_id, 60)!r}", "see all of them: /api/sessions")
    return session


def shown_now(context: Context, session_id: str) -> dict[str, Any]:
    """As it is at this moment. Raises NotFound."""
    return view_dict(look_at_all(context, [require_session(context, session_id)])[0])
