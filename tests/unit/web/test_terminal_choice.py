"""Which window a mission's terminal tab shows, and what it says where there is none."""

from __future__ import annotations

import pytest

from scopecraft.model.session import Queued, Running, Session
from scopecraft.web.terminal_pages import best_shown, kind_of
from tests.support.sessions import AT, WINDOW, a_session, ended, running, waiting


def window(**changes: object) -> Session:
    return a_session(**{"executor": "tmux", "mode": "dispatch", "status": Running(AT, WINDOW), **changes})


@pytest.mark.parametrize(
    ("session", "kind"),
    [
        (None, "none"),
        (window(), "window"),
        (window(status=waiting()), "window"),
        (a_session(executor="tmux"), "soon"),
        (window(status=ended()), "ended"),
        (a_session(status=running()), "alone"),
        (a_session(status=Queued(AT)), "soon"),
        (a_session(status=ended()), "none"),
    ],
)
def test_a_session_is_shown_as_what_it_is(session: Session | None, kind: str) -> None:
    assert kind_of(session) == kind


def test_a_living_window_goes_before_all_else() -> None:
    old, alone, open_ = window(status=ended()), a_session(status=running()), window()
    assert best_shown([old, alone, open_]) is open_
    assert best_shown([old, alone]) is alone
    assert best_shown([a_session(status=ended()), old]) is old
    assert best_shown([]) is None
