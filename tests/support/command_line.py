"""`sc` as a person runs it: a process of its own, in the clean environment of the test."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# what is open when a command ends is closed by the system, as ever; every other warning is an error
PROGRAM = (sys.executable, "-W", "error", "-W", "ignore::ResourceWarning", "-m", "scopecraft")
LONGEST_SECONDS = 120


def environment(**env: str) -> dict[str, str]:
    """The test's environment; output is buffered as it is for a person, whatever the developer prefers."""
    return {**os.environ, "PYTHONUNBUFFERED": "", **env}


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
        env=environment(**env),
        input=stdin,
        capture_output=True,
        timeout=LONGEST_SECONDS,
    )


def on_a_terminal(*arguments: str, cwd: Path | None = None, **env: str) -> str:
    """What a terminal of 80 columns is sent by `sc`."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        cwd=cwd,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(COLUMNS="80", **env),
    )
    os.close(theirs)
    seen = b""
    try:
        while part := os.read(ours, 4096):
            seen += part
    except OSError:  # the last one closed it
        pass
    finally:
        os.close(ours)
    process.wait(LONGEST_SECONDS)
    return seen.decode()
