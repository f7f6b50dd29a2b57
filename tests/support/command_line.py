"""`sc` as a person runs it: a process of its own, in the clean environment of the test."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PROGRAM = (sys.executable, "-W", "error", "-m", "scopecraft")
LONGEST_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and what it wrote where."""

    code: int
    out: str
    err: str


def sc(*arguments: str, cwd: Path | None = None, stdin: bytes = b"", **env: str) -> Said:
    """Run it to its end; `env` is added to the test's environment."""
    done = sc_bytes(*arguments, cwd=cwd, stdin=stdin, **env)
    return Said(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))


def sc_bytes(
    *arguments: str, cwd: Path | None = None, stdin: bytes = b"", **env: str
) -> subprocess.CompletedProcess[bytes]:
    """The same, with the bytes as they were written."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=cwd,
        env={**os.environ, **env},
        input=stdin,
        capture_output=True,
        timeout=LONGEST_SECONDS,
    )
