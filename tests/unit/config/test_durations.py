"""Lengths of time as people write them."""

from __future__ import annotations

import pytest

from scopecraft.errors import BadInput
from scopecraft.model.duration import duration_text, seconds_of


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("30m", 1800), ("2h", 7200), ("1h30m", 5400)])
def test_common_forms_are_understood(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "soon", "-5", "5x", "1.5h", "31d", "m30"])
def test_anything_else_is_one_clear_sentence(text: str) -> None:
    with pytest.raises(BadInput, match="no length of time"):
        seconds_of(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(-3, "0s"), (42, "42s"), (190, "3m10s"), (7500, "2h05m"), (273600, "3d04h")]
)
def test_they_are_shown_in_two_units(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
