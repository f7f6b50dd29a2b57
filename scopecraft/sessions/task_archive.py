"""A task of the earlier Scopecraft whose mission is complete goes to `.tasks/archive/YYYY-MM`, as it did there.

A part of a larger task stays in its folder, and is done; the folder goes when all of its parts are.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from scopecraft.atomic import file_lock, storage_failed
from scopecraft.errors import Refused, ScopecraftError
from scopecraft.missions.folder import folder_of
from scopecraft.missions.task_files import ARCHIVE, FOLDER, OVERVIEW, TaskPlace, all_tasks, holding, opened, read_task
from scopecraft.missions.task_text import with_status
from scopecraft.missions.task_writing import change_task
from scopecraft.model.mission import Mission
from scopecraft.sessions.context import Context
from scopecraft.sessions.task_log import found_task, link_task, linked_task

_OVER = frozenset({"done", "archived"})
_WAIT_SECONDS = 10.0
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def archive_task(context: Context, mission: Mission, now: datetime) -> str | None:
    """What became of the mission's task, as a sentence; None where it has none, or the mission is not complete.

    Raises NotFound, Refused for what is no file or is in the archive already, LockHeld and StorageFailed.
    """
    place = linked_task(folder_of(context.home, mission))
    if place is None or mission.status != "completed":
        return None
    checkout, place = found_task(context, mission, place)
    if place.path.startswith(f"{ARCHIVE}/"):
        return None
    place = next((each for each in all_tasks(checkout) if each.path == place.path), place)
    change_task(checkout, place, lambda text: with_status(text, "done"))
    source = place.path
    if place.parent is not None or place.path.endswith(f"/{OVERVIEW}"):
        source = place.path.rpartition("/")[0]
        left = _left(checkout, source)
        if left:
            return f"{FOLDER}/{source} stays where it is: not done are {', '.join(left)}"
    target = f"{ARCHIVE}/{now.astimezone():%Y-%m}"
    with file_lock(checkout / FOLDER, timeout=_WAIT_SECONDS):
        _move(checkout, source, target)
    moved = f"{target}/{source.rpartition('/')[2]}"
    link_task(context, mission, moved + place.path.removeprefix(source))
    return f"its task is now {FOLDER}/{moved}"


def _left(checkout: Path, folder: str) -> list[str]:
    """The parts of the task in the folder that are not done, or that nobody can read."""
    left = []
    for place in all_tasks(checkout):
        if place.path.rpartition("/")[0] == folder and not place.path.endswith(f"/{OVERVIEW}"):
            with suppress(ScopecraftError):
                if read_task(checkout, place).status in _OVER:
                    continue
            left.append(place.id)
    return left


def _move(checkout: Path, source: str, target: str) -> None:
    """Into the folder, which is made where it is missing; never over anything, and never through a link."""
    try:
        with holding(checkout, TaskPlace(source)) as (folder, name), opened(checkout) as top:
            assert top is not None
            into = os.dup(top)
            try:
                for part in target.split("/"):
                    with suppress(FileExistsError):
                        os.mkdir(part, dir_fd=into)
                    inner = os.open(part, _OPEN, dir_fd=into)
                    os.close(into)
                    into = inner
                _renamed(folder, into, name, f"{FOLDER}/{target}/{name}")
            finally:
                os.close(into)
    except OSError as error:
        raise storage_failed(error, checkout / FOLDER / target) from error


def _renamed(folder: int, into: int, name: str, there: str) -> None:
    with suppress(FileNotFoundError):
        os.stat(name, dir_fd=into, follow_symlinks=False)
        raise Refused(f"{there} is there already", "move it away, then archive the task again")
    os.rename(name, name, src_dir_fd=folder, dst_dir_fd=into)
    os.fsync(into)
    os.fsync(folder)
