"""Telling that a provider's limit is used up from all else that goes wrong. Pure; agents say it in many ways."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from scopecraft.agents.records import one_line
from scopecraft.model import clock
from scopecraft.model.activity import Entry, Quota

TOO_MANY_REQUESTS = 429
TEXT_CHARACTERS = 500

_USED_UP = re.compile(
    r"usage limit|hit your (?:[\w-]+ )?limit"
    r"|(?:session|hour|hourly|daily|weekly|monthly|opus|sonnet) limit (?:is |was |has been )?(?:reached|exceeded)"
    r"|insufficient_quota|quota exceeded|exceeded your (?:[\w-]+ )?quota|exhausted your (?:[\w-]+ )?(?:quota|capacity)"
    r"|RESOURCE_EXHAUSTED|resource has been exhausted|out of (?:extra usage|credits)|credit balance is too low",
    re.IGNORECASE,
)
_EPOCH = re.compile(r"\|(\d{10})\b")
_ISO = re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)")
_DAY = re.compile(r"\b(?:at|on) ([A-Z][a-z]{2}) (\d{1,2})(?:st|nd|rd|th)?, (\d{4}) (\d{1,2}:\d\d [AP]M)")


def quota_of(words: str, status: int = 0) -> list[Entry]:
    """The used-up limit that a failure tells of, if it does; `status` is what the provider's server answered.

    For what ended a turn only: a request that is tried again has used up nothing.
    """
    if status != TOO_MANY_REQUESTS and not is_used_up(words):
        return []
    return [Quota(one_line(words, TEXT_CHARACTERS) or "the provider's limit is used up", reset_in(words))]


def is_used_up(words: str) -> bool:
    return _USED_UP.search(words) is not None


def reset_in(words: str) -> str | None:
    """When the limit resets, as ISO 8601, where the words name a day and a time."""
    if found := _EPOCH.search(words):
        return reset_at(float(found[1]))
    try:
        if found := _ISO.search(words):
            return clock.to_text(datetime.fromisoformat(found[0]))
        if found := _DAY.search(words):
            # the clock of a container, where nobody set another zone
            day = datetime.strptime(" ".join(found.groups()), "%b %d %Y %I:%M %p")
            return clock.to_text(day.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        pass
    return None


def reset_at(epoch_seconds: float | None) -> str | None:
    if epoch_seconds is None or not 0 < epoch_seconds < 4e9:
        return None
    return clock.to_text(datetime.fromtimestamp(epoch_seconds, UTC))
