"""Lengths of time as people write them: `90`, `90s`, `30m`, `2h`, `1h30m`."""

from __future__ import annotations

import re

from scopecraft.errors import BadInput

_FORM = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?")
LONGEST_SECONDS = 30 * 86400


def seconds_of(text: str) -> int:
    """Whole seconds, from 1 to 30 days; BadInput for anything else."""
    found = _FORM.fullmatch(text.strip().lower())
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    total = days * 86400 + hours * 3600 + minutes * 60 + seconds
    if not 1 <= total <= LONGEST_SECONDS:
        raise BadInput(f"{text!r} is no length of time", "for example 90s, 30m, 2h or 1h30m, at most 30d")
    return total


def duration_text(seconds: float) -> str:
    """`42s`, `3m10s`, `2h05m`, `3d04h`; never negative."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"
