"""What the journal says to a person."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from scopecraft.model.event import Event, EventKind
from scopecraft.model.event_words import GROUPS, WORDS, said_of
from scopecraft.model.session import Completed, Failed, Killed
from scopecraft.model.session_words import WAITING_FOR
from tests.support.sessions import AT


def said(kind: EventKind, **data: Any) -> str:
    return str(said_of(Event(1, AT, kind, data=data)))


def test_every_kind_of_event_has_words_of_its_own() -> None:
    assert set(WORDS) == set(get_args(EventKind))
    assert len(set(WORDS.values())) == len(WORDS)


@pytest.mark.parametrize("kind", get_args(EventKind))
def test_an_event_without_data_has_its_words_all_the_same(kind: EventKind) -> None:
    assert said(kind)


def test_a_wait_says_for_what() -> None:
    assert said("session_waiting", reason="permission", detail="Bash: ls") == f"{WAITING_FOR['permission']}: Bash: ls"
    assert said("session_waiting", reason="idle", detail="") == WAITING_FOR["idle"]


def test_an_end_says_how_and_why() -> None:
    ended = Event(1, AT, "session_ended", data={"outcome": "timed_out"})
    assert str(said_of(ended)) == "timed out"
    assert str(said_of(ended, Failed("it ran out of memory", 137))) == "failed: it ran out of memory"
    assert str(said_of(ended, Killed("sc stop"))) == "killed: stopped by sc stop"
    assert str(said_of(ended, Completed())) == "completed"


def test_data_without_words_of_their_own_are_named() -> None:
    assert said("queue_changed", max_running=5, is_paused=True, why="", until=None) == (
        "queue changed: max running 5, is paused"
    )
    assert str(said_of(Event(1, AT, "of_a_later_version", data={"n": 1}))) == "of a later version: n 1"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("mission_moved", {"how": "back", "step": "plan", "by": "ann"}, "mission moved on: back to plan, by ann"),
        ("mission_moved", {"how": "continue", "by": "ann"}, "mission moved on: continue, by ann"),
        ("gate_opened", {"step": "look", "gate": "Look"}, "waits for your review: Look"),
        ("gate_opened", {"step": "look", "because": "it changed"}, "waits for your review: look: it changed"),
        (
            "gate_approved",
            {"step": "look", "by": "ann", "artifact": "plan.md", "sha256": "a" * 64, "commit": None},
            "approved: look, by ann: plan.md aaaaaaaaaaaa",
        ),
        ("gate_approved", {"step": "look", "by": "ann", "commit": "b" * 40}, "approved: look, by ann: bbbbbbbbbbbb"),
        ("gate_approved", {"step": "look", "by": "ann"}, "approved: look, by ann"),
        ("gate_rejected", {"step": "look", "by": "ann", "why": "too long"}, "rejected: look, by ann: too long"),
        ("step_failed", {"step": "plan", "reason": "no key"}, "step failed: plan: no key"),
        ("session_created", {"attempt": 1}, "session made"),
        ("session_created", {"attempt": 3}, "session made: attempt 3"),
        ("session_created", {"attempt": 2, "status": "queued"}, "session made: attempt 2, in the queue"),
        ("session_stop_requested", {"by": "sc stop --now"}, "asked to stop: by sc stop --now"),
        ("commits_taken", {"commits": 2, "tip": "a" * 40}, "commits taken: 2 new, now at aaaaaaaaaaaa"),
        ("queue_changed", {"change": "parked", "until": "12:00"}, "queue changed: parked, until 12:00"),
        ("limit_reached", {"limit": "cost", "text": "it has cost $5"}, "reached a limit: it has cost $5"),
        ("question_answered", {"question": "Bash: ls", "answer": "allow"}, "got an answer: allow (to: Bash: ls)"),
        ("mission_removed", {"commits": 3, "modified": 0, "untracked": 1}, "removed: kept 3 commits, 1 untracked"),
    ],
)  # fmt: skip
def test_what_matters_of_the_data_is_told(kind: EventKind, data: dict[str, Any], words: str) -> None:
    assert said(kind, **data) == words


def test_each_kind_of_event_is_in_one_group() -> None:
    grouped = [kind for kinds in GROUPS.values() for kind in kinds]
    assert sorted(grouped) == sorted(get_args(EventKind))
