"""What is asked for screens: how every session stands now, and what happens from now on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from scopecraft.supervisor.handling import Caller, Handler
from scopecraft.supervisor.hub import Hub
from scopecraft.supervisor.monitor import Monitor

WAIT_SECONDS = 0.5
MOST_AT_ONCE = 500


def _news(mine: queue.SimpleQueue[dict[str, Any]]) -> list[dict[str, Any]]:
    """All that has come, waited for a while where there is nothing: one line for many costs a tenth of many lines."""
    news: list[dict[str, Any]] = []
    with suppress(queue.Empty):
        news.append(mine.get(timeout=WAIT_SECONDS))
        while len(news) < MOST_AT_ONCE:
            news.append(mine.get_nowait())
    return news


def live_handlers(hub: Hub, monitor: Monitor, left: threading.Event) -> dict[str, Handler]:
    def activities(_caller: Caller, _body: Mapping[str, Any]) -> Mapping[str, Any]:
        """By session: what its stream says so far."""
        return monitor.activities()

    def follow(caller: Caller, _body: Mapping[str, Any]) -> Mapping[str, Any]:
        """`told` lines of kind `activities`, a list of what is new, until the caller or the supervisor goes."""
        with hub.listening() as mine:
            caller.tell("following", {})
            while not left.is_set() and not caller.is_gone:
                news = _news(mine)
                if news:
                    caller.tell("activities", news)
        return {}

    return {"activities": activities, "follow": follow}
