"""Expressions that a person may set, and those that would never come to an end."""

from __future__ import annotations

import pytest

from scopecraft.errors import BadInput
from scopecraft.model.expression import compiled


@pytest.mark.parametrize(
    "expression",
    [
        r"\bprod-\d+\b",
        "migrations/",
        r"(?i)drop\s+table",
        r"^(?:sudo|doas)\s",
        r"a.*b.*c",
        r"(?:foo\s+)+bar",
        "",
        "日本",
    ],
)
def test_ordinary_expressions_are_taken(expression: str) -> None:
    assert compiled(expression).pattern == expression


@pytest.mark.parametrize("expression", ["prod-(", "*", "(?P<a>x)(?P<a>y)", r"\g"])
def test_what_is_no_expression_is_named(expression: str) -> None:
    with pytest.raises(BadInput, match="is no regular expression") as caught:
        compiled(expression)
    assert repr(expression) in caught.value.message


@pytest.mark.parametrize("expression", [r"(a+)+$", r"(\w+\s?)*$", r"(x|x|x)*$", r"^(([a-z])+.)+[A-Z]$"])
def test_what_could_look_for_ever_is_refused(expression: str) -> None:
    with pytest.raises(BadInput, match="could look for ever"):
        compiled(expression)
