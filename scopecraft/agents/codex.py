"""Codex: how it is called, headless (`codex exec --json`) and in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from scopecraft.agents import codex_stream, codex_window
from scopecraft.agents.argument import prompt_argument
from scopecraft.agents.codex_config import KEY_VARIABLE, KEY_VARIABLES, config_files, key_of, toml
from scopecraft.agents.codex_hooks import hook_arguments, hook_files
from scopecraft.agents.keeping import Keeping
from scopecraft.errors import BadInput
from scopecraft.model.activity import Reading
from scopecraft.model.launch import AgentCommand, AgentRequest
from scopecraft.model.window import DispatchState, WindowView

if TYPE_CHECKING:
    from scopecraft.agents.talk import Talk

CREDENTIALS = (*KEY_VARIABLES, "CODEX_ACCESS_TOKEN")


@dataclass(frozen=True, slots=True)
class Codex:
    name: ClassVar[str] = "codex"
    program: ClassVar[str] = "codex"
    has_result: ClassVar[bool] = True
    takes_conversation_id: ClassVar[bool] = False
    takes_effort: ClassVar[bool] = True
    totals_span_conversation: ClassVar[bool] = True
    # It finds a conversation by this file alone. It does not travel: it keeps to its provider, which in a container is
    # one of our own (`codex_config`).
    keeping: ClassVar[Keeping] = Keeping(own=("sessions/*/*/*/rollout-*{id}.jsonl",), below="config")
    credential_names: ClassVar[tuple[str, ...]] = CREDENTIALS
    environment_names: ClassVar[tuple[str, ...]] = (*CREDENTIALS, "OPENAI_BASE_URL")

    def headless(self, request: AgentRequest) -> AgentCommand:
        """The prompt is stdin. What may be said of a run in general stands before `resume`, which takes less."""
        if not (request.prompt or "").strip():
            raise BadInput("Codex needs a prompt", "give one with -m, with -f or on stdin")
        resume = ("resume", request.conversation_id) if request.resume else ()
        return AgentCommand(
            argv=(*_begin(request), "exec", "--json", "--skip-git-repo-check", *_choices(request), *resume, "-"),
            env=_environment(request),
            stdin=(request.prompt or "").encode("utf-8", "replace"),
            config_files=config_files(request),
            done_marks=codex_stream.DONE_MARKS,
        )

    def interactive(self, request: AgentRequest) -> AgentCommand:
        """The prompt is the last argument; hooks of this run only tell how the conversation stands."""
        argv = [*_begin(request)]
        if request.hooks_folder:
            argv += hook_arguments(request.hooks_folder)
        if request.config_folder is not None and not request.sandboxed:
            # the container is the sandbox: its own does not work in there
            argv += ["--sandbox", "danger-full-access", "--ask-for-approval", "on-request"]
        argv += _choices(request)
        if request.resume:
            argv += ["resume", request.conversation_id]
        if request.prompt:
            argv += ["--", prompt_argument(request.prompt)]
        return AgentCommand(
            argv=tuple(argv),
            env=_environment(request),
            config_files=config_files(request),
            session_files=hook_files() if request.hooks_folder else {},
        )

    @property
    def talk(self) -> Talk:
        """Imported only now: a list of sessions looks at windows, and says nothing to anybody."""
        from scopecraft.agents.codex_talk import CodexTalk

        return CodexTalk()

    def entries(self, line: bytes) -> Reading:
        return codex_stream.read(line)

    def window_state(self, view: WindowView) -> DispatchState:
        return codex_window.window_state(view)

    def turn_started(self, view: WindowView, since: str) -> bool | None:
        return codex_window.turn_started(view, since)


def _begin(request: AgentRequest) -> tuple[str, ...]:
    return request.program or (Codex.program,)


def _choices(request: AgentRequest) -> list[str]:
    model = ["-m", request.model] if request.model else []
    # Codex's own sandbox needs what a container without capabilities does not have, and nobody is there to be asked
    bypass = ["--dangerously-bypass-approvals-and-sandbox"] if request.sandboxed else []
    effort = ["-c", f"model_reasoning_effort={toml(request.effort)}"] if request.effort else []
    return [*model, *effort, *bypass, *request.extra_arguments]


def _environment(request: AgentRequest) -> Mapping[str, str]:
    """Where the configuration is the person's own, so is the environment."""
    if request.config_folder is None:
        return {}
    key = key_of(request)
    return {"CODEX_HOME": request.config_folder, **({KEY_VARIABLE: key} if key else {})}
