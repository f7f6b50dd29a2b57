"""What a line of Claude Code's stream-json says. Pure; a line can be anything, and nothing here raises.

The set of types and fields grows with every release, and key order is not stable: a line is parsed, never sniffed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import orjson

from scopecraft.agents.claude_lines import PROMPT_MARK
from scopecraft.agents.claude_notices import SYSTEM, rate_limit
from scopecraft.agents.claude_result import result
from scopecraft.agents.quota import quota_of
from scopecraft.agents.records import Record, count, decoded, items, one_line, record, text, text_or_none
from scopecraft.agents.written import CLAUDE_LIKE, commanded, written
from scopecraft.model.activity import (
    Asked,
    Echoed,
    Entry,
    Message,
    Note,
    Reading,
    Spent,
    Started,
    StreamError,
    ToolCall,
    ToolResult,
    Trouble,
    Withdrawn,
)

INPUT_CHARACTERS = 2_000
ASKED_CHARACTERS = 100_000
QUESTION_TOOL = "AskUserQuestion"
_PATHS = ("file_path", "filePath", "notebook_path", "path")
_TELLING = ("command", *_PATHS, "pattern", "url", "query", "description", "prompt")
_SILENT_BLOCKS = frozenset({"redacted_thinking", "image", "document", "container_upload", "tool_reference"})
_CALLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})


RecordReader = Callable[[Record], Reading]


def reader_of(readers: Mapping[str, RecordReader]) -> Callable[[bytes], Reading]:
    """A way to read lines whose `type` says which of the readers it is for; for agents that speak like Claude Code."""

    def read(line: bytes) -> Reading:
        value = decoded(line)
        if isinstance(value, tuple):
            return value
        kind = value.get("type")
        reader = readers.get(kind) if type(kind) is str else None
        return reader(value) if reader else ([], "unknown", None)

    return read


def read_assistant(line: Record) -> Reading:
    # most of a stream is this and `_user`: their frequent blocks are read in place, which is twice as fast
    message = line.get("message")
    if type(message) is not dict:
        return [], "unknown", None
    content = message.get("content")
    subagent = line.get("parent_tool_use_id") is not None
    if line.get("error"):
        return _failure(line["error"], content), "known", None
    found: list[Entry] = []
    understood = True
    for block in content if type(content) is list else [{"type": "text", "text": content}]:
        kind = block.get("type") if type(block) is dict else None
        if kind == "text" and type(words := block.get("text")) is str:
            found.append(Message("assistant", words, subagent))
        elif kind == "tool_use":
            found.append(_tool_call(block, subagent))
        else:
            understood &= _seldom_block(record(block), subagent, found)
    return found, "known" if understood else "unknown", _spent(message)


def _seldom_block(block: Record, subagent: bool, found: list[Entry]) -> bool:
    """Whether the block is of a type we know."""
    kind = text(block.get("type"))
    if kind == "thinking":
        found.append(Message("assistant", text(block.get("thinking")), subagent, thinking=True))
    elif kind in _CALLS:
        found.append(_tool_call(block, subagent))
    elif kind.endswith("_tool_result"):  # of tools that run at the model's side
        found.append(_tool_result(block, subagent))
    else:
        return kind in _SILENT_BLOCKS
    return True


def _user(line: Record) -> Reading:
    message = line.get("message")
    if type(message) is not dict:
        return [], "unknown", None
    content = message.get("content")
    subagent = line.get("parent_tool_use_id") is not None
    found: list[Entry] = []
    if line.get("isReplay") is True:
        message_id = text(line.get("uuid"))
        found.append(Echoed(message_id))
        if message_id.startswith(PROMPT_MARK):
            return found, "known", None
    understood = True
    for block in content if type(content) is list else [{"type": "text", "text": content}]:
        kind = block.get("type") if type(block) is dict else None
        if kind == "tool_result":
            found.append(_tool_result(block, subagent))
        elif kind == "text" and type(words := block.get("text")) is str:
            interrupted = words.startswith("[Request interrupted by user")
            found.append(Note("interrupted") if interrupted else Message("user", words, subagent))
        else:
            understood &= kind in _SILENT_BLOCKS if type(kind) is str else False
    return found, "known" if understood else "unknown", None


def _system(line: Record) -> Reading:
    subtype = line.get("subtype")
    if subtype in ("init", "session_start"):  # the latter of Qwen Code
        # each turn begins with one: until it has ended, the end of the turn before is not the last word
        conversation, model = text_or_none(line.get("session_id")), text_or_none(line.get("model"))
        return [Started(conversation, model, voids_claim=True)], "known", None
    notice = SYSTEM.get(subtype) if isinstance(subtype, str) else None
    return (notice(line), "known", None) if notice else ([], "unknown", None)


def _conversation_reset(line: Record) -> Reading:
    return [Started(text_or_none(line.get("new_conversation_id")), None)], "known", None


def _control_request(line: Record) -> Reading:
    request = record(line.get("request"))
    if request.get("subtype") != "can_use_tool":
        return [], "known", None
    tool, given = text(request.get("tool_name")), request.get("input")
    what = input_text(given)
    words = what if tool == QUESTION_TOOL else f"may it? {tool}: {what}"
    call_id = text(request.get("tool_use_id"))
    return [Asked(text(line.get("request_id")), tool, words, _whole(given), call_id)], "known", None


def _control_response(line: Record) -> Reading:
    """To a request of ours, or an answer of ours that it echoes."""
    answered = text(record(line.get("response")).get("request_id"))
    return [Echoed(answered), Withdrawn(answered)], "known", None


def _withdrawn(line: Record) -> Reading:
    return [Withdrawn(text(line.get("request_id")))], "known", None


def _lifecycle(line: Record) -> Reading:
    """Of a message of ours. That its turn has begun, its own echo says."""
    if line.get("state") != "queued":
        return [], "known", None
    return [Echoed(text(line.get("command_uuid")), is_begun=False)], "known", None


def _whole(value: object) -> str:
    """As compact JSON; nothing where it is too long to be kept."""
    try:
        written = orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # nested too deep
        return ""
    return written if len(written) <= ASKED_CHARACTERS else ""


def _tool_call(block: Record, subagent: bool) -> ToolCall:
    get = block.get
    name, given = text(get("name")), get("input")
    files = written(CLAUDE_LIKE, name, given) if name in CLAUDE_LIKE else ()
    return ToolCall(text(get("id")), name, input_text(given), subagent, files, commanded(name, given))


def _tool_result(block: Record, subagent: bool) -> ToolResult:
    content = block.get("content")
    call = text(block.get("tool_use_id"))
    if type(content) is str:
        return ToolResult(call, block.get("is_error") is True, content, subagent)
    failed = block.get("is_error") is True or text(record(content).get("type")).endswith("_error")
    return ToolResult(call, failed, _content_text(content), subagent)


def _content_text(content: object) -> str:
    if isinstance(content, str):
        return content
    parts = []
    for block in map(record, items(content)):
        kind = text(block.get("type"))
        parts.append(text(block.get("text")) if kind == "text" else f"[{kind or 'unknown'}]")
    return "\n".join(parts)


def _failure(error: object, content: object) -> list[Entry]:
    name = text(error) or "unknown"
    said = _content_text(content)
    used_up = quota_of(said) if name in ("rate_limit", "billing_error") else []
    return used_up or [Trouble(StreamError("critical", said or f"the model could not be asked: {name}"))]


def _spent(message: Record) -> Spent | None:
    """The tokens of one model call, as the Messages API counts them."""
    usage, call = message.get("usage"), message.get("id")
    if type(usage) is not dict or type(call) is not str:
        return None
    get = usage.get
    read, written = get("cache_read_input_tokens"), get("cache_creation_input_tokens")
    return Spent(call, count(get("input_tokens")), count(get("output_tokens")), count(read), count(written))


def input_text(value: object) -> str:
    """The most telling input of a tool call in one line: its command, its path, its question, else all of it."""
    fields = record(value)
    for name in _TELLING:
        if type(telling := fields.get(name)) is str:
            return one_line(telling, INPUT_CHARACTERS)
    for question in items(fields.get("questions")):
        if isinstance(record(question).get("question"), str):
            return one_line(question["question"], INPUT_CHARACTERS)
    return one_line(value, INPUT_CHARACTERS) if value else ""


def _silent(_: Record) -> Reading:
    return [], "known", None


READERS: dict[str, RecordReader] = {
    "assistant": read_assistant,
    "user": _user,
    "system": _system,
    "result": lambda line: (result(line), "known", None),
    "rate_limit_event": lambda line: (rate_limit(line), "known", None),
    "conversation_reset": _conversation_reset,
    "control_request": _control_request,
    "control_response": _control_response,
    "control_cancel_request": _withdrawn,
    "command_lifecycle": _lifecycle,
    **dict.fromkeys(
        (
            "stream_event",
            "tool_progress",
            "tool_use_summary",
            "auth_status",
            "prompt_suggestion",
            "active_goal",
            "keep_alive",
        ),
        _silent,
    ),
}

read = reader_of(READERS)  # what a line says, and whether all of it was understood
