"""Removed missions: `missions/trash/<id>--<slug>/`, one folder each.

removal.json   what was removed, what was kept of it, and how far the removal came
mission/       the mission's folder
tree/          the worktree while it is being taken away
kept/          what was moved out of the worktree: small ignored files, large ones, repositories in it
modules/       the git folders of its submodules
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from scopecraft.atomic import move_aside, private_folder, replace_file
from scopecraft.config.paths import Home
from scopecraft.errors import Ambiguous, NotFound, Refused, StateUnreadable
from scopecraft.model.ids import MISSION_ID
from scopecraft.model.mission import Mission
from scopecraft.model.naming import slug_of, suffix_of

# pinned: one rename back undoes it. frozen: it can only go forward. emptied: nothing is kept but the record.
Phase = Literal["pinned", "frozen", "removed", "restoring", "emptied"]
_PIECE = re.compile(r"(?:m-)?[0-9a-f]{4,16}")


@dataclass(frozen=True, slots=True)
class Removal:
    """`pin` is a `worktrees.pin.Pin` as a dict, None where nothing of git's was taken.

    `aside` are the paths that were moved out of the worktree, `ignored` those of them that git ignores; `dropped` is
    what was not kept, as the person was told. `restore_as` is the slug under which it is being brought back.
    """

    phase: Phase
    removed_at: str
    mission_id: str
    slug: str
    title: str
    project: str
    branch: str
    worktree: str
    takes_worktree: bool
    takes_branch: bool
    pin: Mapping[str, Any] | None = None
    admin: str | None = None  # what git kept of the worktree
    aside: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    commits: int = 0
    modified: int = 0
    untracked: int = 0
    kept_bytes: int = 0
    restore_as: str | None = None
    restore_branch: str | None = None
    is_different: bool = False  # what came back is not in all what was pinned
    is_frozen: bool = False  # it was complete, and is so when it comes back

    @property
    def name(self) -> str:
        return f"{self.mission_id}--{self.slug}"


@dataclass(frozen=True, slots=True)
class TrashFolder:
    path: Path

    @property
    def record(self) -> Path:
        return self.path / "removal.json"

    @property
    def mission(self) -> Path:
        return self.path / "mission"

    @property
    def tree(self) -> Path:
        return self.path / "tree"

    @property
    def kept(self) -> Path:
        return self.path / "kept"

    @property
    def modules(self) -> Path:
        return self.path / "modules"


def trash_of(home: Home) -> Path:
    return home.missions_active.parent / "trash"


def trash_folder(home: Home, mission_id: str, slug: str) -> TrashFolder:
    return TrashFolder(trash_of(home) / f"{mission_id}--{slug}")


def save_removal(home: Home, removal: Removal) -> TrashFolder:
    """Raises StorageFailed."""
    folder = trash_folder(home, removal.mission_id, removal.slug)
    private_folder(folder.path)
    text = json.dumps(asdict(removal), indent=2)  # ASCII, so that a path of any bytes survives
    replace_file(folder.record, text.encode() + b"\n")
    return folder


def load_removal(folder: TrashFolder) -> Removal | None:
    """None where a removal was killed before it had written anything. Raises StateUnreadable."""
    try:
        row = json.loads(folder.record.read_bytes())
        values = {field.name: row[field.name] for field in fields(Removal) if field.name in row}
        lists = {name: tuple(values[name]) for name in ("aside", "ignored", "dropped")}
        return Removal(**{**values, **lists})
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        aside = move_aside(folder.record, "damaged")
        raise StateUnreadable(
            f"{folder.record} could not be read; it was moved to {aside}",
            "what is kept stands beside it, and under refs/scopecraft/trash in the repository",
        ) from error
    except OSError as error:
        raise StateUnreadable(f"{folder.record} cannot be read: {error.strerror}", "check who owns it") from error


def under_way(home: Home, mission: Mission) -> Removal | None:
    """The record of a removal, or of a restore, of a mission that is there; a stat where there is none."""
    folder = trash_folder(home, mission.id, mission.slug)
    return load_removal(folder) if folder.record.exists() else None


def refuse_half_removed(home: Home, mission: Mission) -> None:
    """Raises Refused where the mission's worktree stands in the trash already, and its folder does not."""
    removal = under_way(home, mission)
    if removal is not None and (
        removal.phase == "frozen" or trash_folder(home, mission.id, mission.slug).tree.exists()
    ):
        raise Refused(
            f"the removal of {mission.slug} was interrupted",
            f"go on with it: sc rm {mission.slug} --yes   and bring it back then: sc restore {mission.slug}",
        )


def removals(home: Home, *, emptied: bool = False) -> tuple[list[Removal], list[str]]:
    """What is in the trash, latest first, and a sentence for each record that cannot be read.

    A removal that came no further than its pin is none: the mission is where it was.
    """
    found, damaged = [], []
    for _, _, folder in _folders(home):
        try:
            removal = load_removal(folder)
        except StateUnreadable as error:
            damaged.append(error.message)
            continue
        if removal is None or (removal.phase == "pinned" and not folder.tree.exists()):
            continue
        if emptied or removal.phase != "emptied":
            found.append(removal)
    return sorted(found, key=lambda removal: removal.removed_at, reverse=True), damaged


def removed_ids(home: Home) -> frozenset[str]:
    """The missions that were removed, ever, and are not back; only names are read."""
    places = home.missions_active, home.missions_completed
    return frozenset(
        id_ for id_, _, folder in _folders(home) if not any((place / folder.path.name).exists() for place in places)
    )


def find_removal(home: Home, task: str, project: str | None) -> Removal:
    """By id, name, suffix, or a unique piece of its id. Of several by the same name none is meant.

    Raises NotFound and Ambiguous, listing the candidates.
    """
    everything, damaged = removals(home)
    everything = [removal for removal in everything if project in (None, removal.project)]
    for fits in _ways(task):
        found = [removal for removal in everything if fits(removal)]
        if len(found) > 1:
            listed = ", ".join(f"{each.slug} ({each.mission_id}, removed {each.removed_at[:16]})" for each in found)
            raise Ambiguous(f"{task!r} names several removed missions: {listed}", "use an id, or --project")
        if found:
            return found[0]
    if damaged:
        raise StateUnreadable(damaged[0], "what is kept of it stands beside that file")
    raise NotFound(f"nothing in the trash is called {task!r}", "see what is there with: sc trash")


def _ways(task: str) -> Iterator[Callable[[Removal], bool]]:
    slug = slug_of(task)
    suffix = suffix_of(slug)
    yield lambda removal: removal.mission_id == task
    if slug:
        yield lambda removal: removal.slug.casefold() == slug.casefold()
    yield lambda removal: removal.title == " ".join(task.split())
    if suffix:
        yield lambda removal: suffix_of(removal.slug) == suffix
    if _PIECE.fullmatch(task):
        piece = task.removeprefix("m-")
        yield lambda removal: removal.mission_id.startswith(f"m-{piece}") or removal.mission_id.endswith(piece)


def _folders(home: Home) -> list[tuple[str, str, TrashFolder]]:
    try:
        with os.scandir(trash_of(home)) as entries:
            named = [(entry.name.partition("--"), entry.path) for entry in entries]
    except FileNotFoundError:
        return []
    return sorted(
        (mission_id, slug, TrashFolder(Path(path)))
        for (mission_id, separator, slug), path in named
        if separator and MISSION_ID.fullmatch(mission_id)
    )
