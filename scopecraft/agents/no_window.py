"""For agents that leave no word of how they stand in a window."""

from __future__ import annotations

from scopecraft.model.window import UNKNOWN_STATE, DispatchState, WindowView


class NoWindow:
    __slots__ = ()

    def window_state(self, view: WindowView) -> DispatchState:  # noqa: ARG002
        return UNKNOWN_STATE

    def turn_started(self, view: WindowView, since: str) -> bool | None:  # noqa: ARG002
        return None
