"""Which mission a person means. Names are compared first; only what fits is read.

Those that are complete are frozen in `missions/completed`: they are looked at only where no active one fits.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from scopecraft.config.paths import Home
from scopecraft.errors import Ambiguous, NotFound, StateUnreadable
from scopecraft.missions.folder import (
    LONGEST_FILE,
    UNTOUCHED,
    folders_by_id,
    missing,
    names_by_id,
    read_mission,
)
from scopecraft.missions.trash import find_removal
from scopecraft.model.mission import Mission
from scopecraft.model.naming import slug_of, suffix_of
from scopecraft.model.text import clean_json


def all_missions(home: Home, *, completed: bool = False) -> tuple[list[Mission], list[str]]:
    """Every mission that can be read, oldest first, and a sentence for each that cannot.

    The active ones; with `completed` the others too, which costs 60 ms for a thousand of them.
    """
    folders = folders_by_id(home)
    if completed:
        folders = sorted([*folders, *folders_by_id(home, completed=True)])
    missions, damaged = _read(folder for _, _, folder in folders)
    return missions, [error.message for error in damaged]


def completed_with(home: Home, value: str | int) -> list[Mission]:
    """The completed missions in whose file the value stands, oldest first: 30 ms for a thousand of them.

    What cannot be read is left out: who asks wants to know whom something belongs to.
    """
    wanted = clean_json(json.dumps(value, ensure_ascii=False)).encode()
    found = []
    for _, _, folder in names_by_id(home, completed=True):
        with contextlib.suppress(OSError):
            descriptor = os.open(f"{folder}/mission.json", os.O_RDONLY | os.O_CLOEXEC)
            try:
                is_named = wanted in os.read(descriptor, LONGEST_FILE)
            finally:
                os.close(descriptor)
            if is_named:
                found.append(Path(folder))
    return _read(found)[0]


def find_mission(home: Home, task: str, project: str | None, *, partial: bool) -> Mission | None:
    """The mission that `task` names: its id, slug or suffix by convention; with `partial`, a piece of its id too.

    A title without a letter or digit has no slug, and names its mission by itself. One that is complete is meant
    where no active one has the name so exactly. `project` narrows the search to one project. Raises Ambiguous, listing
    the candidates.
    """
    active = names_by_id(home)
    complete: list[tuple[str, str, str]] | None = None
    for fits in _ways(task, partial):
        found = _fitting(active, fits, task, project)
        if found is None:
            complete = names_by_id(home, completed=True) if complete is None else complete
            found = _fitting(complete, fits, task, project)
        if found is not None:
            return found
    return None


def _fitting(
    known: Sequence[tuple[str, str, str]], fits: Callable[[str, str], bool], task: str, project: str | None
) -> Mission | None:
    folders = [Path(folder) for mission_id, slug, folder in known if fits(mission_id, slug)]
    found, damaged = _read(folders)
    if damaged:
        raise damaged[0]
    found = [mission for mission in found if project in (None, mission.project) and _is_titled(mission, task)]
    if len(found) > 1:
        listed = ", ".join(f"{mission.slug} ({mission.id}, {mission.project})" for mission in found)
        raise Ambiguous(f"{task!r} names several missions: {listed}", "use an id, or --project")
    return found[0] if found else None


def require_mission(home: Home, task: str, project: str | None) -> Mission:
    mission = find_mission(home, task, project, partial=True)
    if mission is None:
        of = f" of project {project}" if project else ""
        raise NotFound(f"no mission{of} is called {task!r}", _where_else(home, task, project))
    return mission


def _where_else(home: Home, task: str, project: str | None) -> str:
    try:
        removed = find_removal(home, task, project)
    except (NotFound, Ambiguous, StateUnreadable):
        return "see what there is with: sc missions --all"
    return f"it was removed; bring it back with: sc restore {removed.slug}"


def _ways(task: str, partial: bool) -> Iterator[Callable[[str, str], bool]]:
    """Ways to compare, the most exact first."""
    slug = slug_of(task)
    yield lambda mission_id, _: mission_id == task
    yield lambda mission_id, other: other.casefold() == slug.casefold() if slug else other == mission_id
    suffix = suffix_of(slug)
    if suffix:
        yield lambda _, other: suffix_of(other) == suffix
    if partial and len(task) >= 4:
        yield lambda mission_id, _: mission_id.startswith(task) or mission_id.endswith(task.removeprefix("m-"))


def _is_titled(mission: Mission, task: str) -> bool:
    """Where there is no slug to compare, titles are."""
    return bool(slug_of(task)) or mission.title == " ".join(task.split())


def _read(folders: Iterable[Path]) -> tuple[list[Mission], list[StateUnreadable]]:
    missions: list[Mission] = []
    damaged: list[StateUnreadable] = []
    for folder in folders:
        try:
            missions.append(read_mission(folder))
        except StateUnreadable as error:
            damaged.append(error)
        except FileNotFoundError:
            damaged.append(StateUnreadable(missing(folder), UNTOUCHED))
    return missions, damaged
