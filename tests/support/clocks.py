"""A clock that a test sets, for the processes that it starts, by libfaketime; monotonic clocks stay the machine's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.engine import unavailable

# libfaketime takes the time until which Python sleeps, which is of a monotonic clock, for one of its own.
# What these processes start has the machine's time: tmux and agents live on when the test is over.
SITE = """
import os, select, time
time.sleep = lambda seconds: select.select([], [], [], seconds) and None
for name in ("LD_PRELOAD", "PYTHONPATH"):
    os.environ.pop(name, None)
"""


@dataclass(frozen=True, slots=True)
class Clock:
    """That of every Python that is started with `environ`."""

    folder: Path
    library: Path
    zone: str

    @property
    def environ(self) -> Mapping[str, str]:
        return {
            "LD_PRELOAD": str(self.library),
            "PYTHONPATH": str(self.folder),
            "FAKETIME_TIMESTAMP_FILE": str(self.folder / "clock"),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",  # a file keeps its time when the clock is set
            "TZ": self.zone,
        }

    def jump(self, seconds: int) -> None:
        """To so far from the machine's own time."""
        other = self.folder / "clock.new"
        other.write_text(f"{seconds:+d}\n")
        other.replace(self.folder / "clock")


def a_clock(folder: Path, zone: str = "UTC") -> Clock:
    """It goes with the machine's until it is set; without libfaketime the test is skipped."""
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not libraries:
        unavailable("libfaketime is not installed: apt-get install faketime")
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SITE)
    clock = Clock(folder, libraries[0], zone)
    clock.jump(0)
    return clock
