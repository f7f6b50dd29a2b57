"""Qwen Code: Claude Code's lines, from another program. Its input tokens count those from the cache in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from scopecraft.agents.argument import prompt_argument
from scopecraft.agents.claude_result import result
from scopecraft.agents.claude_stream import READERS, read_assistant, reader_of
from scopecraft.agents.keeping import Keeping
from scopecraft.agents.no_window import NoWindow
from scopecraft.agents.records import Record
from scopecraft.errors import BadInput
from scopecraft.model.activity import Entry, Finished, Reading
from scopecraft.model.launch import AgentCommand, AgentRequest

DONE_MARKS = ('"type":"result"', '"is_error":', '"num_turns":')
# By the key that is there; the first one wins
SERVICES = {"OPENAI_API_KEY": "openai", "ANTHROPIC_API_KEY": "anthropic", "GEMINI_API_KEY": "gemini"}
SERVICE_OPTION = "--auth-type"
SETTINGS = ("OPENAI_BASE_URL", "OPENAI_MODEL", "ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL", "GEMINI_MODEL")


@dataclass(frozen=True, slots=True)
class Qwen(NoWindow):
    name: ClassVar[str] = "qwen"
    program: ClassVar[str] = "qwen"
    has_result: ClassVar[bool] = True
    takes_conversation_id: ClassVar[bool] = True
    totals_span_conversation: ClassVar[bool] = True
    keeping: ClassVar[Keeping] = Keeping(own=(".qwen/projects/*/chats/*{id}*",), shared=(".qwen/projects",))
    credential_names: ClassVar[tuple[str, ...]] = tuple(SERVICES)
    environment_names: ClassVar[tuple[str, ...]] = (*SERVICES, *SETTINGS)

    def headless(self, request: AgentRequest) -> AgentCommand:
        """The prompt is stdin."""
        if not (request.prompt or "").strip():
            raise BadInput("Qwen Code needs a prompt", "give one with -m, with -f or on stdin")
        return AgentCommand(
            argv=(*_begin(request), "--output-format", "stream-json", *_choices(request)),
            env=_environment(request),
            stdin=(request.prompt or "").encode("utf-8", "replace"),
            done_marks=DONE_MARKS,
        )

    def interactive(self, request: AgentRequest) -> AgentCommand:
        # joined to its option, it may begin with a dash
        prompt = [f"--prompt-interactive={prompt_argument(request.prompt)}"] if request.prompt else []
        return AgentCommand(argv=(*_begin(request), *_choices(request), *prompt), env=_environment(request))

    def entries(self, line: bytes) -> Reading:
        return read(line)


def _begin(request: AgentRequest) -> tuple[str, ...]:
    return request.program or (Qwen.program,)


def _choices(request: AgentRequest) -> list[str]:
    conversation = ["--resume" if request.resume else "--session-id", request.conversation_id]
    model = ["--model", request.model] if request.model else []
    bypass = ["--yolo"] if request.sandboxed else []
    return [*conversation, *model, *bypass, *_service(request), *request.extra_arguments]


def _service(request: AgentRequest) -> list[str]:
    """Whom to ask, where no settings of a person say so."""
    if request.config_folder is None or SERVICE_OPTION in request.extra_arguments:
        return []
    service = next((service for name, service in SERVICES.items() if request.secrets.get(name)), None)
    return [SERVICE_OPTION, service] if service else []


def _environment(request: AgentRequest) -> dict[str, str]:
    return {"QWEN_CODE_SUPPRESS_YOLO_WARNING": "1"} if request.sandboxed else {}


def _assistant(line: Record) -> Reading:
    entries, understood, spent = read_assistant(line)
    if spent is not None:
        cached = spent.cache_read_tokens + spent.cache_write_tokens
        spent = spent._replace(input_tokens=max(0, spent.input_tokens - cached))
    return entries, understood, spent


def _result(line: Record) -> Reading:
    return [_without_cached(entry) for entry in result(line)], "known", None


def _without_cached(entry: Entry) -> Entry:
    if not isinstance(entry, Finished) or entry.usage is None:
        return entry
    usage = entry.usage
    fresh = max(0, usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens)
    return replace(entry, usage=replace(usage, input_tokens=fresh))


read = reader_of({**READERS, "assistant": _assistant, "result": _result})
