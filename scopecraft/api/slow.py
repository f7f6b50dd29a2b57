"""What takes seconds, in threads of its own: however many wait for an agent, pages and lists are answered at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter

if TYPE_CHECKING:
    from starlette.requests import Request

AT_ONCE = 24
T = TypeVar("T")


async def slowly(request: Request, work: Callable[[], T]) -> T:
    """What `work` returns, or raises; the next one waits in line while as many as may are at work."""
    state = request.app.state
    if not hasattr(state, "slow_threads"):
        state.slow_threads = CapacityLimiter(AT_ONCE)  # of this app's event loop
    return await anyio.to_thread.run_sync(work, limiter=state.slow_threads)


def slow(handler: Callable[..., T]) -> Callable[..., Awaitable[T]]:
    """A handler all of which is `slowly` done; it takes the `request` by that name."""

    @wraps(handler)
    async def done(**given: Any) -> T:
        return await slowly(given["request"], partial(handler, **given))

    return done
