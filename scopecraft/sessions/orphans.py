"""What nobody owns any more, of every kind, with the reason and what will be done about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from scopecraft.errors import ScopecraftError
from scopecraft.missions.finding import all_missions
from scopecraft.missions.folder import names_by_id
from scopecraft.missions.trash import Removal, removals, removed_ids
from scopecraft.model.mission import Mission
from scopecraft.sessions.context import Context

OrphanKind = Literal["worktree", "branch", "refs", "container", "window", "session folder", "mission folder", "locks"]


@dataclass(frozen=True, slots=True)
class Orphan:
    """`clear` does what `will` says; None leaves it, and `will` says what a person can do.

    `clear` raises Refused where it is no orphan any more.
    """

    kind: OrphanKind
    name: str
    why: str
    will: str
    clear: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """A kind that could not be looked for, and why."""

    kind: OrphanKind
    why: str


@dataclass(frozen=True, slots=True)
class Known:
    """What has an owner: `missions` are the active and the completed ones.

    `damaged` tells of those that cannot be read, whose worktree and branch nobody knows.
    """

    missions: tuple[Mission, ...]
    ids: frozenset[str]  # of missions here and in the trash, readable or not
    removals: tuple[Removal, ...]
    damaged: tuple[str, ...]

    def branches(self, project: str) -> set[str]:
        mine = {mission.branch for mission in self.missions if mission.project == project}
        return mine | {removal.branch for removal in self.removals if removal.project == project}

    @property
    def worktrees(self) -> set[str]:
        return {mission.worktree for mission in self.missions} | {removal.worktree for removal in self.removals}


def known_in(context: Context) -> Known:
    missions, damaged = all_missions(context.home, completed=True)
    in_trash, unreadable = removals(context.home)
    here = (*names_by_id(context.home), *names_by_id(context.home, completed=True))
    ids = {mission_id for mission_id, _, _ in here} | removed_ids(context.home)
    return Known(tuple(missions), frozenset(ids), tuple(in_trash), (*damaged, *unreadable))


Finder = Callable[[Context, Known], Iterator[Orphan]]


def find_orphans(context: Context, known: Known) -> list[Orphan | Unknown]:
    """Of every kind; one that cannot be looked for hides no other."""
    from scopecraft.sessions import orphans_home, orphans_repository, orphans_running

    finders: Sequence[tuple[OrphanKind, Finder]] = (
        ("worktree", orphans_repository.worktrees),
        ("branch", orphans_repository.branches),
        ("refs", orphans_repository.refs),
        ("container", orphans_running.containers),
        ("window", orphans_running.windows),
        ("session folder", orphans_home.session_folders),
        ("mission folder", orphans_home.mission_folders),
        ("locks", orphans_home.locks),
    )
    found: list[Orphan | Unknown] = []
    for kind, finder in finders:
        try:
            found += finder(context, known)
        except ScopecraftError as error:
            found.append(Unknown(kind, error.message))
    return found
