"""Reading records whose writer promises nothing: any field may be missing or of another type, and nothing raises."""

from __future__ import annotations

import json
import math
from typing import Any, Final

import orjson

from scopecraft.model.activity import Reading

Record = dict[str, Any]

DAMAGED: Final = object()
MOST_COUNTED = 10**15  # more than any agent uses
LARGEST_AMOUNT = 1e12
_NOTHING: Record = {}


def decoded(line: bytes) -> Record | Reading:
    """The record that a line holds, else what is to be said of the line."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        value = rescue(line)
    if type(value) is dict:
        return value
    if value is DAMAGED:
        return [], "damaged", None
    return [], "unknown" if line.strip() else "known", None


def rescue(line: bytes) -> Any:
    """For what orjson refuses: the line's value after all, None for a blank line, DAMAGED for what is no JSON."""
    if not line.strip():
        return None
    # half of a surrogate pair is how JavaScript writes a text that was cut inside an emoji
    return _load_with_surrogates(line) if b"\\u" in line else DAMAGED


def _load_with_surrogates(line: bytes) -> Any:
    try:
        lenient = json.loads(line.decode())
        return orjson.loads(json.dumps(lenient, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return DAMAGED


def text(value: object) -> str:
    """The value if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def record(value: object) -> Record:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else _NOTHING


def items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def count(value: object) -> int:
    """A number of things: never negative, never a fraction, never so large that sums of it could not be shown."""
    if type(value) is int:
        return min(value, MOST_COUNTED) if value > 0 else 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return min(max(0, int(value)), MOST_COUNTED) if math.isfinite(value) else 0


def amount(value: object) -> float | None:
    """A finite number of a size that can be summed up, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return max(-LARGEST_AMOUNT, min(float(value), LARGEST_AMOUNT))


def one_line(value: object, limit: int) -> str:
    """A text on one line, or the compact JSON of anything else; cut to `limit` characters."""
    if not isinstance(value, str):
        try:
            value = orjson.dumps(value).decode()
        except orjson.JSONEncodeError:  # nested too deep
            return ""
    if len(value) <= limit and "\n" not in value:
        return value
    # what is cut off anyway need not be split into words
    line = " ".join(value[: limit * 2].split())
    return line if len(line) <= limit and len(value) <= limit * 2 else line[: limit - 1] + "…"
