"""The table of moves, and the picture of it in docs/."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from scopecraft.model.session import (
    BEGINNINGS,
    MOVES,
    Queued,
    Running,
    Starting,
    Status,
    Waiting,
    handle_of,
    is_live,
    may_move,
)
from tests.support.diagram import PAGE, session_states
from tests.support.sessions import AT, CONTAINER, LATER, ended, running, waiting

ROOT = Path(__file__).parents[3]
EXAMPLES: dict[str, Status] = {
    status.kind: status for status in (Queued(AT), Starting(AT), running(), waiting(), ended())
}


def test_the_table_knows_every_kind_and_no_other() -> None:
    kinds = {kind.kind for kind in get_args(Status)}
    assert set(MOVES) == kinds
    assert set().union(*MOVES.values()) | BEGINNINGS <= kinds


@pytest.mark.parametrize(("before", "after"), [*product(EXAMPLES, EXAMPLES)])
def test_a_move_is_allowed_where_the_table_says_so(before: str, after: str) -> None:
    assert may_move(EXAMPLES[before], EXAMPLES[after]) == (after in MOVES[before])


def test_an_ended_session_stays_ended_and_every_other_can_end() -> None:
    assert MOVES["ended"] == frozenset()
    assert all("ended" in after for kind, after in MOVES.items() if kind != "ended")


def test_every_kind_can_be_reached() -> None:
    reached, frontier = set(BEGINNINGS), set(BEGINNINGS)
    while frontier:
        frontier = set().union(*(MOVES[kind] for kind in frontier)) - reached
        reached |= frontier
    assert reached == set(MOVES)


def test_only_an_ended_session_is_not_live() -> None:
    assert [kind for kind, status in EXAMPLES.items() if not is_live(status)] == ["ended"]


def test_what_runs_has_a_handle() -> None:
    assert handle_of(Running(AT, CONTAINER)) == CONTAINER
    assert handle_of(Waiting(AT, CONTAINER, LATER, "idle")) == CONTAINER
    assert handle_of(Starting(AT)) is None
    assert handle_of(ended()) is None


def test_the_page_in_docs_shows_the_table_as_it_is() -> None:
    assert (ROOT / PAGE).read_text() == session_states(), f"python -m tests.support.diagram > {PAGE}"
