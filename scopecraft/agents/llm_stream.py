"""The stream of a call of a model: its lines, in Claude Code's form, and how they are read again. Pure."""

from __future__ import annotations

import json
from typing import Any

from scopecraft.agents.claude_stream import READERS, read_assistant, reader_of
from scopecraft.agents.llm_outcome import Answer, Failure, Retry
from scopecraft.agents.records import Record, record, text
from scopecraft.model.activity import Message, Reading

CUT_OFF = "aborted_streaming"  # as Claude Code calls a turn that was ended from outside


def begun_line(model: str) -> bytes:
    return _line({"type": "system", "subtype": "init", "model": model, "tools": []})


def piece_line(piece: str) -> bytes:
    delta = {"type": "text_delta", "text": piece}
    return _line({"type": "stream_event", "event": {"type": "content_block_delta", "index": 0, "delta": delta}})


def alive_line() -> bytes:
    """The model thinks, or its server says that it is there."""
    return _line({"type": "stream_event", "event": {"type": "ping"}})


def retry_line(retry: Retry) -> bytes:
    return _line(
        {
            "type": "system",
            "subtype": "api_retry",
            "attempt": retry.attempt,
            "max_retries": retry.at_most,
            "retry_delay_ms": round(retry.delay_seconds * 1000),
            "error_status": retry.status,
            "error": retry.why,
        }
    )


def note_line(words: str) -> bytes:
    return _line({"type": "system", "subtype": "informational", "content": words})


def message_line(answer: Answer) -> bytes:
    message = {
        "id": answer.message_id,
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": [{"type": "text", "text": answer.text}],
        "stop_reason": answer.stop_reason,
        "usage": _usage(answer),
    }
    return _line({"type": "assistant", "message": message, "parent_tool_use_id": None})


def result_line(answer: Answer, cost_usd: float | None) -> bytes:
    """The end of a call that went well."""
    return _line(
        {
            "type": "result",
            "subtype": "success",
            "is_error": False,
            "num_turns": 1,
            "stop_reason": "end_turn",
            "result": answer.text,
            "total_cost_usd": cost_usd,
            "usage": _usage(answer),
        }
    )


def failure_line(failure: Failure, cost_usd: float | None = None) -> bytes:
    """The end of one that did not. By its status, and the time in its text, a used-up limit is known for one."""
    return _line(
        {
            "type": "result",
            "subtype": "error_during_execution",
            "is_error": True,
            "num_turns": 1,
            "stop_reason": failure.stop_reason,
            "result": failure.text,
            "errors": [failure.text],
            "api_error_status": failure.status or None,
            "total_cost_usd": cost_usd,
            **({"usage": _usage(failure.answer)} if failure.answer else {}),
        }
    )


def cut_off_line() -> bytes:
    """The end of one that was ended from outside."""
    return _line({"type": "result", "subtype": "error_during_execution", "is_error": True, "terminal_reason": CUT_OFF})


def _usage(answer: Answer) -> Record:
    return {
        "input_tokens": answer.usage.input_tokens,
        "output_tokens": answer.usage.output_tokens,
        "cache_read_input_tokens": answer.usage.cache_read_tokens,
        "cache_creation_input_tokens": answer.usage.cache_write_tokens,
    }


def _line(value: dict[str, Any]) -> bytes:
    # only ASCII: what a model says can hold anything, half of a character too
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _read_piece(line: Record) -> Reading:
    event = record(line.get("event"))
    delta = record(event.get("delta"))
    if event.get("type") != "content_block_delta" or delta.get("type") != "text_delta":
        return [], "known", None
    return [Message("assistant", text(delta.get("text")), is_chunk=True)], "known", None


def _read_whole(line: Record) -> Reading:
    """What it spent; what it says came in pieces."""
    entries, kind, spent = read_assistant(line)
    return [entry for entry in entries if not isinstance(entry, Message)], kind, spent


read = reader_of({**READERS, "stream_event": _read_piece, "assistant": _read_whole})
