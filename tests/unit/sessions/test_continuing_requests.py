"""What a session that follows another one is asked, and what cannot be followed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from scopecraft.agents.base import BUILT_IN, dialect
from scopecraft.agents.claude_keeping import fits
from scopecraft.agents.keeping import keeping_of
from scopecraft.config.secrets import Secrets
from scopecraft.config.settings import AgentSettings
from scopecraft.missions.advance import TAKEN_OVER, when_ended
from scopecraft.model.mission import Mission
from scopecraft.model.session import Interrupted, Killed
from scopecraft.model.session_words import going_on_with
from scopecraft.sessions.agent_choice import Chosen, Place, agent_request
from scopecraft.sessions.request import Continuation, StartRequest
from tests.support.sessions import AT, LATER, a_session, ended

ID = "6f0c9b1e-0c1f-4a43-9a5e-1d0b6d2f7a11"
GOES_ON = Continuation("r-0", "resume", ID)
KEEPERS = [name for name in BUILT_IN if keeping_of(dialect(name)) is not None]


def asked(name: str, request: StartRequest, *, in_window: bool) -> tuple[str, ...]:
    chosen = Chosen(name, AgentSettings(dialect=name), dialect(name), Secrets({}))
    place = Place((), cwd="/w", conversation_id=ID, config_folder="/session/agent/config", hooks_folder="/hooks")
    made = agent_request(chosen, request, place)
    return (chosen.dialect.interactive if in_window else chosen.dialect.headless)(made).argv


def test_who_can_go_on() -> None:
    assert sorted(set(BUILT_IN) - set(KEEPERS)) == ["cursor", "plain"]


@pytest.mark.parametrize("in_window", [False, True])
@pytest.mark.parametrize("name", KEEPERS)
def test_every_agent_that_keeps_a_conversation_is_told_to_go_on_with_it(name: str, in_window: bool) -> None:
    prompt = None if in_window else "go on"
    new = StartRequest("fix", prompt, Path("/"))
    following = asked(name, replace(new, continues=GOES_ON), in_window=in_window)
    assert ID in following
    assert following != asked(name, new, in_window=in_window), "a new one is begun in another way"
    retry = replace(new, continues=Continuation("r-0", "retry"))
    assert asked(name, retry, in_window=in_window) == asked(name, new, in_window=in_window)


@pytest.mark.parametrize(
    ("part", "cwd", "there"),
    [
        (f"projects/-home-ann-w-fix-1/{ID}.jsonl", "/home/ann/w/fix_1", True),
        (f"projects/-home-ann-other/{ID}.jsonl", "/home/ann/w/fix_1", False),
        (f"projects/-home-ann-w-fix-1-x/{ID}.jsonl", "/home/ann/w/fix_1", False),
        (f"projects/{'-' + 'a' * 199}-k2j9/{ID}.jsonl", "/" + "a" * 300, True),
        (f"projects/{'-' + 'a' * 199}/{ID}.jsonl", "/" + "a" * 300, False),
        (f"projects/{'-' + 'a' * 199}-../{ID}.jsonl", "/" + "a" * 300, False),
    ],
)
def test_claude_looks_for_a_conversation_where_it_had_it(part: str, cwd: str, there: bool) -> None:
    assert fits(part, cwd) is there


@pytest.mark.parametrize("by", [TAKEN_OVER, f"{TAKEN_OVER} --now"])
def test_a_session_that_was_taken_over_has_not_failed(by: str) -> None:
    mission = Mission(
        id="m-1", title="fix", slug="fix", type="feature", workflow_id="oneshot", current_step=0,
        status="running_code_agent", project="shop", branch="b", base="0" * 40, worktree=os.sep, created_at=AT,
        updated_at=AT,
    )  # fmt: skip
    after = when_ended(mission, Killed(by), LATER, "autonomous")
    assert (after.status, after.errors) == ("ready", ())
    assert when_ended(mission, Killed("sc stop"), LATER, "autonomous").status == "failed"


def test_an_interrupted_session_says_what_goes_on_with_it() -> None:
    cut = a_session(status=ended(Interrupted("machine")), conversation_id=ID)
    assert going_on_with(cut) == f"sc resume {cut.id}"
    assert going_on_with(replace(cut, conversation_id=None)) == ""
    assert going_on_with(replace(cut, status=ended())) == ""
