"""Following many streams at once, for the supervisor: one observer wakes it, and a scan misses nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from scopecraft.model.event import Alert
from scopecraft.streams.folders import FolderWatch, polled
from scopecraft.streams.follow import Tail
from scopecraft.streams.followed import Followed
from scopecraft.streams.followed import Piece as Piece  # part of what this module gives
from scopecraft.streams.lines import NO_END
from scopecraft.streams.monitor import POLL_SECONDS

FILE_BYTES = 1024 * 1024  # of one stream in one pass, so that a long one does not hold up the others
PASS_BYTES = 8 * 1024 * 1024
SCAN_SECONDS = 1.0  # what nobody told of is found within
RETRY_SECONDS = 60.0  # until it is tried again
BUSY_SECONDS = 0.02  # where changes come so fast that to look is cheaper than to be told
CALM_SECONDS = 2.0  # until a busy folder is watched again
GATHER_SECONDS = 0.01  # between two passes: many small writes cost one look

Found = tuple[str | None, Piece]  # None: of no single stream


class StreamsWatch:
    """Streams that grow, each by the key that it was added with.

    All methods are for one thread; `wake` may be called from any. A change is told of once, whatever happens to the
    file, and no line comes twice. Use it as a context manager, or close it.

    Folders are watched, each without its subfolders. While one is busy its files are looked at instead: watchdog needs
    an eighth of a millisecond for a change, a look at a file a hundredth of that.
    """

    def __init__(self, *, calm_seconds: float = CALM_SECONDS) -> None:
        self._calm_seconds = calm_seconds
        self._followed: dict[str, Followed] = {}
        self._keys: dict[str, set[str]] = {}  # by path; read in other threads
        self._folders: dict[str, int] = {}  # how many streams each has
        self._unwatched: set[str] = set()
        self._busy: dict[str, float] = {}  # until when, if nothing more is written there
        self._waiting: dict[str, None] = {}  # keys to be read, the first one first
        self._alerts: list[Alert] = []
        self._lock = threading.Lock()
        self._changed: set[str] = set()  # paths; under the lock
        self._is_woken = self._has_overflowed = False  # under the lock
        self._event = threading.Event()
        self._watch = FolderWatch(self._notice, self._overflowed)
        self._scan_due = self._busy_due = self._retry_due = self._rest_until = 0.0

    def __enter__(self) -> StreamsWatch:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def add(self, key: str, path: Path, *, offset: int = 0, number: int = 1, end: int = NO_END) -> None:
        """Follow a file, which need not be there yet, from `offset` on; `number` is its first line's.

        Nothing is read beyond `end`, give or take a chunk. A key that is followed already is followed anew.
        """
        self.remove(key)
        path = path.absolute()
        followed = self._followed[key] = Followed(path, Tail(path, offset, number, end=end))
        with self._lock:
            self._keys.setdefault(followed.path, set()).add(key)
        self._waiting[key] = None
        folder = followed.folder
        self._folders[folder] = self._folders.get(folder, 0) + 1
        if self._folders[folder] == 1:
            self._watch_folder(folder)

    def remove(self, key: str) -> None:
        """Nothing happens where the key is not followed."""
        followed = self._followed.pop(key, None)
        if followed is None:
            return
        followed.tail.close()
        self._waiting.pop(key, None)
        with self._lock:
            keys = self._keys[followed.path]
            keys.discard(key)
            if not keys:
                del self._keys[followed.path]
                self._changed.discard(followed.path)
        folder = followed.folder
        self._folders[folder] -= 1
        if not self._folders[folder]:
            del self._folders[folder]
            self._unwatched.discard(folder)
            self._busy.pop(folder, None)
            self._watch.remove(Path(folder))

    def close(self) -> None:
        for key in list(self._followed):
            self.remove(key)
        self._watch.close()

    def wake(self) -> None:
        """Let `wait` return; from any thread."""
        with self._lock:
            self._is_woken = True
        self._event.set()

    def wait(self, seconds: float) -> bool:
        """Whether there is something to read, or somebody called `wake`, within the time; at once if so already."""
        deadline = time.monotonic() + seconds
        while not self._is_due():
            now = time.monotonic()
            if now >= deadline:
                return False
            due = min(self._scan_due, self._busy_due) if self._busy else self._scan_due
            self._event.wait(max(0.0, min(deadline, due) - now))
            self._event.clear()
        return True

    def read(self, budget_bytes: int = PASS_BYTES) -> list[Found]:
        """What is new, at most about `budget_bytes` of it; those that had to wait come first the next time."""
        self._take_notices()
        found: list[Found] = [(None, alert) for alert in self._alerts]
        self._alerts.clear()
        for key in list(self._waiting):
            if budget_bytes <= 0:
                break
            del self._waiting[key]
            followed = self._followed[key]
            before = followed.tail.offset
            pieces = followed.read(min(budget_bytes, FILE_BYTES))
            found += [(key, piece) for piece in pieces]
            budget_bytes -= max(0, followed.tail.offset - before)
            if followed.tail.is_behind:
                self._waiting[key] = None
            if pieces:
                self._mind_pace(followed, time.monotonic())
        self._rest_until = time.monotonic() + GATHER_SECONDS
        return found

    def is_behind(self, key: str) -> bool:
        """Whether more is known to stand in the file than was read of it."""
        return key in self._waiting

    def finish(self, key: str) -> Iterator[Piece]:
        """All that is left of a stream whose writer is gone, piece by piece, its half line last; then it is removed."""
        followed = self._followed.get(key)
        if followed is None:
            return
        try:
            while True:
                yield from followed.read(FILE_BYTES)
                if not followed.tail.is_behind:
                    break
            if followed.tail.rest is not None:
                yield [followed.tail.rest]
        finally:
            self.remove(key)

    def _is_due(self) -> bool:
        """Whether `wait` is over. Waits a moment itself where the last pass was just now."""
        if self._waiting or self._alerts:
            return True
        now = time.monotonic()
        if now >= self._scan_due:
            self._scan(now)
        elif self._busy and now >= self._busy_due:
            self._look_at_busy(now)
        with self._lock:
            due = bool(self._changed or self._is_woken or self._has_overflowed)
        if due and now < self._rest_until:
            time.sleep(self._rest_until - now)
        self._take_notices()
        return due or bool(self._waiting or self._alerts)

    def _take_notices(self) -> None:
        with self._lock:
            changed, self._changed = self._changed, set()
            overflowed, self._has_overflowed = self._has_overflowed, False
            self._is_woken = False
            keys = [key for path in changed for key in self._keys.get(path, ())]
        self._waiting |= dict.fromkeys(keys)
        if overflowed:
            text = "more changed at once than the system could tell of; every stream was looked at anew"
            self._alerts.append(Alert("stream_overflow", text))
            self._scan(time.monotonic())

    def _scan(self, now: float) -> None:
        """Looks at every file: what nobody told of is found here."""
        if self._unwatched and now >= self._retry_due:
            self._retry_due = now + RETRY_SECONDS
            self._unwatched = {folder for folder in self._unwatched if self._watch.add(Path(folder))}
        self._waiting |= {key: None for key, each in self._followed.items() if each.tail.is_changed()}
        self._scan_due = now + (POLL_SECONDS if self._unwatched else SCAN_SECONDS)

    def _mind_pace(self, followed: Followed, now: float) -> None:
        folder = followed.folder
        if folder in self._busy:
            self._busy[folder] = now + self._calm_seconds
        elif followed.is_busy(now) and folder not in self._unwatched:
            self._watch.remove(Path(folder))
            self._busy[folder] = now + self._calm_seconds

    def _look_at_busy(self, now: float) -> None:
        self._busy_due = now + BUSY_SECONDS
        looked_at = set(self._busy)
        for folder in [folder for folder, until in self._busy.items() if now >= until]:
            del self._busy[folder]
            self._watch_folder(folder)  # before the look: nothing falls between
        for key, each in self._followed.items():
            if each.folder in looked_at and each.tail.is_changed():
                self._waiting[key] = None

    def _watch_folder(self, folder: str) -> None:
        reason = self._watch.add(Path(folder))
        if not reason:
            return
        if not self._unwatched:
            self._alerts.append(polled(POLL_SECONDS, reason))
            self._retry_due = time.monotonic() + RETRY_SECONDS
        self._unwatched.add(folder)
        self._scan_due = 0.0

    def _notice(self, path: str) -> None:
        with self._lock:
            if path not in self._keys or path in self._changed:
                return
            self._changed.add(path)
        self._event.set()

    def _overflowed(self) -> None:
        with self._lock:
            self._has_overflowed = True
        self._event.set()
