"""Starting and looking at windows, beside the raw tmux commands in the same run. `python -m bench.tmux_start`"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.measure import Figure, median_ms, print_figures
from scopecraft.executors.tmux import TmuxExecutor
from scopecraft.executors.tmux_look import FORMAT, look_at_windows
from scopecraft.model.launch import WindowLaunch

ROUNDS = 20


@contextlib.contextmanager
def servers() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="scb-", dir="/tmp"))
    try:
        yield folder
    finally:
        for socket in folder.glob("*.sock"):
            subprocess.run(["tmux", "-S", str(socket), "kill-server"], capture_output=True)
        shutil.rmtree(folder)


def tmux(socket: Path, *words: str) -> None:
    subprocess.run(["tmux", "-S", str(socket), "-f", "/dev/null", *words], capture_output=True, check=True)


def launches(folder: Path) -> Iterator[WindowLaunch]:
    number = 0
    while True:
        number += 1
        session = f"r-{number:016x}"
        yield WindowLaunch(
            session_id=session,
            window_name=f"task-{number}-dispatch",
            argv=("sleep", "600"),
            env={"PATH": os.environ["PATH"]},
            unset=(),
            cwd=str(folder),
            folder=folder / session,
        )


def figures_with(windows: int) -> list[Figure]:
    """Medians with so many windows on each server."""
    with servers() as folder:
        raw, ours = folder / "raw.sock", folder / "ours.sock"
        executor, next_launch = TmuxExecutor(ours), launches(folder)
        tmux(raw, "new-session", "-d", "sleep", "600")
        handles = []
        for _ in range(windows):
            tmux(raw, "new-window", "-d", "sleep", "600")
            handles.append(executor.start(next(next_launch)))
        window = median_ms(lambda: tmux(raw, "new-window", "-d", "sleep", "600"), ROUNDS)
        start = median_ms(lambda: executor.start(next(next_launch)), ROUNDS)
        panes = median_ms(lambda: tmux(raw, "list-panes", "-a", "-F", FORMAT), ROUNDS)
        look = median_ms(lambda: look_at_windows(handles), ROUNDS)
    return [
        Figure(f"start, {windows} windows (floor: tmux new-window)", window, start, "ms", "under 3 times"),
        Figure(f"look at {windows} windows (floor: tmux list-panes)", panes, look, "ms", "one request"),
    ]


def figures() -> list[Figure]:
    return [figure for windows in (1, 50, 200) for figure in figures_with(windows)]


if __name__ == "__main__":
    print_figures(figures())
