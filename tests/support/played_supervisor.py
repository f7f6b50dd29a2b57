"""A supervisor whose duties are played: it answers odd requests, and may refuse to leave, or crash.

Everything around the duties is real. Started as `python -m tests.support.played_supervisor [stubborn] [slow]`; a slow
one takes a second to load.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

from scopecraft.config.paths import Home, home_of
from scopecraft.errors import QueueFull
from scopecraft.supervisor.handling import Caller, Handler
from scopecraft.supervisor.process import serve


class PlayedDuties:
    def __init__(self, home: Home, environ: Mapping[str, str], fence: int) -> None:
        time.sleep(1.0 if "slow" in sys.argv else 0.0)
        self._turn = threading.Event()
        self._crashes = False
        self.woken = 0
        self.last_seen_gone = False

    def run(self) -> None:
        self._turn.wait()
        if self._crashes:
            raise RuntimeError("played crash")

    def wake(self) -> None:
        self.woken += 1

    def leave(self, *, stop_sessions: bool) -> None:
        if "stubborn" not in sys.argv:
            self._turn.set()

    def health(self) -> dict[str, Any]:
        return {"woken": self.woken, "last_seen_gone": self.last_seen_gone}

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "work": self._work,
            "count": self._count,
            "refuse": self._refuse,
            "fault": self._fault,
            "crash": self._crash,
            "watch": self._watch,
        }

    def _work(self, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
        time.sleep(body["seconds"])
        return {"size": len(body.get("text", ""))}

    def _count(self, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
        for number in range(body["to"]):
            caller.tell("number", number)
        return {"text": "x" * body.get("size", 0)}

    def _refuse(self, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
        raise QueueFull("10 requests wait already", "sc queue limit --waiting 20")

    def _fault(self, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
        raise ValueError("played fault")

    def _crash(self, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
        self._crashes = True
        self._turn.set()
        return {}

    def _watch(self, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
        while not caller.is_gone:
            time.sleep(0.02)
        self.last_seen_gone = True
        return {}


if __name__ == "__main__":
    sys.exit(serve(home_of(os.environ), os.environ, PlayedDuties))
