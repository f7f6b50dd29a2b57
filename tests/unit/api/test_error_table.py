"""Every error of ours has an answer for programs, in the form that they read."""

from __future__ import annotations

import inspect

import pytest

from scopecraft import errors
from scopecraft.api.error_table import STATUS, error_body, status_of
from scopecraft.errors import ScopecraftError

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, ScopecraftError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_answered_with_a_status_of_its_own_kind(kind: type[ScopecraftError]) -> None:
    status = status_of(kind("what happened", "what to do"))
    assert status >= 400
    assert any(each in STATUS for each in kind.__mro__[:3])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/missions/m-1", {"success": False, "data": None, "error": "gone", "hint": "look"}),
        ("/api/sessions/r-1", {"message": "gone", "error": "Not Found", "statusCode": 404, "hint": "look"}),
    ],
)
def test_an_error_is_told_in_the_form_of_its_path(path: str, body: dict[str, object]) -> None:
    assert error_body(path, 404, "gone", "look") == body
