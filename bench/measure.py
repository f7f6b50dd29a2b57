"""Medians, and a table of what was measured beside the floor of the same run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: what was measured, in what unit, the machine's own floor, and what is to be reached."""

    what: str
    floor: float | None
    ours: float
    unit: str
    goal: str


def median_ms(action: Callable[[], object], rounds: int) -> float:
    """The median wall-clock time of a call, in milliseconds."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        action()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def print_figures(figures: Iterable[Figure]) -> None:
    print(f"{'what':<58} {'floor':>9} {'ours':>9} {'more':>9} {'ratio':>6}  goal")
    for figure in figures:
        floor = f"{figure.floor:.0f}" if figure.floor is not None else "-"
        more = f"{figure.ours - figure.floor:+.0f}" if figure.floor is not None else "-"
        ratio = f"{figure.ours / figure.floor:.2f}" if figure.floor else "-"
        print(f"{figure.what:<58} {floor:>9} {figure.ours:>6.0f} {figure.unit:<2} {more:>9} {ratio:>6}  {figure.goal}")
