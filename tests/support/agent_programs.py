"""The agents' real programs, each of a pinned release, fetched once: `python -m tests.support.agent_programs`.

They stand in `.cache/agents/<name>-<version>/`; Claude Code has a place of its own (`claude_binary` in conftest).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from scopecraft.atomic import file_lock
from scopecraft.errors import AgentMissing
from scopecraft.executors.agent_releases import RELEASES, RUNTIMES, release_of
from scopecraft.executors.npm_release import fetch
from tests.support.engine import unavailable

CACHE = Path(__file__).parents[2] / ".cache" / "agents"
LOCK_SECONDS = 900


def fetched(name: str, say: Callable[[str], None]) -> Path:
    """The program; two at once fetch it once. Raises AgentMissing."""
    release = release_of(name)
    CACHE.mkdir(parents=True, exist_ok=True)
    with file_lock(CACHE / f"{name}.lock", timeout=LOCK_SECONDS):
        return fetch(release, CACHE / f"{name}-{release.version}", say)


def program(name: str) -> Path:
    """The real program for a test, from $SC_TEST_<NAME> or the cache; where it cannot be had, the test is skipped."""
    chosen = os.environ.get(f"SC_TEST_{name.upper()}")
    if chosen:
        return Path(chosen)
    try:
        return fetched(name, lambda _: None)
    except AgentMissing as error:
        unavailable(f"no {release_of(name).agent}: {error.message}")


def main() -> int:
    for name in (RELEASES.keys() | RUNTIMES.keys()) - {"claude"}:
        try:
            fetched(name, lambda line: print(f"==> {line}", file=sys.stderr))
        except AgentMissing as error:
            print(f"error: {error.message}\nhint: {error.hint}", file=sys.stderr)
            return 4
    return 0


if __name__ == "__main__":
    sys.exit(main())
