"""What a line of Gemini CLI's stream-json says. Pure; a line can be anything, and nothing here raises.

Its words come in pieces; there is no thinking and no cost, and only the first line names the conversation.
"""

from __future__ import annotations

from collections.abc import Callable

from scopecraft.agents.claude_stream import input_text
from scopecraft.agents.gemini_errors import API_ERROR, api_error_code, api_error_text
from scopecraft.agents.quota import quota_of
from scopecraft.agents.records import Record, count, decoded, record, text, text_or_none
from scopecraft.agents.written import GEMINI, commanded, written
from scopecraft.model.activity import (
    Claim,
    Entry,
    Finished,
    Message,
    Reading,
    Severity,
    Started,
    StreamError,
    ToolCall,
    ToolResult,
    Trouble,
    Usage,
)

CLAIM_CHARACTERS = 20_000
NO_ANSWER = "the model gave no usable answer"

# Strings that together stand in no line but a result: quotes inside of texts are escaped, and the JSON is compact.
DONE_MARKS = ('{"type":"result","timestamp":"', '"status":"', '"stats":{"total_tokens":')

_STOP_REASONS = {"FatalTurnLimitedError": "max_turn_requests", "FatalCancellationError": "cancelled"}


def read(line: bytes) -> Reading:
    """What the line says, and whether all of it was understood."""
    value = decoded(line)
    if isinstance(value, tuple):
        return value
    kind = value.get("type")
    if kind == "message" and value.get("role") == "assistant" and type(words := value.get("content")) is str:
        # most of a stream, so it is read in place
        return [Message("assistant", words, False, False, value.get("delta") is True)], "known", None
    reader = _READERS.get(kind) if type(kind) is str else None
    entries = reader(value) if reader else None
    return ([], "unknown", None) if entries is None else (entries, "known", None)


def _init(line: Record) -> list[Entry]:
    return [Started(text_or_none(line.get("session_id")), text_or_none(line.get("model")))]


def _message(line: Record) -> list[Entry] | None:
    words = line.get("content")
    return [Message("user", words)] if line.get("role") == "user" and type(words) is str else None


def _tool_use(line: Record) -> list[Entry]:
    get = line.get
    name, given = text(get("tool_name")), get("parameters")
    files, command = written(GEMINI, name, given), commanded(name, given)
    return [ToolCall(text(get("tool_id")), name, input_text(given), files=files, command=command)]


def _tool_result(line: Record) -> list[Entry]:
    """A command that failed is a success here: its exit code stands in its output."""
    get = line.get
    said, error = text(get("output")), text(record(get("error")).get("message"))
    failed = get("status") == "error"
    return [ToolResult(text(get("tool_id")), failed, (error or said) if failed else said)]


def _error(line: Record) -> list[Entry]:
    severity: Severity = "warning" if line.get("severity") == "warning" else "critical"
    return [Trouble(StreamError(severity, text(line.get("message")) or NO_ANSWER))]


def _result(line: Record) -> list[Entry]:
    """The claim and the totals of this process, after what went wrong."""
    usage = _usage(record(line.get("stats")))
    if line.get("status") == "success":
        return [Finished(Claim(False, "end_turn"), usage)]
    error = record(line.get("error"))
    kind, said = text(error.get("type")), text(error.get("message"))
    reason = _STOP_REASONS.get(kind, "error")
    told = api_error_text(said) if said.startswith(API_ERROR) else said
    claim = Claim(True, reason, (told or NO_ANSWER)[:CLAIM_CHARACTERS], aborted=reason == "cancelled")
    # an answer that could not be used was told by a line of its own
    trouble: list[Entry] = [Trouble(StreamError("warning" if claim.aborted else "critical", claim.text))]
    used_up = [] if claim.aborted else quota_of(told, api_error_code(said)) or quota_of(kind)
    return [*(used_up or trouble if told else []), Finished(claim, usage)]


def _usage(stats: Record) -> Usage:
    """`input_tokens` includes what came from the cache; the model's thinking is in the total only."""
    all_input, cached = count(stats.get("input_tokens")), count(stats.get("cached"))
    answered = max(count(stats.get("output_tokens")), count(stats.get("total_tokens")) - all_input)
    return Usage(max(0, all_input - cached), answered, cached)


_READERS: dict[str, Callable[[Record], list[Entry] | None]] = {
    "init": _init,
    "message": _message,
    "tool_use": _tool_use,
    "tool_result": _tool_result,
    "error": _error,
    "result": _result,
}
