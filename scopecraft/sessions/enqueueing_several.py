"""Several requests for the queue: all are checked before the first of them stands in line."""

from __future__ import annotations

from collections.abc import Iterator

from scopecraft.errors import BadInput
from scopecraft.model.queue import QueueItem
from scopecraft.sessions.context import Context
from scopecraft.sessions.enqueueing import Asked, Places, checked, enter
from scopecraft.sessions.request import StartRequest


class Several:
    """Add all, then enter them: what `add` refuses has made nothing of any of them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._places: Places = {}
        self._asked: list[Asked] = []
        self._names: set[tuple[str, str]] = set()

    def __len__(self) -> int:
        return len(self._asked)

    def add(self, request: StartRequest) -> None:
        """Raises what can be known to be wrong with it, and BadInput for a task that was named before."""
        asked = checked(self._context, request, self._places)
        name = (asked.project.name, asked.task)
        if asked.task and name in self._names:
            raise BadInput(f"{asked.task} is named twice", "a task has one session at a time: name each once")
        self._names.add(name)
        self._asked.append(asked)

    def enter(self) -> Iterator[QueueItem]:
        """One after the other, each when it is safe. Raises QueueFull, and what happened since they were checked."""
        for asked in self._asked:
            yield enter(self._context, asked)
