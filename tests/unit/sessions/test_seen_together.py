"""What a window and the container behind it say of the end, and whom to believe."""

from __future__ import annotations

import pytest

from scopecraft.model.handle import Exited, Gone, Look
from scopecraft.sessions.contained import seen_together

CLOSED = Gone("the window was closed")
LINES = ("$ make", "done")


@pytest.mark.parametrize(
    ("window", "container", "reason", "seen"),
    [
        # it ended by itself: the container knows more, the window has its words
        (Exited(3, last_lines=LINES), Exited(3, finished_at="t"), "exit", Exited(3, finished_at="t", last_lines=LINES)),
        (Exited(137), Exited(137, out_of_memory=True), "memory", Exited(137, out_of_memory=True)),
        # by itself, before its window went away unseen
        (CLOSED, Exited(0), "exit", Exited(0)),
        (CLOSED, Exited(143), "timeout", Exited(143)),
        # because its window went away
        (CLOSED, Exited(143), "stopped", CLOSED),
        (CLOSED, Exited(137), None, CLOSED),
        (Exited(137), Exited(143), "stopped", Gone("what its window ran was ended")),
        # the engine ended it under the window, whose program saw that, or lost the engine
        (Exited(143), Exited(143), "stopped", Exited(143)),
        (Exited(1), Exited(137), None, Exited(137)),
    ],
)
def test_the_end_is_told_by_who_knows_it(window: Exited | Gone, container: Exited, reason: str, seen: Look) -> None:
    assert seen_together(window, container, reason) == seen
