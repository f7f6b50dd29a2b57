"""Folders and locks of the home that nothing refers to."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from scopecraft.atomic import file_lock
from scopecraft.errors import LockHeld, Refused
from scopecraft.missions.folder import ABANDONED_SECONDS, MAKING
from scopecraft.model.ids import SESSION_ID
from scopecraft.sessions.clean_up import remove_tree
from scopecraft.sessions.context import Context
from scopecraft.sessions.folder import SessionFolder
from scopecraft.sessions.orphans import Known, Orphan

STALE_LOCK_SECONDS = 86400
_WORK = ("git", "out/harvest", "nested")  # of a session: commits that were not taken, and what was moved away


def session_folders(context: Context, _: Known) -> Iterator[Orphan]:
    """Those that no record names: a start that was killed in its first moments, or a record that was lost."""
    for folder in _aged(context.home.sessions, ABANDONED_SECONDS):
        if not SESSION_ID.fullmatch(folder.name) or context.store.get(folder.name) is not None:
            continue
        why = "no session of this name is recorded"
        if held := _what_it_holds(SessionFolder(folder)):
            yield Orphan("session folder", folder.name, why, f"it holds {held}, so it stays: {folder}")
        else:
            yield Orphan("session folder", folder.name, why, "removed: there is nothing in it", _clear(context, folder))


def _what_it_holds(folder: SessionFolder) -> str:
    """What a person might miss; empty where there is nothing."""
    if any((folder.path / name).exists() for name in _WORK):
        return "an agent's commits that were not taken"
    for file in (folder.stream, folder.stderr):
        with suppress(OSError):
            if file.lstat().st_size > 0:
                return "what an agent printed"
    return "a description of it" if (folder.path / "metadata.json").exists() else ""


def _clear(context: Context, folder: Path) -> Callable[[], None]:
    def clear() -> None:
        with file_lock(folder / "settle.lock", timeout=0):
            if context.store.get(folder.name) is not None or _what_it_holds(SessionFolder(folder)):
                raise Refused(f"{folder.name} is in use after all", "see: sc ls --all")
            remove_tree(folder)

    return clear


def mission_folders(context: Context, _: Known) -> Iterator[Orphan]:
    """Those that were being made when their start was killed: no mission was ever seen there."""
    for folder in _aged(context.home.missions_active, ABANDONED_SECONDS):
        if folder.name.startswith(MAKING):
            yield Orphan(
                "mission folder",
                folder.name,
                "a start that was killed had begun to make it",
                "removed",
                lambda folder=folder: shutil.rmtree(folder, ignore_errors=True),  # type: ignore[misc]
            )


def locks(context: Context, _: Known) -> Iterator[Orphan]:
    """Files that held the names of tasks once; as one, since there may be hundreds."""
    stale = [file for file in _aged(context.home.worktrees / ".locks", STALE_LOCK_SECONDS) if _is_free(file)]
    if stale:
        count = len(stale)

        def clear() -> None:
            for file in stale:
                with suppress(LockHeld, OSError), file_lock(file, timeout=0):
                    file.unlink()

        name = f"{count} lock file{'' if count == 1 else 's'}"
        yield Orphan("locks", name, "nobody has held them for a day", "removed", clear)


def _aged(folder: Path, seconds: float) -> list[Path]:
    """What has stood in the folder for that long, links left out."""
    now = time.time()
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        found = [
            Path(entry.path)
            for entry in entries
            if not entry.is_symlink() and now - entry.stat(follow_symlinks=False).st_mtime > seconds
        ]
        return sorted(found)
    return []


def _is_free(file: Path) -> bool:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
