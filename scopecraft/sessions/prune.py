"""A proposal of what can go, merged missions and orphans, and carrying out what a person agreed to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from scopecraft.config.projects import Project
from scopecraft.errors import ScopecraftError, StorageFailed
from scopecraft.model.mission import Mission
from scopecraft.sessions.context import Context
from scopecraft.sessions.finished import Finished, by_project, finished_missions
from scopecraft.sessions.orphans import Orphan, Unknown, find_orphans, known_in
from scopecraft.sessions.places import repository_of
from scopecraft.sessions.removal import Wish, remove_mission


@dataclass(frozen=True, slots=True)
class Proposal:
    """Nothing was changed for it. `problems` are sentences about what could not be looked at."""

    finished: tuple[Finished, ...]
    orphans: tuple[Orphan, ...]
    unknown: tuple[Unknown, ...]
    problems: tuple[str, ...]

    @property
    def missions(self) -> list[Finished]:
        return [each for each in self.finished if each.is_proposed]

    @property
    def clearable(self) -> list[Orphan]:
        return [each for each in self.orphans if each.clear is not None]

    @property
    def is_empty(self) -> bool:
        return not self.missions and not self.clearable


@dataclass(frozen=True, slots=True)
class Done:
    """One thing of a proposal, and what came of it; `error` is None where it is gone."""

    what: Finished | Orphan
    error: ScopecraftError | None = None


def propose(context: Context, project: str | None) -> Proposal:
    """Of one project only its missions; orphans belong to the home, and are looked for when all of it is meant."""
    settle_what_ended(context)
    known = known_in(context)
    # a frozen one is a record, which goes when a person says so: sc rm
    missions = [mission for mission in known.missions if project in (None, mission.project) and not mission.is_frozen]
    finished, problems = finished_missions(context, missions)
    found = find_orphans(context, known) if project is None else []
    return Proposal(
        finished=tuple(finished),
        orphans=tuple(each for each in found if isinstance(each, Orphan)),
        unknown=tuple(each for each in found if isinstance(each, Unknown)),
        problems=(*known.damaged, *problems),
    )


def carry_out(context: Context, proposal: Proposal, wish: Wish) -> Iterator[Done]:
    """One after another, each told when it is over; what fails hinders no other."""
    for finished in proposal.missions:
        yield Done(finished, _error_of(partial(remove_mission, context, finished.mission, wish)))
    for orphan in proposal.clearable:
        assert orphan.clear is not None
        yield Done(orphan, _error_of(orphan.clear))


def settle_what_ended(context: Context) -> None:
    """A session that ended unseen has commits that belong to its branch; without them it looks finished too early."""
    from scopecraft.sessions.look import look_at_all

    with suppress(ScopecraftError):
        look_at_all(context, context.store.live())


def fetch_mains(context: Context, missions: list[Mission]) -> Iterator[tuple[Project, ScopecraftError | None]]:
    """Ask the remotes of every project that has missions, without tags and without dropping what they dropped."""
    for project, own in by_project(context, missions):
        if own:
            try:
                repository_of(project).git.run("fetch", "--all", "--no-tags", "--quiet", timeout_seconds=300)
                yield project, None
            except ScopecraftError as error:
                yield project, error


def _error_of(action: Callable[[], object]) -> ScopecraftError | None:
    try:
        action()
    except ScopecraftError as error:
        return error
    except OSError as error:
        return StorageFailed(f"{os.fsdecode(error.filename or '')}: {error.strerror or error}")
    return None
