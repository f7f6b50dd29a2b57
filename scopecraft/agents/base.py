"""What every dialect can do: say how its program is called, and what a line of it means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from scopecraft.errors import BadInput
from scopecraft.model.activity import Reading
from scopecraft.model.launch import AgentCommand, AgentRequest


class Dialect(Protocol):
    """How one program is called and what its lines mean. Pure: nothing is started or written."""

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

    def headless(self, request: AgentRequest) -> AgentCommand:
        """For a run without anybody at a terminal. Raises BadInput."""
        ...

    def interactive(self, request: AgentRequest) -> AgentCommand:
        """For a run in a terminal. Raises BadInput."""
        ...

    def entries(self, line: bytes) -> Reading:
        """What a line of its output (without the newline) says; never raises."""
        ...


def dialect(name: str) -> Dialect:
    """The dialect by name; its module is imported only now. Raises BadInput, naming the choices."""
    if name not in _DIALECTS:
        raise BadInput(f"no dialect is called {name!r}", f"dialects: {', '.join(sorted(_DIALECTS))}")
    return _DIALECTS[name]()


def _claude() -> Dialect:
    from scopecraft.agents.claude import Claude

    return Claude()


def _plain() -> Dialect:
    from scopecraft.agents.plain import Plain

    return Plain()


_DIALECTS: dict[str, Callable[[], Dialect]] = {"claude": _claude, "plain": _plain}
