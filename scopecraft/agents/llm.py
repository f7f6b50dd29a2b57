"""What the stream of a call of a model says: Claude Code's records, the answer piece by piece as it came.

No program speaks this dialect: it is only of sessions that were a call (`llm_call`), and no setting names it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from scopecraft.agents.base import CALL_DIALECT
from scopecraft.errors import BadInput
from scopecraft.model.window import UNKNOWN_STATE, DispatchState, WindowView

if TYPE_CHECKING:
    from scopecraft.model.activity import Reading
    from scopecraft.model.launch import AgentCommand, AgentRequest


@dataclass(frozen=True, slots=True)
class Llm:
    name: ClassVar[str] = CALL_DIALECT
    program: ClassVar[str] = ""
    has_result: ClassVar[bool] = True
    takes_conversation_id: ClassVar[bool] = False
    totals_span_conversation: ClassVar[bool] = False
    credential_names: ClassVar[tuple[str, ...]] = ()
    environment_names: ClassVar[tuple[str, ...]] = ()

    def headless(self, request: AgentRequest) -> AgentCommand:  # noqa: ARG002
        raise _no_program()

    def interactive(self, request: AgentRequest) -> AgentCommand:  # noqa: ARG002
        raise _no_program()

    @property
    def entries(self) -> Callable[[bytes], Reading]:
        from scopecraft.agents.llm_stream import read

        return read

    def window_state(self, view: WindowView) -> DispatchState:  # noqa: ARG002  it has none
        return UNKNOWN_STATE

    def turn_started(self, view: WindowView, since: str) -> bool | None:  # noqa: ARG002
        return None


def _no_program() -> BadInput:
    return BadInput("a call of a model is no program that could be started", "name an agent that has one")
