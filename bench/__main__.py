"""Every measurement, one after the other: `python -m bench`. Needs an engine, tmux and the default image."""

from __future__ import annotations

import subprocess
import sys

MODULES = (
    "bench.start",
    "bench.completion",
    "bench.listing",
    "bench.missions",
    "bench.gates",
    "bench.takeback",
    "bench.removal",
    "bench.prune",
    "bench.private_git",
    "bench.stream",
    "bench.monitor",
    "bench.supervisor",
    "bench.server",
    "bench.log_feed",
    "bench.queue",
    "bench.tmux_start",
    "bench.http_lists",
)


def main() -> int:
    codes = []
    for module in MODULES:
        print(f"\n== {module}", flush=True)
        codes.append(subprocess.run([sys.executable, "-m", module], check=False).returncode)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
