"""Work that takes its time, beside the screen: in a thread with a context of its own, its end told to the screen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from scopecraft.config.paths import Home
from scopecraft.errors import ScopecraftError
from scopecraft.sessions.context import Context

T = TypeVar("T")


class Teller(Protocol):
    """The screen: `tell` may be called from any thread, and calls there."""

    def call_later(self, callback: Callable[..., Any], *args: Any) -> bool: ...


@dataclass
class Jobs:
    """What is under way, told by its words; `changed` and `failed` are called where the screen is."""

    home: Home
    environ: Mapping[str, str]
    screen: Teller
    changed: Callable[[], None]
    failed: Callable[[ScopecraftError], None]
    _running: list[str] = field(default_factory=list)

    @property
    def under_way(self) -> str:
        return self._running[-1] if self._running else ""

    def start(self, words: str, do: Callable[[Context], T], then: Callable[[T], object]) -> None:
        """`words` such as `approving`; empty for what nobody need wait for. `then` gets what `do` returns."""
        if words:
            self._running.append(words)
            self.changed()
        threading.Thread(target=self._run, args=(words, do, then), name="job", daemon=True).start()

    def _run(self, words: str, do: Callable[[Context], T], then: Callable[[T], object]) -> None:
        context = Context(self.home, self.environ)
        try:
            done = do(context)
        # A border: whatever goes wrong beside the screen becomes one sentence on it.
        except Exception as error:  # noqa: BLE001
            from scopecraft.cli.border import translated

            self.screen.call_later(self._over, words, self.failed, translated(error))
        else:
            self.screen.call_later(self._over, words, then, done)
        finally:
            if "store" in context.__dict__:
                context.store.close()

    def _over(self, words: str, then: Callable[[Any], object], what: Any) -> None:
        if words:
            self._running.remove(words)
            self.changed()
        then(what)
