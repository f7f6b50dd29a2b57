"""The request of a session that follows another one is made of what that one was asked."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from scopecraft.config.paths import home_of, make_home
from scopecraft.errors import NotFound, Refused
from scopecraft.missions.advance import VISIT_STEP
from scopecraft.missions.folder import create_mission
from scopecraft.model.mission import Mission
from scopecraft.model.session import Ended, Killed, Session
from scopecraft.sessions.context import Context
from scopecraft.sessions.continuing import Otherwise, began, follow_request, resume_request, retry_request
from scopecraft.sessions.kept_request import save_request
from scopecraft.sessions.request import Continuation, FromBranch, StartRequest
from tests.support.sessions import AT, a_session, running

ID = "6f0c9b1e-0c1f-4a43-9a5e-1d0b6d2f7a11"
ASKED = StartRequest(
    task="Fix the login",
    prompt="fix it",
    cwd=Path("/gone"),
    agent="claude",
    model="opus",
    base="main",
    type="fix",
    timeout_seconds=600,
    arguments=("--effort", "high"),
    overrides=("container.memory=8g",),
    start_from=FromBranch("fix/login"),
    is_task_given=False,
)
MISSION = Mission(
    id="m-0123456789abcdef", title="Fix the login", slug="fix-the-login", type="fix", workflow_id="oneshot",
    current_step=0, status="failed", project="shop", branch="fix/login", base="0" * 40, worktree="/w", created_at=AT,
    updated_at=AT,
)  # fmt: skip


@pytest.fixture
def context(clean_environment: Path) -> Context:
    make_home(home_of(os.environ))
    context = Context.of(os.environ)
    create_mission(context.home, MISSION, "fix it, as the mission has it")
    return context


def recorded(context: Context, asked: StartRequest | None = ASKED, **changes: object) -> Session:
    """Of the mission, and over."""
    given = {"mission_id": MISSION.id, "task": MISSION.slug, "conversation_id": ID, "timeout_seconds": 600, **changes}
    session = a_session(**given)
    context.store.create(session, AT)
    context.store.move(session.id, running(), "session_started", AT)
    over = context.store.move(session.id, Ended(AT, AT, Killed("sc stop")), "session_ended", AT)
    assert over is not None
    if asked is not None:
        save_request(context.folder(over.id).path, asked, {})
    return over


def test_a_retry_asks_the_same_without_what_only_a_new_mission_takes(context: Context) -> None:
    session = recorded(context)
    assert retry_request(context, session, Otherwise()) == replace(
        ASKED, task=MISSION.slug, project="shop", base=None, type=None, start_from=None, is_task_given=True,
        continues=Continuation(session.id, "retry"),
    )  # fmt: skip


def test_what_was_said_to_one_agent_is_not_said_to_another(context: Context) -> None:
    session = recorded(context)
    other = retry_request(context, session, Otherwise(prompt="try this", agent="codex"))
    assert (other.agent, other.prompt, other.model, other.arguments) == ("codex", "try this", None, ())
    same = retry_request(context, session, Otherwise(agent="claude", model="haiku"))
    assert (same.agent, same.model, same.arguments) == ("claude", "haiku", ASKED.arguments)


def test_a_session_of_an_older_version_is_retried_by_its_mission(context: Context) -> None:
    session = recorded(context, asked=None, model="opus")
    request = retry_request(context, session, Otherwise())
    assert (request.prompt, request.model, request.timeout_seconds) == ("fix it, as the mission has it", "opus", 600)


def test_a_retry_begins_where_the_conversation_began(context: Context) -> None:
    first = recorded(context)
    second = recorded(context, origin="takeover", follows=first.id, mode="dispatch")
    third = recorded(context, origin="handback", follows=second.id)
    assert began(context, third).id == first.id
    again = recorded(context, origin="retry", follows=third.id)
    assert began(context, again).id == again.id
    endless = recorded(context, origin="resume", follows="r-00")
    assert began(context, endless).id == endless.id


def test_a_person_is_not_timed_and_the_agent_alone_is_again(context: Context) -> None:
    alone = recorded(context)
    taken = follow_request(context, alone, "takeover", None)
    assert (taken.timeout_seconds, taken.prompt, taken.is_new) == (None, None, True)
    window = recorded(context, taken, origin="takeover", follows=alone.id, mode="dispatch", timeout_seconds=None)
    reopened = resume_request(context, window, None)
    assert reopened.timeout_seconds is None
    back = follow_request(context, window, "handback", "go on")
    assert (back.timeout_seconds, back.prompt, back.is_new) == (600, "go on", False)
    assert back.continues == Continuation(window.id, "handback", ID)
    assert back.overrides == ASKED.overrides


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"step_id": VISIT_STEP}, "a visit of yours"),
        ({"dialect": "plain", "agent": "plain"}, "cannot go on"),
        ({"conversation_id": None}, "has no conversation"),
    ],
)
def test_what_cannot_be_gone_on_with(context: Context, changes: dict[str, object], why: str) -> None:
    session = recorded(context, **changes)
    context.folder(session.id).stream.touch()
    with pytest.raises(Refused, match=why):
        resume_request(context, session, "more")


def test_a_session_that_lives_is_neither_retried_nor_resumed(context: Context) -> None:
    session = replace(recorded(context), status=running())
    for ask in (lambda: retry_request(context, session, Otherwise()), lambda: resume_request(context, session, "x")):
        with pytest.raises(Refused, match="is running"):
            ask()


def test_a_mission_that_was_removed_is_not_made_anew(context: Context) -> None:
    session = replace(recorded(context), mission_id="m-00000000000000ff")
    with pytest.raises(NotFound, match="is not there any more"):
        retry_request(context, session, Otherwise())
