"""What both client libraries have beneath them: how long is waited, and that each try is heard of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scopecraft.agents.llm_failure import LONGEST_WAIT_SECONDS, seconds_of
from scopecraft.agents.llm_outcome import Hearing, Question, Retry

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 600.0  # between two bytes: a model thinks long before it says anything


def client_arguments(question: Question, hearing: Hearing) -> dict[str, Any]:
    """For the library's own HTTP client. A redirect is not followed: the key would go with it."""
    import httpx2  # the client of both libraries

    return {
        "timeout": httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS),
        "follow_redirects": False,
        "event_hooks": _hooks(question.max_retries, hearing),
    }


def _hooks(most: int, hearing: Hearing) -> dict[str, list[Callable[[Any], None]]]:
    last_status = 0

    def sent(request: Any) -> None:
        attempt = int(request.headers.get("x-stainless-retry-count") or 0)
        if attempt:
            hearing.retried(Retry(attempt, most, last_status))

    def answered(response: Any) -> None:
        nonlocal last_status
        last_status = response.status_code
        wait = seconds_of(response.headers.get("retry-after"))
        if wait is not None and wait > LONGEST_WAIT_SECONDS:
            response.headers["x-should-retry"] = "false"  # both libraries obey it

    return {"request": [sent], "response": [answered]}
