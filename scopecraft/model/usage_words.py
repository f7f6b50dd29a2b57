"""Tokens, costs and counts in few characters, for screens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scopecraft.model.activity import Usage
from scopecraft.model.event import Event


def usage_text(usage: Usage) -> str:
    """`in 658k · out 97k · $2.82`; input counts what came from the cache too, and empty parts are left out."""
    total_in = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    parts = []
    if total_in or usage.output_tokens:
        parts += [f"in {count_text(total_in)}", f"out {count_text(usage.output_tokens)}"]
    if usage.cost_usd is not None:
        parts.append(f"${usage.cost_usd:.2f}" if usage.cost_usd >= 0.995 else f"${usage.cost_usd:.3f}")
    return " · ".join(parts)


def count_text(count: int) -> str:
    """`950`, `4.1k`, `658k`, `1.2M`."""
    if count < 1000:
        return str(count)
    for size, unit in ((1_000, "k"), (1_000_000, "M"), (1_000_000_000, "G")):
        value = count / size
        if value < 9.95:
            return f"{value:.1f}{unit}"
        if value < 999.5:
            return f"{value:.0f}{unit}"
    return f"{count / 1e9:.0f}G"


def counted(count: int, thing: str) -> str:
    """`1 error`, `3 errors`, `4.1k errors`."""
    return f"{count_text(count)} {thing}{'' if count == 1 else 's'}"


def usage_of(told: Mapping[str, Any]) -> Usage:
    """By an event's data or what a session says: what is no number is nothing, a cost that is not there is unknown."""
    cost = told.get("cost_usd")
    return Usage(
        input_tokens=_count(told, "input_tokens"),
        output_tokens=_count(told, "output_tokens"),
        cache_read_tokens=_count(told, "cache_read_tokens"),
        cache_write_tokens=_count(told, "cache_write_tokens"),
        cost_usd=float(cost) if isinstance(cost, int | float) else None,
    )


def used_of(event: Event) -> str:
    """What a session used, of its end: `12 tool calls · in 41k · out 3k · $0.38`; of other events nothing."""
    if event.kind != "session_ended":
        return ""
    calls = event.data.get("tool_calls")
    called = counted(calls, "tool call") if isinstance(calls, int) and calls else ""
    return " · ".join(part for part in (called, usage_text(usage_of(event.data))) if part)


def _count(told: Mapping[str, Any], name: str) -> int:
    value = told.get(name)
    return int(value) if isinstance(value, int | float) else 0
