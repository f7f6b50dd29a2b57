"""Cursor's agent: lines like Claude Code's, but for tools, which have lines of their own.

A run that fails has no result line: it says why on stderr, and its exit code is not 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scopecraft.agents.argument import prompt_argument
from scopecraft.agents.claude_result import claim_of, result
from scopecraft.agents.claude_stream import READERS, input_text, reader_of
from scopecraft.agents.no_window import NoWindow
from scopecraft.agents.records import Record, count, one_line, record, text
from scopecraft.agents.written import CURSOR, commanded, written
from scopecraft.errors import BadInput
from scopecraft.model.activity import Finished, Message, Reading, ToolCall, ToolResult, Usage
from scopecraft.model.launch import AgentCommand, AgentRequest

DONE_MARKS = ('"type":"result"', '"is_error":', '"duration_api_ms":')
RESULT_CHARACTERS = 20_000
_SAID = ("stdout", "stderr", "content", "message", "error", "errorMessage", "reason")


@dataclass(frozen=True, slots=True)
class Cursor(NoWindow):
    name: ClassVar[str] = "cursor"
    program: ClassVar[str] = "cursor-agent"
    has_result: ClassVar[bool] = True
    takes_conversation_id: ClassVar[bool] = False
    totals_span_conversation: ClassVar[bool] = False
    credential_names: ClassVar[tuple[str, ...]] = ("CURSOR_API_KEY",)
    environment_names: ClassVar[tuple[str, ...]] = ("CURSOR_API_KEY",)

    def headless(self, request: AgentRequest) -> AgentCommand:
        """The prompt is the last argument, so its length has a limit."""
        if not (request.prompt or "").strip():
            raise BadInput("Cursor needs a prompt", "give one with -m, with -f or on stdin")
        # nobody is there to trust the folder
        trust = ["--trust"] if request.sandboxed else []
        argv = [*_begin(request), "-p", "--output-format", "stream-json", *trust, *_choices(request)]
        return AgentCommand(argv=(*argv, "--", prompt_argument(request.prompt or "")), done_marks=DONE_MARKS)

    def interactive(self, request: AgentRequest) -> AgentCommand:
        prompt = ["--", prompt_argument(request.prompt)] if request.prompt else []
        return AgentCommand(argv=(*_begin(request), *_choices(request), *prompt))

    def entries(self, line: bytes) -> Reading:
        return read(line)


def _begin(request: AgentRequest) -> tuple[str, ...]:
    return request.program or (Cursor.program,)


def _choices(request: AgentRequest) -> list[str]:
    resume = ["--resume", request.conversation_id] if request.resume else []
    model = ["--model", request.model] if request.model else []
    bypass = ["--force"] if request.sandboxed else []
    return [*resume, *model, *bypass, *request.extra_arguments]


def _tool_call(line: Record) -> Reading:
    """`{"shellToolCall": {"args": {…}, "result": {"success": {…}}}}`, or a function's name and arguments."""
    call, calls = text(line.get("call_id")), record(line.get("tool_call"))
    key = next((key for key, value in calls.items() if isinstance(value, dict)), "")
    body = record(calls.get(key))
    if line.get("subtype") == "started":
        name = text(body.get("name")) if key == "function" else key.removesuffix("ToolCall")
        given = body.get("args") or body.get("arguments")
        files, command = written(CURSOR, name, given), commanded(name, given)
        called = ToolCall(call, name or "tool", input_text(given), files=files, command=command)
        return [called], "known", None
    if line.get("subtype") == "completed":
        return [_tool_result(call, body.get("result"))], "known", None
    return [], "unknown", None


def _tool_result(call: str, value: object) -> ToolResult:
    how, told = next(iter(record(value).items()), ("success", value))
    fields = record(told)
    failed = how != "success" or count(fields.get("exitCode")) != 0
    said = "".join(text(fields.get(name)) for name in _SAID) or (one_line(told, RESULT_CHARACTERS) if told else "")
    return ToolResult(call, failed, said)


def _thinking(line: Record) -> Reading:
    if line.get("subtype") == "completed" and text(line.get("text")):
        return [Message("assistant", text(line.get("text")), thinking=True)], "known", None
    return [], "known", None


def _result(line: Record) -> Reading:
    usage = record(line.get("usage"))
    total = Usage(
        count(usage.get("inputTokens")),
        count(usage.get("outputTokens")),
        count(usage.get("cacheReadTokens")),
        count(usage.get("cacheWriteTokens")),
    )
    return [*result(line)[:-1], Finished(claim_of(line), total if usage else None)], "known", None


read = reader_of({**READERS, "tool_call": _tool_call, "thinking": _thinking, "result": _result})
