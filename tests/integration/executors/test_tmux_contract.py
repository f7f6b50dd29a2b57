"""Windows keep the promises of every executor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scopecraft.executors.tmux import TmuxExecutor
from tests.integration.executors.contract import ExecutorContract
from tests.support.tmux import MakeWindow, server_pid, stopped

pytestmark = pytest.mark.tmux


@pytest.fixture
def unreachable(executor: TmuxExecutor, make_launch: MakeWindow, socket: Path) -> Iterator[object]:
    handle = executor.start(make_launch(["sleep", "600"]))
    with stopped(server_pid(socket)):
        yield executor, handle


class TestTmux(ExecutorContract):
    pass
