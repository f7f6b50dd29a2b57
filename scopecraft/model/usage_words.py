"""Tokens, costs and counts in few characters, for screens."""

from __future__ import annotations

from scopecraft.model.activity import Usage


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
