"""One supervisor a home: a locked file, in which the holder says who it is and where it listens."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import scopecraft
from scopecraft.atomic import file_lock, is_current, storage_failed
from scopecraft.config.paths import Home
from scopecraft.errors import AlreadyRunning, LockHeld
from scopecraft.executors.processes import start_time
from scopecraft.model import clock
from scopecraft.sessions.settle_facts import boot_id
from scopecraft.supervisor.holder import Holder, is_living, lock_path, read_holder

_INTRODUCTION_SECONDS = 0.5  # between taking the lock and saying who did


@dataclass
class HomeLock:
    """The lock, held. Nothing here lets go of it but its end, or that of the process."""

    path: Path
    holder: Holder
    _descriptor: int

    def listens_at(self, socket: Path | None) -> None:
        """Tell everybody, in one line and in place, since the lock is the file's own. Raises StorageFailed."""
        self.holder = replace(self.holder, socket=str(socket or ""))
        row = asdict(self.holder)
        del row["owner"]
        data = json.dumps(row).encode() + b"\n"
        try:
            os.pwrite(self._descriptor, data, 0)
            os.ftruncate(self._descriptor, len(data))
        except OSError as error:
            raise storage_failed(error, self.path) from error

    @property
    def is_current(self) -> bool:
        """False when the file, or the home with it, was removed or replaced: then another one may hold the home."""
        return is_current(self._descriptor, self.path)

    def _blank(self) -> None:
        try:
            os.ftruncate(self._descriptor, 0)
        except OSError:  # what is left there names a process that is gone, and whoever reads it asks for that
            return


@contextmanager
def home_lock(home: Home) -> Iterator[HomeLock]:
    """Hold the home as its supervisor. Raises AlreadyRunning, which names the holder, and StorageFailed."""
    with ExitStack() as held:
        try:
            descriptor = held.enter_context(file_lock(lock_path(home), timeout=0))
        except LockHeld as error:
            raise _refusal(home) from error
        lock = HomeLock(lock_path(home), _myself(), descriptor)
        lock.listens_at(None)
        try:
            yield lock
        finally:
            lock._blank()


def _myself() -> Holder:
    return Holder(
        pid=os.getpid(),
        started=start_time(os.getpid()) or 0,
        boot_id=boot_id(),
        started_at=clock.to_text(clock.now()),
        version=scopecraft.__version__,
    )


def _refusal(home: Home) -> AlreadyRunning:
    holder = _introduced(home, time.monotonic() + _INTRODUCTION_SECONDS)
    who = f": pid {holder.pid}, since {holder.started_at}" if holder else ", which does not say who it is"
    return AlreadyRunning(f"{home.root} has a supervisor already{who}", "`sc status` shows it, `sc down` ends it")


def _introduced(home: Home, deadline: float) -> Holder | None:
    """The holder, when it says so in time: what a dead one left there does not count."""
    while True:
        holder = read_holder(home)
        if holder is not None and is_living(holder):
            return holder
        if time.monotonic() > deadline:
            return None
        time.sleep(0.02)
