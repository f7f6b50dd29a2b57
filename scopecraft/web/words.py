"""Numbers, times and texts as pages show them: filters of the templates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scopecraft.model import clock
from scopecraft.model.duration import duration_text
from scopecraft.model.mission_words import money_text
from scopecraft.model.text import clean, clean_line


def cost(value: float | None) -> str:
    """`$1.20`; a dash where nobody told any."""
    return money_text(value) or "–"


def number(value: int | None) -> str:
    """`658,140`"""
    return "–" if value is None else f"{value:,}"


def short_count(value: int | None) -> str:
    """`658k`, `1.2M`"""
    if value is None:
        return "–"
    for size, unit in ((1_000_000, "M"), (1000, "k")):
        if value >= size:
            scaled = value / size
            return f"{scaled:.1f}{unit}" if scaled < 10 else f"{scaled:.0f}{unit}"
    return str(value)


def age(at: str | None) -> str:
    """`12m` since then."""
    return "–" if at is None else lasting((clock.now() - clock.from_text(at)).total_seconds())


def lasting(seconds: float | None) -> str:
    return "–" if seconds is None else duration_text(max(0.0, seconds))


def short_id(mission_id: str) -> str:
    """Its end, by which `sc` knows it too: what is before that is the time."""
    return mission_id[-6:]


def line(text: str | None, limit: int = 300) -> str:
    """One line without anything that steers a screen; the template escapes it."""
    return clean_line(text or "", limit)


FILTERS: dict[str, Callable[..., Any]] = {
    "cost": cost,
    "number": number,
    "short_count": short_count,
    "age": age,
    "lasting": lasting,
    "short_id": short_id,
    "line": line,
    "clean": clean,
}
