"""Which mission a person means. Names are compared first; only what fits is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from scopecraft.config.paths import Home
from scopecraft.errors import Ambiguous, NotFound, StateUnreadable
from scopecraft.missions.folder import UNTOUCHED, folders_by_id, missing, names_by_id, read_mission
from scopecraft.missions.trash import find_removal
from scopecraft.model.mission import Mission
from scopecraft.model.naming import slug_of, suffix_of


def all_missions(home: Home) -> tuple[list[Mission], list[str]]:
    """Every active mission that can be read, oldest first, and a sentence for each that cannot."""
    missions, damaged = _read(folder for _, _, folder in folders_by_id(home))
    return missions, [error.message for error in damaged]


def find_mission(home: Home, task: str, project: str | None, *, partial: bool) -> Mission | None:
    """The mission that `task` names: its id, slug or suffix by convention; with `partial`, a piece of its id too.

    A title without a letter or digit has no slug, and names its mission by itself.

    `project` narrows the search to one project. Raises Ambiguous, listing the candidates.
    """
    known = names_by_id(home)
    for fits in _ways(task, partial):
        folders = [Path(folder) for mission_id, slug, folder in known if fits(mission_id, slug)]
        found, damaged = _read(folders)
        if damaged:
            raise damaged[0]
        found = [mission for mission in found if project in (None, mission.project) and _is_titled(mission, task)]
        if len(found) > 1:
            listed = ", ".join(f"{mission.slug} ({mission.id}, {mission.project})" for mission in found)
            raise Ambiguous(f"{task!r} names several missions: {listed}", "use an id, or --project")
        if found:
            return found[0]
    return None


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
        return "see what there is with: sc ls --all"
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
