"""Any command: every line it prints is text, and how it ended is its exit code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scopecraft.errors import BadInput
from scopecraft.model.activity import Reading, Text
from scopecraft.model.launch import AgentCommand, AgentRequest
from scopecraft.model.window import UNKNOWN_STATE, DispatchState, WindowView

PROMPT = "{prompt}"
PROMPT_VARIABLE = "SCOPECRAFT_PROMPT"
ARGUMENT_BYTES = 100_000  # Linux refuses an argument or a variable of 128 KiB


@dataclass(frozen=True, slots=True)
class Plain:
    """The command is the request's program with its extra arguments.

    It gets the prompt on stdin, in place of `{prompt}` in its arguments, and in SCOPECRAFT_PROMPT where it is short
    enough for a variable. In a terminal, stdin is the terminal.
    """

    name: ClassVar[str] = "plain"
    program: ClassVar[str] = ""
    has_result: ClassVar[bool] = False
    takes_conversation_id: ClassVar[bool] = False
    totals_span_conversation: ClassVar[bool] = False
    credential_names: ClassVar[tuple[str, ...]] = ()
    environment_names: ClassVar[tuple[str, ...]] = ()

    def headless(self, request: AgentRequest) -> AgentCommand:
        prompt = request.prompt or ""
        return AgentCommand(_argv(request), _environment(request), stdin=prompt.encode("utf-8", "surrogateescape"))

    def interactive(self, request: AgentRequest) -> AgentCommand:
        return AgentCommand(_argv(request), _environment(request))

    def entries(self, line: bytes) -> Reading:
        return [Text(line.removesuffix(b"\r").decode("utf-8", "replace"))], "known", None

    def window_state(self, view: WindowView) -> DispatchState:  # noqa: ARG002  nothing is known of any command
        return UNKNOWN_STATE

    def turn_started(self, view: WindowView, since: str) -> bool | None:  # noqa: ARG002
        return None


def _argv(request: AgentRequest) -> tuple[str, ...]:
    command = (*request.program, *request.extra_arguments)
    if not command:
        raise BadInput(
            "the agent has no command to run",
            'give it in the settings: agents.<name>.command, such as ["sh", "-c", "make test"]',
        )
    if any(PROMPT in argument for argument in command) and not _fits(request.prompt):
        raise BadInput("the prompt is too long for an argument, or holds a NUL", "let the command read it from stdin")
    return tuple(argument.replace(PROMPT, request.prompt or "") for argument in command)


def _environment(request: AgentRequest) -> dict[str, str]:
    return {PROMPT_VARIABLE: request.prompt or ""} if _fits(request.prompt) else {}


def _fits(prompt: str | None) -> bool:
    return "\0" not in (prompt or "") and len((prompt or "").encode("utf-8", "surrogateescape")) <= ARGUMENT_BYTES
