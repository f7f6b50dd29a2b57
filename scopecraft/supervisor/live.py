"""What is asked for screens: how every session stands now, and what happens from now on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from typing import Any

from scopecraft.supervisor.handling import Caller, Handler
from scopecraft.supervisor.hub import Hub
from scopecraft.supervisor.monitor import Monitor

WAIT_SECONDS = 0.5


def live_handlers(hub: Hub, monitor: Monitor, left: threading.Event) -> dict[str, Handler]:
    def activities(_caller: Caller, _body: Mapping[str, Any]) -> Mapping[str, Any]:
        """By session: what its stream says so far."""
        return monitor.activities()

    def follow(caller: Caller, _body: Mapping[str, Any]) -> Mapping[str, Any]:
        """`told` lines of kind `activity`, until the caller or the supervisor goes."""
        with hub.listening() as mine:
            caller.tell("following", {})
            while not left.is_set() and not caller.is_gone:
                try:
                    caller.tell("activity", mine.get(timeout=WAIT_SECONDS))
                except queue.Empty:
                    continue
        return {}

    return {"activities": activities, "follow": follow}
