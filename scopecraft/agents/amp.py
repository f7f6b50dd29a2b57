"""Amp: Claude Code's lines, from another program. It chooses its models, and its threads are named by itself.

Its result has no totals, and its messages no ids: each of them is one model call, told of once.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import ClassVar

import orjson

from scopecraft.agents.claude_result import claim_of, result
from scopecraft.agents.claude_stream import READERS, read_assistant, reader_of
from scopecraft.agents.keeping import Keeping
from scopecraft.agents.no_window import NoWindow
from scopecraft.agents.records import Record, count, record
from scopecraft.errors import BadInput
from scopecraft.model.activity import Finished, Reading, Spent
from scopecraft.model.launch import AgentCommand, AgentRequest

DONE_MARKS = ('"type":"result"', '"is_error":', '"num_turns":')


@dataclass(frozen=True, slots=True)
class Amp(NoWindow):
    name: ClassVar[str] = "amp"
    program: ClassVar[str] = "amp"
    has_result: ClassVar[bool] = True
    takes_conversation_id: ClassVar[bool] = False
    totals_span_conversation: ClassVar[bool] = False
    keeping: ClassVar[Keeping] = Keeping()  # its threads are on its server
    credential_names: ClassVar[tuple[str, ...]] = ("AMP_API_KEY",)
    environment_names: ClassVar[tuple[str, ...]] = ("AMP_API_KEY", "AMP_URL")

    def headless(self, request: AgentRequest) -> AgentCommand:
        """The prompt is stdin."""
        if not (request.prompt or "").strip():
            raise BadInput("Amp needs a prompt", "give one with -m, with -f or on stdin")
        return AgentCommand(
            argv=(*_begin(request), "-x", "--stream-json", *_choices(request)),
            stdin=(request.prompt or "").encode("utf-8", "replace"),
            done_marks=DONE_MARKS,
        )

    def interactive(self, request: AgentRequest) -> AgentCommand:
        if request.prompt:
            raise BadInput("Amp takes no prompt when it opens in a terminal", "leave it out, and type it in the window")
        return AgentCommand(argv=(*_begin(request), *_choices(request)))

    def entries(self, line: bytes) -> Reading:
        return read(line)


def _begin(request: AgentRequest) -> tuple[str, ...]:
    program = request.program or (Amp.program,)
    return (*program, "threads", "continue", request.conversation_id) if request.resume else program


def _choices(request: AgentRequest) -> list[str]:
    if request.model:
        raise BadInput("Amp chooses its models itself", "leave the model out; its mode can be given as an argument")
    bypass = ["--dangerously-allow-all"] if request.sandboxed else []
    return [*bypass, *request.extra_arguments]


def _assistant(line: Record) -> Reading:
    entries, understood, _ = read_assistant(line)
    usage = record(record(line.get("message")).get("usage"))
    return entries, understood, _spent(line, usage) if usage else None


def _spent(line: Record, usage: Record) -> Spent:
    call = f"{zlib.crc32(orjson.dumps(line.get('message'))):08x}"
    given, read_tokens = count(usage.get("input_tokens")), count(usage.get("cache_read_input_tokens"))
    written = count(usage.get("cache_creation_input_tokens"))
    # its input counts the cache in
    return Spent(call, max(0, given - read_tokens - written), count(usage.get("output_tokens")), read_tokens, written)


def _result(line: Record) -> Reading:
    return [*result(line)[:-1], Finished(claim_of(line), None)], "known", None


read = reader_of({**READERS, "assistant": _assistant, "result": _result})
