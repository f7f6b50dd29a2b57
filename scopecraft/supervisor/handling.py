"""What a request over the socket gets to work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol


class Caller(Protocol):
    """Whoever asked, for as long as they listen."""

    def tell(self, kind: str, data: Any) -> None:
        """A line to them before the answer, `{"kind": data}`; nothing happens when they are gone."""
        ...

    @property
    def is_gone(self) -> bool: ...


# In a thread of its own. What it returns is the answer; a ScopecraftError that it raises is raised again at the caller.
Handler = Callable[[Caller, Mapping[str, Any]], Mapping[str, Any]]
