"""What the machine has left for another session."""

from __future__ import annotations

import os
from pathlib import Path

from scopecraft.queueing.admission import Floors
from scopecraft.sessions.context import Context

MEMINFO = Path("/proc/meminfo")
PLENTY = 1 << 62  # where nobody can tell


def floors_of(context: Context, meminfo: Path = MEMINFO) -> Floors:
    """As it is now, beside what the settings ask for."""
    disk = os.statvfs(context.home.root)
    return Floors(
        free_disk=disk.f_bavail * disk.f_frsize,
        disk_floor=int(context.settings.worktrees.free_floor),
        free_memory=_available(meminfo),
        memory_floor=int(context.settings.queue.memory_floor),
    )


def _available(meminfo: Path) -> int:
    """What the kernel could give without swapping."""
    try:
        lines = meminfo.read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, IndexError, StopIteration):
        return PLENTY
