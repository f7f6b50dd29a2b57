"""Looking at an interactive agent that tells how it stands by hooks alone, in the words of Claude Code's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scopecraft.agents.claude_hook_lines import HookLine, parse
from scopecraft.agents.claude_hooks import LINES_FILE
from scopecraft.agents.claude_state import HookFold
from scopecraft.agents.file_tail import last_lines
from scopecraft.model.window import DispatchState, WindowView

SLOW_START_SECONDS = 20.0


def hook_state(view: WindowView, not_begun: str) -> DispatchState:
    """How the agent stands; after a while without a word it waits, for what `not_begun` says. Never raises."""
    fold = HookFold()
    for line in hook_lines(view):
        fold.feed(line)
    state = fold.state
    if state.kind == "starting" and view.age_seconds > SLOW_START_SECONDS:
        state = DispatchState("waiting", "question", detail=not_begun)
    return state if state.conversation_id else replace(state, conversation_id=view.conversation_id or None)


def turn_started(view: WindowView, since: str) -> bool:
    """Whether a prompt began a turn at that time or later."""
    return any(line.event == "UserPromptSubmit" and not line.agent_id and line.at >= since for line in hook_lines(view))


def hook_lines(view: WindowView) -> Iterator[HookLine]:
    """Those at the end of what the session's hooks wrote."""
    for raw in last_lines(view.hooks_folder / LINES_FILE):
        line = parse(raw)
        if line is not None:
            yield line
