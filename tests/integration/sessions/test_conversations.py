"""The id of a conversation is the agent's own word, and its tokens are counted for the session that used them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scopecraft.config.paths import home_of, make_home
from scopecraft.model.activity import Usage
from scopecraft.model.session import Completed, Ended, Session
from scopecraft.sessions.context import Context
from scopecraft.sessions.conversation import learn_conversation, used_before
from scopecraft.sessions.deciding import read_activity
from tests.support.sessions import a_session, running

TURN = '{"type":"turn.completed","usage":{"input_tokens":%d,"cached_input_tokens":%d,"output_tokens":%d}}\n'


@pytest.fixture
def context(clean_environment: Path) -> Context:
    make_home(home_of(os.environ))
    return Context.of(os.environ)


def ended(context: Context, session: Session, **used: float) -> Session:
    """The session is in the store, and ended with what it used by itself."""
    context.store.create(session, session.created_at)
    moved = context.store.move(session.id, running(), "session_started", session.created_at)
    assert moved is not None
    at = session.created_at
    over = context.store.move(session.id, Ended(at, at, Completed()), "session_ended", at, data=dict(used))
    assert over is not None
    return over


def codex(mission: str, at: str, conversation_id: str | None = "thread-1") -> Session:
    return a_session(mission_id=mission, agent="codex", dialect="codex", created_at=at, conversation_id=conversation_id)


MISSION = "m-0123456789abcdef"


def test_an_agent_tells_its_own_id(context: Context) -> None:
    session = ended(context, codex(MISSION, "2026-03-01T10:00:00.000Z", None))
    learn_conversation(context, session, "01a1fe01-7f7a-7ac0-b676-8f9c5255192a")
    known = context.store.get(session.id)
    assert known is not None
    assert known.conversation_id == "01a1fe01-7f7a-7ac0-b676-8f9c5255192a"


@pytest.mark.parametrize(
    "word", ["--dangerously-bypass-approvals-and-sandbox", "../../etc", "a b", "", "x" * 300, "a\n"]
)
def test_what_could_be_something_else_on_a_command_line_is_no_id(context: Context, word: str) -> None:
    session = ended(context, codex(MISSION, "2026-03-01T10:00:00.000Z", "thread-1"))
    learn_conversation(context, session, word)
    known = context.store.get(session.id)
    assert known is not None
    assert known.conversation_id == "thread-1"


def test_a_resumed_session_has_used_what_its_own_run_used(context: Context) -> None:
    first, again = "2026-03-01T10:00:00.000Z", "2026-03-01T11:00:00.000Z"
    ended(context, codex(MISSION, first), input_tokens=20, output_tokens=20, cache_read_tokens=80, cost_usd=0.5)
    ended(context, codex(MISSION, first, "thread-2"), input_tokens=7000)
    session = ended(context, codex(MISSION, again))
    stream = context.folder(session.id).stream
    stream.parent.mkdir(parents=True, exist_ok=True)
    stream.write_text(TURN % (300, 240, 60))
    assert read_activity(context, session).usage == Usage(40, 40, 160)


def test_an_agent_that_counts_each_run_by_itself_is_left_alone(context: Context) -> None:
    plain = a_session(mission_id=MISSION, dialect="plain", conversation_id="c")
    ended(context, plain, input_tokens=20)
    assert used_before(context, a_session(mission_id=MISSION, dialect="plain", conversation_id="c")) == Usage()
