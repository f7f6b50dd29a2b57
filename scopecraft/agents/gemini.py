"""Gemini CLI: how it is called, headless and in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from scopecraft.agents import gemini_errors, gemini_stream, gemini_window
from scopecraft.agents.argument import prompt_argument
from scopecraft.agents.gemini_config import HOME_VARIABLE, KEYS, PLACES, config_files
from scopecraft.agents.keeping import Keeping
from scopecraft.errors import BadInput
from scopecraft.model.activity import Reading
from scopecraft.model.launch import AgentCommand, AgentRequest
from scopecraft.model.window import DispatchState, WindowView

STDIN_BYTES = 8 * 1024**2  # it reads no more, and does not say so


@dataclass(frozen=True, slots=True)
class Gemini:
    name: ClassVar[str] = "gemini"
    program: ClassVar[str] = "gemini"
    has_result: ClassVar[bool] = True
    takes_conversation_id: ClassVar[bool] = True
    totals_span_conversation: ClassVar[bool] = False
    keeping: ClassVar[Keeping] = Keeping(
        own=(".gemini/tmp/*/chats/*",), shared=(".gemini/tmp", ".gemini/projects.json"), below="config"
    )
    credential_names: ClassVar[tuple[str, ...]] = KEYS
    environment_names: ClassVar[tuple[str, ...]] = (*KEYS, *PLACES)

    def headless(self, request: AgentRequest) -> AgentCommand:
        """The prompt is stdin, which is no terminal: by that it knows that nobody is there."""
        prompt = request.prompt or ""
        if not prompt.strip():
            raise BadInput("Gemini needs a prompt", "give one with -m, with -f or on stdin")
        stdin = prompt.encode("utf-8", "replace")
        if len(stdin) > STDIN_BYTES:
            raise BadInput(
                f"a prompt for Gemini has at most {STDIN_BYTES:,} bytes",
                "put the material into a file of the repository, and name that file in the prompt",
            )
        return AgentCommand(
            argv=(*_begin(request), "-o", "stream-json", *_conversation(request), *_choices(request)),
            # one process instead of two, of which the outer one does not hear a polite signal
            env={**_environment(request), "GEMINI_CLI_NO_RELAUNCH": "true"},
            stdin=stdin,
            config_files=config_files(request),
            done_marks=gemini_stream.DONE_MARKS,
        )

    def interactive(self, request: AgentRequest) -> AgentCommand:
        """Its own record tells how the conversation stands: hooks would have to be written into somebody's settings."""
        argv = [*_begin(request), *_conversation(request), *_choices(request)]
        if request.config_folder is not None and not request.sandboxed:
            argv.append("--skip-trust")  # it would forget what a person says: the folder of its settings is new
        if request.prompt:
            # as one argument: a prompt may begin with a hyphen
            argv.append(f"--prompt-interactive={prompt_argument(request.prompt)}")
        return AgentCommand(argv=tuple(argv), env=_environment(request), config_files=config_files(request))

    def entries(self, line: bytes) -> Reading:
        return gemini_stream.read(line)

    def window_state(self, view: WindowView) -> DispatchState:
        return gemini_window.window_state(view)

    def turn_started(self, view: WindowView, since: str) -> bool | None:
        return gemini_window.turn_started(view, since)

    def exit_meaning(self, code: int) -> str:
        return gemini_errors.exit_meaning(code)


def _begin(request: AgentRequest) -> tuple[str, ...]:
    return request.program or (Gemini.program,)


def _conversation(request: AgentRequest) -> tuple[str, str]:
    return ("--resume" if request.resume else "--session-id", request.conversation_id)


def _choices(request: AgentRequest) -> list[str]:
    model = ["-m", request.model] if request.model else []
    # without the first it has no tool that could do harm, without the second it ends at once
    bypass = ["--approval-mode", "yolo", "--skip-trust"] if request.sandboxed else []
    return [*model, *bypass, *request.extra_arguments]


def _environment(request: AgentRequest) -> Mapping[str, str]:
    """Where the configuration is the person's own, so is the environment."""
    if request.config_folder is None:
        return {}
    return {HOME_VARIABLE: request.config_folder}
