"""What a stream says so far: messages, tool calls, usage, errors, and the agent's own claim of how it went."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Severity = Literal["critical", "warning", "info"]

# How a dialect took a line: a record it reads, a well-formed record it does not know (in full), or not a record at all.
RecordKind = Literal["known", "unknown", "damaged"]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the agent reports them; a claim, never a measurement of ours."""

    input_tokens: int = 0  # without those that came from a cache or went into one
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float | None = None  # an estimate; None where the agent names none


@dataclass(frozen=True, slots=True)
class StreamError:
    severity: Severity
    text: str
    line: int | None = None  # 1-based line of the stream


@dataclass(frozen=True, slots=True)
class Claim:
    """The agent's last word on its own run: its result line."""

    is_error: bool
    stop_reason: str  # ACP: end_turn, max_turn_requests, cancelled, ...; or budget, error
    text: str = ""
    aborted: bool = False  # the turn was cut off: the line says nothing about success


# Entries: what a reader of the stream sees, one after another. A record may become none, one or several.
# The frequent ones are named tuples, which are made in half the time: a long stream has millions of them.


@dataclass(frozen=True, slots=True)
class Started:
    """A conversation that begins or goes on. `voids_claim`: what was claimed before was not the last word."""

    conversation_id: str | None
    model: str | None
    voids_claim: bool = False


class Message(NamedTuple):
    role: Literal["assistant", "user"]
    text: str
    subagent: bool = False
    thinking: bool = False
    is_chunk: bool = False  # a piece: what the same speaker says next follows without a break


class ToolCall(NamedTuple):
    id: str
    name: str
    input_text: str  # the most telling input in one line (a command, a path), else compact JSON
    subagent: bool = False
    files: tuple[str, ...] = ()  # that it was told to write, as it named them
    command: str = ""  # that it was told to run, with its lines; its beginning where it is long


class ToolResult(NamedTuple):
    id: str
    is_error: bool
    text: str
    subagent: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a turn; `usage` is the agent's total since the stream began, never of one turn.

    None: it names no total, and what its single calls spent is all there is.
    """

    claim: Claim
    usage: Usage | None


@dataclass(frozen=True, slots=True)
class Trouble:
    error: StreamError


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth a quiet line: a retry, a compaction, a subagent."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A line of a program that speaks no protocol."""

    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A headless agent asks a person, and waits: `id` is what an answer must name. `input` is what the tool was given,
    as compact JSON.
    """

    id: str
    tool: str
    text: str  # the question in one line
    input: str = ""
    call_id: str = ""  # of the tool call that waits for the answer: its result closes the question


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """It does not wait for that answer any more."""

    id: str


@dataclass(frozen=True, slots=True)
class Echoed:
    """A message or a request of ours that the agent says it has read, by the id that we gave it."""

    id: str
    is_begun: bool = True  # False: it is taken, and is for the next turn


@dataclass(frozen=True, slots=True)
class Quota:
    """The provider's limit is used up; `until` is when it resets (ISO 8601), where the agent tells."""

    text: str
    until: str | None = None


Entry = (
    Started | Message | ToolCall | ToolResult | Finished | Trouble | Note | Text | Asked | Withdrawn | Echoed | Quota
)


class Spent(NamedTuple):
    """What one model call used so far: counted, never shown. A call may be told of several times."""

    call_id: str
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cost_usd: float | None = None


Reading = tuple[list[Entry], RecordKind, Spent | None]  # what a dialect makes of one line


class ToolUse(NamedTuple):
    """A tool call that was made, as far as it is kept."""

    name: str
    input_text: str
    line: int  # 1-based, of the stream
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Activity:
    """The sum of a stream up to `offset` bytes; `damaged_lines` are 1-based line numbers that could not be read."""

    offset: int = 0
    lines: int = 0
    conversation_id: str | None = None
    model: str | None = None
    last_message: str = ""
    tool_calls: int = 0
    tools: tuple[str, ...] = ()  # distinct names in order of first use
    open_tool_calls: int = 0
    turns: int = 0  # finished ones: from a prompt to its result
    usage: Usage = field(default_factory=Usage)
    usage_is_final: bool = False  # the agent's own total; before it, what single model calls told
    errors: tuple[StreamError, ...] = ()  # the last ones of each severity; the counts are of all
    error_count: int = 0
    critical_count: int = 0
    warning_count: int = 0
    damaged_lines: tuple[int, ...] = ()  # capped at 100
    damaged_count: int = 0
    unknown_count: int = 0  # well-formed records of a type we do not know
    claim: Claim | None = None
    recent_tools: tuple[ToolUse, ...] = ()  # the latest, oldest first
    files_touched: tuple[str, ...] = ()  # that tools were told to write, as they named them; distinct, capped
    question: Asked | None = None  # what it asks and waits for
    echoed: tuple[str, ...] = ()  # the latest ids of ours that it has read
    quota: Quota | None = None  # used up, and nothing was heard of the model since
