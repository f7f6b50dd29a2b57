"""Claude Code: how it is called, headless and in a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from scopecraft.agents.argument import prompt_argument
from scopecraft.agents.claude_gates import first_run_files
from scopecraft.agents.claude_hooks import SETTINGS_FILE, hook_files
from scopecraft.agents.claude_keeping import KEEPING
from scopecraft.agents.claude_lines import DONE_MARKS, TURN_MARK, prompt_line
from scopecraft.agents.keeping import Keeping
from scopecraft.errors import BadInput
from scopecraft.model.launch import AgentCommand, AgentRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from scopecraft.agents.inbox import Inbox
    from scopecraft.agents.talk import Talk
    from scopecraft.model.activity import Reading
    from scopecraft.model.window import DispatchState, WindowView

CREDENTIALS = ("ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_AUTH_TOKEN")
QUIET = {"DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_TELEMETRY": "1"}
# What it asks comes as a line too, and waits for one; else it is denied. Each message is echoed when it is read.
_FORMATS = ("--input-format", "stream-json", "--output-format", "stream-json", "--verbose")
STREAMS = (*_FORMATS, "--replay-user-messages", "--permission-prompt-tool", "stdio")


@dataclass(frozen=True, slots=True)
class Claude:
    name: ClassVar[str] = "claude"
    program: ClassVar[str] = "claude"
    has_result: ClassVar[bool] = True
    takes_conversation_id: ClassVar[bool] = True
    takes_effort: ClassVar[bool] = True
    totals_span_conversation: ClassVar[bool] = True
    keeping: ClassVar[Keeping] = KEEPING
    credential_names: ClassVar[tuple[str, ...]] = CREDENTIALS
    environment_names: ClassVar[tuple[str, ...]] = (*CREDENTIALS, "ANTHROPIC_BASE_URL", "ANTHROPIC_CUSTOM_HEADERS")

    def headless(self, request: AgentRequest) -> AgentCommand:
        """The prompt is the first line of stdin, so its length has no limit; more may follow, also answers."""
        if not (request.prompt or "").strip():
            raise BadInput("Claude needs a prompt", "give one with -m, with -f or on stdin")
        argv = [*_begin(request), "-p", *STREAMS, *_conversation(request)]
        return AgentCommand(
            argv=(*argv, *_choices(request)),
            env=_environment(request),
            stdin=prompt_line(request.prompt or ""),
            config_files=first_run_files(request) if request.config_folder else {},
            done_marks=DONE_MARKS,
            turn_mark=TURN_MARK,
            has_inbox=True,
        )

    def interactive(self, request: AgentRequest) -> AgentCommand:
        """The prompt is the last argument; hooks tell how the conversation stands, and edit nothing of the person's."""
        argv = [*_begin(request), *_conversation(request)]
        if request.hooks_folder:
            argv += ["--settings", f"{request.hooks_folder}/{SETTINGS_FILE}"]
        argv += _choices(request)
        if request.prompt:
            argv += ["--", prompt_argument(request.prompt)]
        return AgentCommand(
            argv=tuple(argv),
            env=_environment(request),
            config_files=first_run_files(request) if request.config_folder else {},
            session_files=hook_files(request.hooks_folder) if request.hooks_folder else {},
        )

    @property
    def talk(self) -> Talk:
        """Imported only now: a list of sessions looks at windows, and says nothing to anybody."""
        from scopecraft.agents.claude_talk import ClaudeTalk

        return ClaudeTalk()

    @property
    def inbox(self) -> Inbox:
        from scopecraft.agents.claude_input import ClaudeInbox

        return ClaudeInbox()

    # What it prints and how it stands is read by those who look at it, and not loaded by those who call it.

    @property
    def entries(self) -> Callable[[bytes], Reading]:
        from scopecraft.agents.claude_stream import read

        return read

    def window_state(self, view: WindowView) -> DispatchState:
        from scopecraft.agents.claude_dispatch import read_dispatch_state

        return read_dispatch_state(view)

    def turn_started(self, view: WindowView, since: str) -> bool | None:
        from scopecraft.agents.claude_dispatch import turn_started

        return turn_started(view, since)


def _begin(request: AgentRequest) -> tuple[str, ...]:
    return request.program or (Claude.program,)


def _conversation(request: AgentRequest) -> tuple[str, str]:
    return ("--resume" if request.resume else "--session-id", request.conversation_id)


def _choices(request: AgentRequest) -> list[str]:
    model = ["--model", request.model] if request.model else []
    # without it Claude denies what it would have to ask, and still ends with success
    bypass = ["--dangerously-skip-permissions"] if request.sandboxed else []
    effort = ["--effort", request.effort] if request.effort else []
    return [*model, *effort, *bypass, *request.extra_arguments]


def _environment(request: AgentRequest) -> dict[str, str]:
    """Where the configuration is the person's own, so is the environment."""
    if request.config_folder is None:
        return {}
    # as root Claude refuses to bypass permissions unless it is told that it stands in a sandbox
    sandbox = {"IS_SANDBOX": "1"} if request.sandboxed and request.as_root else {}
    return {"CLAUDE_CONFIG_DIR": request.config_folder, **QUIET, **sandbox}
