"""What `sc doctor` finds. Checks run side by side and never for longer than a deadline, whatever hangs."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from scopecraft.errors import ScopecraftError

Level = Literal["ok", "info", "warn", "missing"]
DEADLINE_SECONDS = 10.0
NEEDED = frozenset({"git", "tmux", "engine"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `missing` is what scopecraft cannot do without.

    `mend` is the line that mends it, None where there is none.
    """

    name: str
    level: Level
    text: str
    mend: str | None = None


Check = Callable[[], list[Finding]]


def diagnose(environ: Mapping[str, str], deadline_seconds: float = DEADLINE_SECONDS) -> list[Finding]:
    """All findings in a fixed order, within the deadline; needs no home, no engine, nothing."""
    from scopecraft.sessions.doctor_checks import checks

    return gather(checks(environ), deadline_seconds)


def something_is_missing(findings: Iterable[Finding]) -> bool:
    return any(finding.level == "missing" for finding in findings)


def gather(checks: Mapping[str, Check], deadline_seconds: float) -> list[Finding]:
    """The findings of all checks, in their order; of one that is not done in time, a finding that says so."""
    answers: queue.SimpleQueue[tuple[str, list[Finding]]] = queue.SimpleQueue()
    for name, check in checks.items():
        # daemons: a check that hangs in a system call must not keep the process alive
        threading.Thread(target=_run, args=(name, check, answers), daemon=True).start()
    found: dict[str, list[Finding]] = {}
    deadline = time.monotonic() + deadline_seconds
    while len(found) < len(checks):
        try:
            name, findings = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        found[name] = findings
    late = {name: [_late(name, deadline_seconds)] for name in checks}
    return [finding for name in checks for finding in (late | found)[name]]


def _run(name: str, check: Check, answers: queue.SimpleQueue[tuple[str, list[Finding]]]) -> None:
    findings = [Finding(name, "warn", "this check itself failed, which is a fault of scopecraft")]
    try:
        findings = check()
    except ScopecraftError as error:
        findings = [Finding(name, "warn", error.message, error.hint or None)]
    finally:
        answers.put((name, findings))


def _late(name: str, seconds: float) -> Finding:
    level: Level = "missing" if name in NEEDED else "warn"
    return Finding(name, level, f"no answer within {seconds:g} s", "see whether a disk or a program hangs")
