"""The order of the line. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from scopecraft.errors import BadInput


def moved(order: Sequence[str], who: str, place: int) -> list[str]:
    """The order after `who`, one of it, was moved to a place, counted from 1. Raises BadInput for a place not there."""
    if not 1 <= place <= len(order):
        raise BadInput(f"there is no place {place} in a queue of {len(order)}", f"choose one from 1 to {len(order)}")
    rest = [each for each in order if each != who]
    return [*rest[: place - 1], who, *rest[place - 1 :]]
