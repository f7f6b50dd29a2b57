"""One press of Tab: the whole process, with 200 missions and 2,000 sessions. `python -m bench.completion`"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.measure import Figure, median_ms, print_figures
from scopecraft.model.ids import new_mission_id, new_session_id

MISSIONS = 200
SESSIONS = 2_000
ROUNDS = 25
GOAL = "under 100 ms"
ASKED = {
    "a command": ("1", "sc", ""),
    "an option": ("2", "sc", "run", "--"),
    "a task": ("2", "sc", "path", "task-1"),
    "a session": ("2", "sc", "logs", "r-"),
    "a setting": ("3", "sc", "run", "--set", "container."),
}


def figures() -> list[Figure]:
    floor = median_ms(lambda: subprocess.run([sys.executable, "-c", "import click"], check=True), ROUNDS)
    with tempfile.TemporaryDirectory(prefix="sc-bench-") as folder:
        home = Path(folder)
        _fill(home)
        return [
            Figure(f"Tab: {what} (floor: python + click)", floor, _ask(home, *words), "ms", GOAL)
            for what, words in ASKED.items()
        ]


def _fill(home: Path) -> None:
    begin = datetime.now(UTC)
    for number in range(MISSIONS):
        mission_id = new_mission_id(begin + timedelta(seconds=number))
        (home / "missions" / "active" / f"{mission_id}--task-{number}").mkdir(parents=True)
    for number in range(SESSIONS):
        (home / "sessions" / new_session_id(begin + timedelta(seconds=number))).mkdir(parents=True)


def _ask(home: Path, *words: str) -> float:
    env = {**os.environ, "SCOPECRAFT_HOME": str(home), "_SC_COMPLETE": "bash"}
    program = str(Path(sys.executable).with_name("sc"))

    def tab() -> None:
        assert subprocess.run([program, *words], env=env, check=True, capture_output=True).stdout

    return median_ms(tab, ROUNDS)


if __name__ == "__main__":
    print_figures(figures())
