"""What a line of `opencode run --format json` says. Pure; a line can be anything, and nothing here raises.

There is no first and no last line: every step of a turn has a beginning and an end, and the last end that asks for no
tools is the agent's word on the turn. Each end tells what that step used.
"""

from __future__ import annotations

from collections.abc import Callable

from scopecraft.agents.claude_stream import input_text
from scopecraft.agents.quota import quota_of
from scopecraft.agents.records import Record, amount, count, decoded, record, text, text_or_none
from scopecraft.agents.written import OPENCODE, OPENCODE_PATCHES, commanded, patched, written
from scopecraft.model.activity import (
    Claim,
    Entry,
    Finished,
    Message,
    Reading,
    Spent,
    Started,
    StreamError,
    ToolCall,
    ToolResult,
    Trouble,
)

CLAIM_CHARACTERS = 20_000
# Of the last line once the work is over. It proves nothing about earlier lines: a turn may go on after it.
DONE_MARKS = ('{"type":"step_finish","timestamp":', '"reason":"stop"', '"type":"step-finish"')

_ABORTED = "MessageAbortedError"
_FAILURES = {
    "length": ("max_tokens", "the model's answer was cut off: it reached its longest"),
    "content-filter": ("refusal", "the model's answer was held back by a filter"),
    "error": ("error", "the model gave no usable answer"),
}


def read(line: bytes) -> Reading:
    """What the line says, and whether all of it was understood."""
    value = decoded(line)
    if isinstance(value, tuple):
        return value
    kind = value.get("type")
    if kind == "error":
        return _error(record(value.get("error"))), "known", None
    part = value.get("part")
    reader = _READERS.get(kind) if type(kind) is str and type(part) is dict else None
    return reader(value, record(part)) if reader else ([], "unknown", None)


def _step_start(line: Record, _: Record) -> Reading:
    return [Started(text_or_none(line.get("sessionID")), None, voids_claim=True)], "known", None


def _text(_: Record, part: Record) -> Reading:
    return [Message("assistant", text(part.get("text")))], "known", None


def _reasoning(_: Record, part: Record) -> Reading:
    return [Message("assistant", text(part.get("text")), thinking=True)], "known", None


def _tool_use(_: Record, part: Record) -> Reading:
    """Printed when the tool is finished, so the call and its result are one line."""
    call, name = text(part.get("callID")), text(part.get("tool"))
    state = record(part.get("state"))
    failed = state.get("status") == "error"
    said = text(state.get("error")) if failed else text(state.get("output"))
    failed |= count(record(state.get("metadata")).get("exit")) > 0  # of a command: it is `completed` all the same
    given = state.get("input")
    files = patched(given) if name in OPENCODE_PATCHES else written(OPENCODE, name, given)
    called = ToolCall(call, name, input_text(given), files=files, command=commanded(name, given))
    return [called, ToolResult(call, failed, said)], "known", None


def _step_finish(_: Record, part: Record) -> Reading:
    reason = text(part.get("reason"))
    if reason == "tool-calls":
        return [], "known", _spent(part)
    stop_reason, why = _FAILURES.get(reason, ("end_turn", ""))
    trouble: list[Entry] = [Trouble(StreamError("critical", why))] if why else []
    return [*trouble, Finished(Claim(bool(why), stop_reason, why), None)], "known", _spent(part)


def _spent(part: Record) -> Spent:
    tokens = record(part.get("tokens"))
    cache = record(tokens.get("cache"))
    return Spent(
        text(part.get("id")),
        count(tokens.get("input")),
        count(tokens.get("output")) + count(tokens.get("reasoning")),
        count(cache.get("read")),
        count(cache.get("write")),
        amount(part.get("cost")),
    )


def _error(error: Record) -> list[Entry]:
    """Ends the turn, unless another step follows."""
    data = record(error.get("data"))
    name = text(error.get("name"))
    said = text(data.get("message")) or text(error.get("message")) or name or "it failed and did not say why"
    status = count(data.get("statusCode"))
    told = f"the model's server: {status} {said}" if status else said
    aborted = name == _ABORTED
    claim = Claim(True, "cancelled" if aborted else "error", told[:CLAIM_CHARACTERS], aborted)
    used_up = [] if aborted else quota_of(told, status)
    trouble = used_up or [Trouble(StreamError("warning" if aborted else "critical", claim.text))]
    return [*trouble, Finished(claim, None)]


_READERS: dict[str, Callable[[Record, Record], Reading]] = {
    "step_start": _step_start,
    "text": _text,
    "reasoning": _reasoning,
    "tool_use": _tool_use,
    "step_finish": _step_finish,
}
