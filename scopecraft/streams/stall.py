"""When silence is a stall. Pure: all times are of one monotonic clock, in seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LifeSigns:
    """What is known of a session that runs."""

    begun_at: float  # it began, was adopted, or got the answer that it waited for
    bytes_at: float | None = None  # its stream last grew
    transcript_at: float | None = None  # its agent's own record last changed
    open_tool_calls: int = 0
    is_waiting: bool = False  # for a person: a question is open, or its status says so


def silent_since(signs: LifeSigns) -> float:
    """When it last showed that it lives."""
    return max(at for at in (signs.begun_at, signs.bytes_at, signs.transcript_at) if at is not None)


def stalled_for(signs: LifeSigns, now: float, stall_after: float) -> float | None:
    """How long it has been silent, where that is a stall: no byte, no open tool call, no change of its transcript.

    Never while it waits for a person: then its silence is ours.
    """
    if signs.is_waiting or signs.open_tool_calls > 0:
        return None
    silent = now - silent_since(signs)
    return silent if silent >= stall_after else None
