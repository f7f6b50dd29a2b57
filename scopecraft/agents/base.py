"""What every dialect can do: say how its program is called, what a line of it means, and how it stands in a window.

A built-in one is a file of this package and a row of `BUILT_IN`; any other comes by the entry points of
`scopecraft.agents.plugins`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from scopecraft.model.activity import Reading
    from scopecraft.model.launch import AgentCommand, AgentRequest
    from scopecraft.model.window import DispatchState, WindowView


class Dialect(Protocol):
    """How one program is called and what its lines mean. Nothing is started or written; only a window is looked at."""

    @property
    def name(self) -> str: ...

    @property
    def program(self) -> str:
        """The executable's name where the request names no program; empty if there is none by default."""
        ...

    @property
    def credential_names(self) -> tuple[str, ...]:
        """Variables of which one must be set for the agent to work; none: it needs no key."""
        ...

    @property
    def environment_names(self) -> tuple[str, ...]:
        """Variables that the agent takes from the person's environment where they are set: keys and where to go."""
        ...

    @property
    def has_result(self) -> bool:
        """Whether a whole stream ends with the agent's own word on how it went; without it the exit code decides."""
        ...

    @property
    def takes_conversation_id(self) -> bool:
        """Whether a new conversation gets the id that the request names; else the agent tells its own."""
        ...

    @property
    def totals_span_conversation(self) -> bool:
        """Whether what a resumed run says that it used begins with what the conversation had used before."""
        ...

    def headless(self, request: AgentRequest) -> AgentCommand:
        """For a run without anybody at a terminal. Raises BadInput."""
        ...

    def interactive(self, request: AgentRequest) -> AgentCommand:
        """For a run in a terminal. Raises BadInput."""
        ...

    def entries(self, line: bytes) -> Reading:
        """What a line of its output (without the newline) says; never raises."""
        ...

    def window_state(self, view: WindowView) -> DispatchState:
        """How the agent in a window stands, by its own files; never raises. `unknown` where it does not tell.

        `sc ls` asks this of every window: it reads the ends of files, a millisecond or two.
        """
        ...

    def turn_started(self, view: WindowView, since: str) -> bool | None:
        """Whether a prompt of a person began a turn in the window at that time (ISO 8601) or later; never raises.

        None where it cannot tell. By this a message counts as delivered.
        """
        ...


BUILT_IN: dict[str, tuple[str, str]] = {
    "amp": ("scopecraft.agents.amp", "Amp"),
    "claude": ("scopecraft.agents.claude", "Claude"),
    "codex": ("scopecraft.agents.codex", "Codex"),
    "cursor": ("scopecraft.agents.cursor", "Cursor"),
    "gemini": ("scopecraft.agents.gemini", "Gemini"),
    "opencode": ("scopecraft.agents.opencode", "OpenCode"),
    "plain": ("scopecraft.agents.plain", "Plain"),
    "qwen": ("scopecraft.agents.qwen", "Qwen"),
}

CALL_DIALECT = "llm"  # of sessions that are a call of a model: nobody can choose it


def dialect(name: str) -> Dialect:
    """The dialect by name; its module is imported only now.

    Raises BadInput for a name that nobody has, AgentMissing for a plugin that does not work.
    """
    if name in BUILT_IN:
        module, cls = BUILT_IN[name]
        return cast(Dialect, getattr(import_module(module), cls)())
    from scopecraft.agents.plugins import plugin_dialect  # reads the metadata of every installed package

    return plugin_dialect(name, tuple(BUILT_IN))


def dialect_of_record(name: str) -> Dialect:
    """For sessions of the past: `plain` where the plugin that they spoke is not there, or not usable, any more."""
    from scopecraft.errors import ScopecraftError

    if name == CALL_DIALECT:
        from scopecraft.agents.llm import Llm

        return Llm()
    try:
        return dialect(name)
    except ScopecraftError:
        return dialect("plain")


def exit_meaning(spoken: Dialect, code: int) -> str:
    """What the agent means by an exit code, where its dialect has an `exit_meaning`, which it need not; else empty."""
    meaning = getattr(spoken, "exit_meaning", None)
    return cast(str, meaning(code)) if meaning is not None else ""


def takes_effort(spoken: Dialect) -> bool:
    """Whether its program can be told how much to think; a dialect need not say."""
    return bool(getattr(spoken, "takes_effort", False))
