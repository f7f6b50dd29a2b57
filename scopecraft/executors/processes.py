"""Processes of a window: who belongs to an agent, and how they end. Reads /proc; a pid alone is never trusted."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from scopecraft.errors import OperationFailed

PROC = Path("/proc")
POLL_SECONDS = 0.01
HARD_SECONDS = 5.0  # a process that outlives SIGKILL this long hangs in the kernel


@dataclass(frozen=True, slots=True)
class Process:
    """One process, known by pid and start time together; the rest may change during its life."""

    pid: int
    started: int  # clock ticks since boot; tells a reused pid
    parent: int = field(compare=False)
    group: int = field(compare=False)
    session: int = field(compare=False)  # pid of its session's leader


def parse_stat(pid: int, text: bytes) -> Process | None:
    """From /proc/<pid>/stat; None for a zombie, which is over and only waits to be collected."""
    # the second field is the program's name in parentheses and may itself hold spaces and parentheses
    fields = text[text.rindex(b")") + 2 :].split()
    if fields[0] in (b"Z", b"X"):
        return None
    parent, group, session = (int(field) for field in fields[1:4])
    return Process(pid=pid, started=int(fields[19]), parent=parent, group=group, session=session)


def read_process(pid: int) -> Process | None:
    """None if there is no such process (any more)."""
    try:
        return parse_stat(pid, (PROC / str(pid) / "stat").read_bytes())
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None


def start_time(pid: int) -> int | None:
    process = read_process(pid)
    return process.started if process else None


def is_running(process: Process) -> bool:
    return start_time(process.pid) == process.started


def family(session: int, known: Iterable[Process], everybody: Iterable[Process]) -> set[Process]:
    """Those of `everybody` in the session, or descending from it or from one of the `known`."""
    everybody = set(everybody)
    members = {p for p in everybody if p.session == session} | (set(known) & everybody)
    while True:
        pids = {p.pid for p in members}
        more = {p for p in everybody - members if p.parent in pids}
        if not more:
            return members
        members |= more


def _everybody() -> set[Process]:
    found = (read_process(int(entry.name)) for entry in PROC.iterdir() if entry.name.isdigit())
    return {p for p in found if p is not None and p.pid != os.getpid()}


def _ignores_term(pid: int) -> bool:
    try:
        status = (PROC / str(pid) / "status").read_text()
    except (OSError, UnicodeDecodeError):
        return False
    mask = next((line.split()[1] for line in status.splitlines() if line.startswith("SigIgn:")), "0")
    return bool(int(mask, 16) >> (signal.SIGTERM - 1) & 1)


def _signal(process: Process, number: signal.Signals) -> None:
    if is_running(process):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, number)


def _ask_to_end(leader: Process) -> None:
    """SIGTERM to its process group; an interactive shell ignores that and takes SIGHUP."""
    number = signal.SIGHUP if _ignores_term(leader.pid) else signal.SIGTERM
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader.pid, number)
        os.killpg(leader.pid, signal.SIGCONT)  # a stopped process cannot hear


def wait_for(processes: Iterable[Process], seconds: float) -> set[Process]:
    """Those still running after at most so many seconds."""
    deadline = time.monotonic() + seconds
    left = {p for p in processes if is_running(p)}
    while left and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        left = {p for p in left if is_running(p)}
    return left


def end_session(leader_pid: int, started: int, *, grace_seconds: float, leader_was_ours: bool = False) -> None:
    """End a session's leader and all that came from it, politely and then hard; nothing happens if it is over already.

    Without its leader the number of a session may be anybody's: what outlived the leader is ended only if the caller
    knows that the number is still ours. Raises OperationFailed if something outlives SIGKILL.
    """
    leader = read_process(leader_pid)
    if leader is not None and leader.started != started:
        return
    if leader is None and not leader_was_ours:
        return
    # Children that left the session are known by their parent only while that parent lives: look before it ends.
    members = family(leader_pid, {leader} if leader else (), _everybody())
    if grace_seconds > 0:
        members |= _end_politely(leader_pid, leader, members, grace_seconds)
    _end_hard(leader_pid, members)


def _end_politely(session: int, leader: Process | None, members: set[Process], grace_seconds: float) -> set[Process]:
    """The leader's group first and alone, since it may have a use for the others while it ends; then the rest."""
    deadline = time.monotonic() + grace_seconds
    if leader is not None:
        _ask_to_end(leader)
        wait_for({leader}, grace_seconds)
    members = family(session, members, _everybody())
    for process in members:
        # a second signal makes some programs give up their cleaning
        if leader is None or process.group != session:
            _signal(process, signal.SIGTERM)
    wait_for(members, deadline - time.monotonic())
    return members


def _end_hard(session: int, members: set[Process]) -> None:
    deadline = time.monotonic() + HARD_SECONDS
    while left := family(session, members, _everybody()):
        members |= left
        for process in left:
            _signal(process, signal.SIGKILL)
        if time.monotonic() > deadline:
            pids = ", ".join(str(p.pid) for p in sorted(left, key=lambda p: p.pid))
            raise OperationFailed(f"these processes do not end: {pids}", "they hang in the kernel; see dmesg")
        wait_for(left, 0.2)
