"""Ids: a letter, a dash, 12 hex digits of milliseconds and 4 random ones, so that they sort by time."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime

MISSION_ID = re.compile(r"m-[0-9a-f]{16}")
SESSION_ID = re.compile(r"r-[0-9a-f]{16}")


def _new(letter: str, at: datetime) -> str:
    return f"{letter}-{int(at.timestamp() * 1000):012x}{os.urandom(2).hex()}"


def new_mission_id(at: datetime) -> str:
    return _new("m", at)


def new_session_id(at: datetime) -> str:
    """A session's id is the `run_id` of the HTTP contract."""
    return _new("r", at)


def new_group_id(at: datetime) -> str:
    """Of missions that carry out the same request."""
    return _new("g", at)


def made_at(id_: str) -> datetime:
    """When an id of ours was made, to the millisecond."""
    return datetime.fromtimestamp(int(id_[2:14], 16) / 1000, UTC)
