"""What every executor promises, whatever runs behind it. A subclass gives the fixtures."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scopecraft.errors import AlreadyRunning
from scopecraft.model.handle import Alive, Exited, Gone, Unknown
from tests.support.wait import until

MakeLaunch = Callable[[list[str]], Any]


def trapping(shared: Path, reaction: str, signals: str = "TERM") -> list[str]:
    """A program that reacts to polite signals in its own way; it is ready when `shared/ready` is there."""
    return ["/bin/sh", "-c", f"trap '{reaction}' {signals}; : > '{shared}/ready'; while :; do sleep 0.05; done"]


class ExecutorContract:
    """Fixtures of a subclass:

    executor: the one to test
    make_launch: a launch of a new session that runs these arguments
    shared: a folder that the agent sees under the same path and may write to
    absent: a handle of something that is not there (any more)
    unreachable: an executor and a handle of a backend that does not answer
    """

    def test_a_started_agent_is_alive(self, executor: Any, make_launch: MakeLaunch) -> None:
        handle = executor.start(make_launch(["sleep", "600"]))
        assert executor.look(handle) == Alive()

    @pytest.mark.parametrize("code", [0, 3])
    def test_its_exit_code_is_seen(self, executor: Any, make_launch: MakeLaunch, code: int) -> None:
        handle = executor.start(make_launch(["/bin/sh", "-c", f"exit {code}"]))
        look = until(lambda: ended(executor, handle))
        assert look.exit_code == code

    def test_a_polite_stop_lets_it_clean_up(self, executor: Any, make_launch: MakeLaunch, shared: Path) -> None:
        handle = executor.start(make_launch(trapping(shared, f": > {shared}/cleaned; exit 7")))
        until((shared / "ready").exists)
        executor.stop(handle, grace_seconds=20)
        assert (shared / "cleaned").exists()
        assert until(lambda: ended(executor, handle)).exit_code == 7

    def test_what_ignores_the_polite_signal_ends_after_the_grace_period(
        self, executor: Any, make_launch: MakeLaunch, shared: Path
    ) -> None:
        handle = executor.start(make_launch(trapping(shared, "", "TERM HUP INT")))
        until((shared / "ready").exists)
        began = time.monotonic()
        executor.stop(handle, grace_seconds=1)
        assert time.monotonic() - began >= 0.9
        assert until(lambda: ended(executor, handle)).exit_code == 137

    def test_a_hard_stop_does_not_wait(self, executor: Any, make_launch: MakeLaunch, shared: Path) -> None:
        handle = executor.start(make_launch(trapping(shared, f": > {shared}/cleaned; exit 7")))
        until((shared / "ready").exists)
        executor.stop(handle, grace_seconds=0)
        assert until(lambda: ended(executor, handle)).exit_code == 137
        assert not (shared / "cleaned").exists()

    def test_stopping_something_that_has_ended_is_fine(self, executor: Any, make_launch: MakeLaunch) -> None:
        handle = executor.start(make_launch(["/bin/sh", "-c", "exit 3"]))
        until(lambda: ended(executor, handle))
        executor.stop(handle, grace_seconds=1)
        assert executor.look(handle).exit_code == 3

    def test_stopping_something_that_is_gone_is_fine(self, executor: Any, absent: Any) -> None:
        executor.stop(absent, grace_seconds=1)

    def test_a_session_is_not_started_twice(self, executor: Any, make_launch: MakeLaunch, shared: Path) -> None:
        launch = make_launch(["/bin/sh", "-c", f"echo x >> {shared}/starts; sleep 600"])
        executor.start(launch)
        until(lambda: (shared / "starts").exists() and (shared / "starts").read_text())
        with pytest.raises(AlreadyRunning):
            executor.start(launch)
        assert (shared / "starts").read_text() == "x\n"

    def test_another_process_finds_it_by_its_session(self, executor: Any, make_launch: MakeLaunch) -> None:
        launch = make_launch(["sleep", "600"])
        handle = executor.start(launch)
        assert executor.adopt(launch.session_id) == handle

    def test_nothing_is_found_for_an_unknown_session(self, executor: Any, make_launch: MakeLaunch) -> None:
        executor.start(make_launch(["sleep", "600"]))
        assert executor.adopt("r-00000000000000ff") is None

    def test_something_gone_is_seen_as_gone(self, executor: Any, absent: Any) -> None:
        assert isinstance(executor.look(absent), Gone)

    def test_looking_never_raises_because_nobody_answers(self, unreachable: tuple[Any, Any]) -> None:
        executor, handle = unreachable
        assert isinstance(executor.look(handle), (Unknown, Gone))


def ended(executor: Any, handle: Any) -> Exited | None:
    look = executor.look(handle)
    return look if isinstance(look, Exited) else None
