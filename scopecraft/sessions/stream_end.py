"""How much of a stream is read. An agent can make the file endless at no cost, beyond its limit of output."""

from __future__ import annotations

import os

from scopecraft.errors import StateUnreadable
from scopecraft.model.event import Alert
from scopecraft.sessions.folder import SessionFolder
from scopecraft.sessions.settle_facts import load_facts
from scopecraft.streams.lines import NO_END

MARGIN_BYTES = 64 * 1024**2  # and a tenth: what is written until its end is noticed and has come


def stream_end(folder: SessionFolder) -> int:
    """The byte that reading ends at; where its limits are not known, there is none."""
    try:
        limits = load_facts(folder).limits
    except StateUnreadable:
        return NO_END
    return limits.output_bytes + limits.output_bytes // 10 + MARGIN_BYTES if limits else NO_END


def unread_alerts(folder: SessionFolder) -> list[Alert]:
    """One when there is more of it."""
    try:
        size = os.lstat(folder.stream).st_size
    except OSError:
        return []
    end = stream_end(folder)
    if size <= end:
        return []
    return [Alert("stream_too_long", f"its stream is {size:,} bytes long; what stands after {end:,} was not read")]
