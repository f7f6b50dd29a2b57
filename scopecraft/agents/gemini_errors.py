"""Gemini CLI's ways to say that something went wrong: exit codes, and errors of the API as texts."""

from __future__ import annotations

import json

from scopecraft.agents.records import Record, count, record, text

API_ERROR = "[API Error: "
EXIT_CODES = {
    41: "it is not logged in",
    42: "it did not accept its input",
    44: "its own sandbox failed",
    52: "its settings are wrong",
    53: "it reached its own limit of turns",
    54: "a tool failed so that it could not go on",
    55: "it does not trust the folder",
    130: "it was cancelled",
}
_HTTP = range(400, 512)


def exit_meaning(code: int) -> str:
    """What it means by the code, empty for one that says nothing. Of an error of the API it is the status mod 256."""
    if code in EXIT_CODES:
        return EXIT_CODES[code]
    return f"the model's server answered {code + 256}" if code + 256 in _HTTP else ""


def api_error_code(words: str) -> int:
    """The status that the model's server answered; 0 where the words do not tell."""
    return count(_error_of(words).get("code"))


def _error_of(words: str) -> Record:
    inside = words.removeprefix(API_ERROR).strip().removesuffix("]")
    try:
        return record(record(json.loads(inside)).get("error"))
    except (ValueError, RecursionError):
        return {}


def api_error_text(words: str) -> str:
    """`[API Error: {"error":{"code":400,"message":"…"}}]` as `the model's server: 400 …`; else as it is."""
    error = _error_of(words)
    said, code = text(error.get("message")), count(error.get("code"))
    if not said:
        return words
    return f"the model's server: {code} {said}" if code else f"the model's server: {said}"
