"""Pages that are walked through: each line of their shell blocks is run in one shell, as a reader would type it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.command_line import environment
from tests.support.documents import blocks

LONGEST_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Step:
    line: str
    code: int
    output: str  # both streams, as a terminal would show them


def lines_of(page: Path) -> Iterator[str]:
    """The lines of its `sh` blocks, without comments; a line that goes on is one."""
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.language == "sh":
            for line in block.text.replace("\\\n", " ").splitlines():
                if line.strip() and not line.lstrip().startswith("#"):
                    yield line


def walk(lines: Iterator[str], folder: Path, before: Callable[[str], None]) -> Iterator[Step]:
    """Run them one by one; folder, variables and functions stay from line to line. `before` hears of each first."""
    state = folder / ".walk"
    _make_sc(folder)
    where = folder
    for line in lines:
        before(line)
        script = f"[ ! -e {state} ] || . {state}\n{line}\ncode=$?\nexport -p >{state}; pwd >{state}.pwd; exit $code\n"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=where,
            env=environment(PATH=f"{folder}/bin:{os.environ['PATH']}"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LONGEST_SECONDS,
        )
        where = Path(Path(f"{state}.pwd").read_text().strip())
        yield Step(line, done.returncode, done.stdout.decode("utf-8", "replace"))


def _make_sc(folder: Path) -> None:
    """`sc` as it is installed, whatever stands on the machine's PATH."""
    program = folder / "bin" / "sc"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m scopecraft "$@"\n')
    program.chmod(0o755)
