"""What a stream tells of right now: the latest tool calls, and the questions that are open."""

from __future__ import annotations

from collections import deque

from scopecraft.model.activity import Asked, ToolCall, ToolUse

KEPT_CALLS = 20
KEPT_QUESTIONS = 20
INPUT_CHARACTERS = 500
NAME_CHARACTERS = 200


class RecentTools:
    """The latest tool calls, oldest first: append to `latest` the call, its line and whether it went wrong.

    Every call of a stream is added, so nothing is cut before somebody looks.
    """

    def __init__(self, kept: tuple[ToolUse, ...] = (), calls: tuple[str, ...] = ()) -> None:
        known = zip(kept, calls, strict=False)
        self.latest = deque(
            ((ToolCall(call, use.name, use.input_text), use.line, use.is_error) for use, call in known), KEPT_CALLS
        )

    def fail(self, call_id: str) -> None:
        """The latest call of that id went wrong; ids may come again."""
        call_id = call_id[:NAME_CHARACTERS]
        for place in range(len(self.latest) - 1, -1, -1):
            call, line, _ = self.latest[place]
            if call.id[:NAME_CHARACTERS] == call_id:
                self.latest[place] = (call, line, True)
                return

    def kept(self) -> tuple[ToolUse, ...]:
        return tuple(
            ToolUse(call.name[:NAME_CHARACTERS], call.input_text[:INPUT_CHARACTERS], line, is_error)
            for call, line, is_error in self.latest
        )

    def calls(self) -> tuple[str, ...]:
        """The ids that belong to `kept`."""
        return tuple(call.id[:NAME_CHARACTERS] for call, _, _ in self.latest)


class Questions:
    """Questions to a person that nobody has answered yet; a person is shown the oldest."""

    def __init__(self, asked: tuple[Asked, ...] = ()) -> None:
        self.open: dict[str, Asked] = {each.id: each for each in asked}

    def ask(self, asked: Asked) -> None:
        if len(self.open) < KEPT_QUESTIONS:
            self.open[asked.id] = asked

    def withdraw(self, question_id: str) -> None:
        self.open.pop(question_id, None)

    def settle(self, call_id: str) -> None:
        """The tool call has its result: whatever it waited for is answered."""
        for asked in [asked for asked in self.open.values() if asked.call_id and asked.call_id == call_id]:
            del self.open[asked.id]

    def first(self) -> Asked | None:
        return next(iter(self.open.values()), None)
