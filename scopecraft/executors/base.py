"""What every executor can do. A handle is data, so any process can look at or stop what another one started."""

from __future__ import annotations

from typing import Protocol, TypeVar

from scopecraft.model.handle import Handle, Look

L = TypeVar("L", contravariant=True)
H = TypeVar("H", bound=Handle)


class Executor(Protocol[L, H]):
    def start(self, launch: L) -> H:
        """Start it once: a second start of the same session is refused by name. Raises StartFailed."""
        ...

    def look(self, handle: H) -> Look:
        """Ask, with a short deadline; never raises because nobody answered."""
        ...

    def stop(self, handle: H, *, grace_seconds: float) -> None:
        """End it politely, then hard after the grace period; 0 is hard at once. Something gone already is fine."""
        ...

    def adopt(self, session_id: str) -> H | None:
        """Find what an earlier process started for the session; None if there is nothing."""
        ...
