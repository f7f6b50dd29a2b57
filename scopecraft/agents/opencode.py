"""OpenCode: how it is called, headless and in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from scopecraft.agents import hook_window, opencode_stream
from scopecraft.agents.argument import prompt_argument
from scopecraft.agents.keeping import Keeping
from scopecraft.agents.opencode_config import (
    KEYS,
    PLACES,
    config_files,
    inline_config,
    own_folders,
    plugin_files,
)
from scopecraft.errors import BadInput
from scopecraft.model.activity import Reading
from scopecraft.model.launch import AgentCommand, AgentRequest
from scopecraft.model.window import DispatchState, WindowView

NOT_BEGUN = "it has not begun: it waits for a prompt, or its window asks something"


@dataclass(frozen=True, slots=True)
class OpenCode:
    """It chooses its conversations' ids itself. A model is named `provider/model`."""

    name: ClassVar[str] = "opencode"
    program: ClassVar[str] = "opencode"
    has_result: ClassVar[bool] = True
    takes_conversation_id: ClassVar[bool] = False
    totals_span_conversation: ClassVar[bool] = False
    keeping: ClassVar[Keeping] = Keeping(
        own=("data/opencode/opencode.db",),
        shared=("data/opencode/opencode.db-*", "data/opencode/storage", "state/opencode"),
        below="config",
    )
    credential_names: ClassVar[tuple[str, ...]] = KEYS
    environment_names: ClassVar[tuple[str, ...]] = (*KEYS, *PLACES)

    def headless(self, request: AgentRequest) -> AgentCommand:
        """The prompt is stdin, so its length has no limit and end-of-file comes by itself."""
        if not (request.prompt or "").strip():
            raise BadInput("OpenCode needs a prompt", "give one with -m, with -f or on stdin")
        conversation = ("-s", request.conversation_id) if request.resume else ()
        return AgentCommand(
            argv=(*_begin(request), "run", "--format", "json", *conversation, *_choices(request)),
            env=_environment(request),
            stdin=(request.prompt or "").encode("utf-8", "replace"),
            config_files=config_files(request),
            done_marks=opencode_stream.DONE_MARKS,
            is_done_by_last_line=True,
        )

    def interactive(self, request: AgentRequest) -> AgentCommand:
        """A plugin tells how the conversation stands; it is named in the environment, and edits nothing."""
        argv = [*_begin(request), *(("-s", request.conversation_id) if request.resume else ()), *_choices(request)]
        if request.prompt:
            # as one argument: a prompt may begin with a hyphen
            argv.append(f"--prompt={prompt_argument(request.prompt)}")
        return AgentCommand(
            argv=tuple(argv),
            env={**_environment(request), **(inline_config(request.hooks_folder) if request.hooks_folder else {})},
            config_files=config_files(request),
            session_files=plugin_files() if request.hooks_folder else {},
        )

    def entries(self, line: bytes) -> Reading:
        return opencode_stream.read(line)

    def window_state(self, view: WindowView) -> DispatchState:
        return hook_window.hook_state(view, NOT_BEGUN)

    def turn_started(self, view: WindowView, since: str) -> bool | None:
        return hook_window.turn_started(view, since)


def _begin(request: AgentRequest) -> tuple[str, ...]:
    return request.program or (OpenCode.program,)


def _choices(request: AgentRequest) -> list[str]:
    model = ["-m", request.model] if request.model else []
    # without it, what it would have to ask a person is refused, and the run ends well all the same
    bypass = ["--auto"] if request.sandboxed else []
    return [*model, *bypass, *request.extra_arguments]


def _environment(request: AgentRequest) -> Mapping[str, str]:
    """Where the configuration is the person's own, so is the environment."""
    return own_folders(request.config_folder) if request.config_folder is not None else {}
