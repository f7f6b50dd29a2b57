"""What a call of a model costs, by the providers' published prices. Pure.

An estimate: discounts, service tiers, regions and tools are not in it. A model that is not listed has no price here,
which is not the same as none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from scopecraft.model.activity import Usage

TAKEN_ON = "2026-11-21"
_MILLION = 1_000_000
_DATED = re.compile(r"-(?:\d{8}|\d{4}-\d\d-\d\d)$")


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens. `above` holds for the whole call where its input is longer than `threshold`."""

    input: float
    output: float
    cache_read: float
    cache_write: float
    threshold: int = 0
    above: Price | None = None


def _claude(input_: float, output: float, cache_read: float) -> Price:
    return Price(input_, output, cache_read, input_ * 1.25)


def _gpt(input_: float, output: float, cache_read: float, cache_write: float | None = None) -> Price:
    """Beyond 272,000 tokens of input they cost twice as much, and half as much again for the output."""
    write = input_ * 1.25 if cache_write is None else cache_write
    return Price(input_, output, cache_read, write, 272_000, Price(input_ * 2, output * 1.5, cache_read * 2, write * 2))


PRICES: dict[str, Price] = {
    "claude-fable-5-2": _claude(8, 40, 0.2),
    **dict.fromkeys(("claude-fable-5-1", "claude-mythos-5-1"), _claude(10, 50, 0.25)),
    **dict.fromkeys(("claude-fable-5", "claude-mythos-5"), _claude(10, 50, 1)),
    "claude-opus-5-5": _claude(4, 20, 0.2),
    **dict.fromkeys(
        ("claude-opus-5", "claude-opus-4-8", "claude-opus-4-7", "claude-opus-4-6", "claude-opus-4-5"),
        _claude(5, 25, 0.5),
    ),
    "claude-sonnet-5-5": _claude(2, 10, 0.1),
    "claude-sonnet-5": _claude(2, 10, 0.2),
    **dict.fromkeys(("claude-sonnet-4-6", "claude-sonnet-4-5"), _claude(3, 15, 0.3)),
    "claude-haiku-5-5": Price(0.1, 0.5, 0.01, 0.125, 100_000, Price(0.5, 2.5, 0.05, 0.625)),
    "claude-haiku-4-5": _claude(1, 5, 0.1),
    "gpt-6.2-astra": _gpt(8, 40, 0.4),
    "gpt-6-astra": _gpt(10, 50, 1),
    **dict.fromkeys(("gpt-6.2-sol", "gpt-6.1-sol"), _gpt(2, 10, 0.1)),
    "gpt-6-sol": _gpt(2, 10, 0.2),
    "gpt-6.1-terra": _gpt(1, 5, 0.05),
    "gpt-6-luna": _gpt(0.1, 0.5, 0.01),
    "gpt-5.6-terra": _gpt(2, 12, 0.2),
    "gpt-5.6-luna": _gpt(0.2, 1.2, 0.02),
}


def price_of(model: str) -> Price | None:
    """Of the model by that name, or of the one that the name is a dated version of."""
    return PRICES.get(model) or PRICES.get(_DATED.sub("", model))


def own_price(numbers: Sequence[float]) -> Price | None:
    """What a person set: input and output, then what comes from a cache and what goes into one; None for nothing."""
    if not numbers:
        return None
    input_, output, cache_read, cache_write = (*numbers, *(numbers[0],) * (4 - len(numbers)))
    return Price(input_, output, cache_read, cache_write)


def cost_of(price: Price, usage: Usage) -> float:
    whole_input = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    if price.above is not None and whole_input > price.threshold:
        price = price.above
    spent = (
        usage.input_tokens * price.input
        + usage.output_tokens * price.output
        + usage.cache_read_tokens * price.cache_read
        + usage.cache_write_tokens * price.cache_write
    )
    return spent / _MILLION
