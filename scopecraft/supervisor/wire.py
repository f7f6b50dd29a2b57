"""What goes over the socket: one line of JSON asks, lines answer. Light to import.

{"do": "health", …}                               the request, its body beside its name
(an empty line)                                   the supervisor lives, and is at it; about once a second
{"told": {"kind": data}}                          something on the way
{"answer": {…}}                                   the end
{"error": {"kind", "message", "hint"}}            or this: one of scopecraft.errors by its name
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from scopecraft import errors

MAX_REQUEST_BYTES = 12 * 1024 * 1024
BEAT_SECONDS = 1.0
BEAT = b"\n"


def line_of(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def request_line(name: str, body: Mapping[str, Any]) -> bytes:
    """Raises BadInput for one that is too long."""
    line = line_of({**body, "do": name})
    if len(line) > MAX_REQUEST_BYTES:
        limit = MAX_REQUEST_BYTES // 1024**2
        raise errors.BadInput(f"the request is longer than {limit} MiB", "give the text in a file of the worktree")
    return line


def parse_request(line: bytes) -> tuple[str, dict[str, Any]]:
    """Its name and its body. Raises BadInput."""
    try:
        body = json.loads(line)
        name = body.pop("do")
        if not isinstance(name, str):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise errors.BadInput(
            "that is not a request of this supervisor", "one JSON object with `do`, a line"
        ) from error
    return name, body


def error_message(error: errors.ScopecraftError) -> dict[str, Any]:
    return {"error": {"kind": type(error).__name__, "message": error.message, "hint": error.hint}}


def error_of(message: Mapping[str, Any]) -> errors.ScopecraftError:
    """The error as it was raised over there; SupervisorFailed for a kind that is not known here."""
    kind = getattr(errors, str(message.get("kind")), None)
    if not (isinstance(kind, type) and issubclass(kind, errors.ScopecraftError)):
        kind = errors.SupervisorFailed
    return kind(str(message.get("message", "")), str(message.get("hint", "")))
