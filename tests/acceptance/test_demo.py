"""`script/demo` does what the README promises, from set-up to the second agent's question."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_demo_carries_a_mission_through_a_container_and_a_window(agent_image: str, clean_environment: Path) -> None:
    done = subprocess.run(
        [ROOT / "script/demo", "--clean"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    for promised in (
        "Done: greeting.py says hello, and it is committed.",  # its log streams by
        ": Say hello",  # the branch on the host holds the commit
        "permission: Bash: python3 greeting.py",  # the second agent waits, and sc ls says for what
        "Run this command? [y/n]",  # the window's screen
    ):
        assert promised in done.stdout, done.stdout
