"""A session's inbox: what is said to its agent while it works. Appended to on the host, read by the launcher.

Nothing is ever taken out of it or changed, and it needs nobody alive between the two. A line with `#` is for the
launcher. One that ends with `#` was cut off, by a full disk for example, and counts for nothing.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import cast, get_args

from scopecraft.atomic import file_lock, storage_failed
from scopecraft.model.event import Alert
from scopecraft.model.session import WaitingReason
from scopecraft.sessions.folder import SessionFolder

END_OF_FILE = b"#eof\n"
RELEASE = b"#release\n"
OTHERS_SECONDS = 10
MOST_UNREAD = 10  # of as many it is known whether they were read
_CUT_OFF = b"#\n"


def hold_line(reason: WaitingReason) -> bytes:
    """After it the end of a turn does not end the session, until `RELEASE`."""
    return f"#hold {reason}\n".encode()


def message_line(message_id: str) -> bytes:
    """Stands before each message, so that it is known later which ones were never read."""
    return f"#message {message_id}\n".encode()


def append(folder: SessionFolder, *lines: bytes) -> None:
    """On the disk, in one piece and in this order, when it returns. Raises StorageFailed and LockHeld.

    Whoever appends asks `is_closed` afterwards: what stood there before the inbox closed is read all the same.
    """
    with file_lock(folder.path / "inbox.lock", timeout=OTHERS_SECONDS):
        try:
            descriptor = os.open(folder.inbox, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                _write(descriptor, _mended(descriptor) + b"".join(lines))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise storage_failed(error, folder.inbox) from error


def is_closed(folder: SessionFolder) -> bool:
    """Whether the launcher reads no more; what comes now comes too late."""
    return os.path.lexists(folder.out / "inbox-closed")


def hold_of(folder: SessionFolder) -> WaitingReason | None:
    """Why the session is held after the end of its turn; None where it is not."""
    try:
        if not folder.inbox.stat().st_size:  # as most are: nobody has said anything
            return None
        lines = folder.inbox.read_bytes().splitlines()
    except OSError:
        return None
    last = next((line for line in reversed(lines) if line.startswith((b"#hold", b"#release"))), b"")
    word = last.removeprefix(b"#hold ").decode("ascii", "replace")
    if last.startswith(b"#hold"):
        return cast(WaitingReason, word) if word in get_args(WaitingReason) else "idle"
    return None


def unread_alerts(folder: SessionFolder, echoed: Collection[str]) -> list[Alert]:
    """One when the latest messages are not among those that the agent told to have read."""
    try:
        lines = folder.inbox.read_bytes().splitlines()
    except OSError:
        return []
    told = [
        line.removeprefix(b"#message ").decode("ascii", "replace") for line in lines if line.startswith(b"#message ")
    ]
    count = sum(message_id not in echoed for message_id in told[-MOST_UNREAD:])
    if not count:
        return []
    which = "a message" if count == 1 else f"{count} messages"
    return [Alert("message_unread", f"{which} to it came too late to be read before it ended")]


def _mended(descriptor: int) -> bytes:
    """What makes half a line, left by a write that failed, one that counts for nothing."""
    size = os.fstat(descriptor).st_size
    return _CUT_OFF if size and os.pread(descriptor, 1, size - 1) != b"\n" else b""


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
