"""Any field of any line may be of another type: an agent in a container writes its stream as it likes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scopecraft.agents.base import dialect_of_record
from scopecraft.model.usage_words import usage_text
from scopecraft.streams.activity import ActivityFold
from scopecraft.streams.lines import Line

TRACES = Path(__file__).parents[2] / "data" / "traces"
DIALECTS = ("claude", "codex", "gemini", "opencode", "amp", "qwen", "cursor")
ODD: tuple[Any, ...] = (None, [], {}, [[]], {"type": {}}, True, -1, 1e308, "\x1b[31m")
Place = tuple[str | int, ...]


def kinds_of_lines(dialect: str) -> list[dict[str, Any]]:
    """One of each: the same fields, and the same kind of thing inside."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted((TRACES / dialect).glob("*.jsonl")):
        for line in file.read_bytes().splitlines():
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict) and len(line) < 5000:
                inner = value.get("item")
                kind = inner.get("type") if isinstance(inner, dict) else None
                found.setdefault(repr((value.get("type"), kind, sorted(value))), value)
    return list(found.values())


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in parts:
        yield (*at, name)
        yield from places(inner, (*at, name))


def with_odd(value: dict[str, Any], place: Place, odd: Any) -> dict[str, Any]:
    changed: Any = copy.deepcopy(value)
    inner = changed
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = odd
    return dict(changed)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_field_of_another_type_ends_the_reading(dialect: str) -> None:
    fold = ActivityFold(dialect_of_record(dialect).entries)
    lines = kinds_of_lines(dialect)
    assert lines
    for line in lines:
        for place in list(places(line))[:60]:
            for odd in ODD:
                fold.feed(Line(1, 0, 1, json.dumps(with_odd(line, place, odd)).encode()))
    assert fold.activity.lines


def test_absurd_numbers_can_be_summed_up_and_shown() -> None:
    fold = ActivityFold(dialect_of_record("opencode").entries)
    for number in range(50):
        tokens = {"input": 1e308, "output": 10**300, "cache": {"read": -1e308}}
        part = {"id": str(number), "reason": "stop", "tokens": tokens, "cost": 1e308}
        fold.feed(Line(number + 1, 0, number, json.dumps({"type": "step_finish", "part": part}).encode()))
    usage = fold.activity.usage
    assert len(usage_text(usage)) < 80
    json.loads(json.dumps(usage.cost_usd), parse_constant=pytest.fail)
