"""What a person may change about the queue's rules. Pure: the rules as they are in, the rules as they shall be out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from scopecraft.errors import BadInput
from scopecraft.model.queue import QueueRules

MOST = 10_000  # of either limit
Change = Callable[[QueueRules], QueueRules]


def paused(rules: QueueRules) -> QueueRules:
    """By a person; whatever paused it before does not matter any more."""
    return replace(rules, is_paused=True, paused_because="")


def resumed(rules: QueueRules) -> QueueRules:
    """Neither paused nor parked."""
    return replace(rules, is_paused=False, paused_because="", parked_until=None, parked_because="")


def limited(rules: QueueRules, *, running: int | None, waiting: int | None) -> QueueRules:
    """With one or both limits changed. Raises BadInput for a number that cannot be one."""
    return replace(
        rules,
        max_running=rules.max_running if running is None else _checked("running", running, least=1),
        max_waiting=rules.max_waiting if waiting is None else _checked("waiting", waiting, least=0),
    )


def stopping_on_failure(rules: QueueRules, *, is_on: bool) -> QueueRules:
    return replace(rules, stops_on_failure=is_on)


def _checked(name: str, number: int, *, least: int) -> int:
    if not least <= number <= MOST:
        raise BadInput(f"--{name} {number} makes no sense", f"choose a number from {least} to {MOST}")
    return number
