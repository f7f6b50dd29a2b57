"""`script/demo` does what the README promises, from an idea to a merged branch."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_demo_carries_an_idea_through_agents_and_gates_to_a_merged_branch(
    agent_image: str, clean_environment: Path
) -> None:
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
        "result   make a program that says hello!! to a person by name",  # an agent reads what was asked
        "permission: Bash: printf '# Research: greet a person by name",  # the one in the window asks
        "is rejected: Say how it is tested.",
        "Tests: `test_greeting.py` shows R1 and R2",  # and is heard
        "tests passed",
        "attempt 2",
        "is merged: main is at",
        "Hello, Ada!",
    ):
        assert promised in done.stdout, done.stdout
