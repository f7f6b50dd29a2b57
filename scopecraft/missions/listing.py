"""Missions for a list: each with its workflow. What cannot be read is told of, and hides nothing else."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scopecraft.config.paths import Home
from scopecraft.errors import ScopecraftError, StateUnreadable
from scopecraft.missions.folder import UNTOUCHED, missing, names_by_id, read_mission, require_folder
from scopecraft.missions.recipe import load_workflow
from scopecraft.model.mission import Mission
from scopecraft.model.workflow import DIRECT, Workflow


@dataclass(frozen=True, slots=True)
class Listed:
    mission: Mission
    workflow: Workflow


def read_listed(home: Home, mission_id: str) -> Listed:
    """One, wherever it stands; it may be moved to the complete ones this moment. Raises StateUnreadable."""
    while True:
        folder = require_folder(home, mission_id)
        try:
            listed = Listed(read_mission(folder), load_workflow(folder))
        except FileNotFoundError as error:
            if folder.exists():
                raise StateUnreadable(missing(folder), UNTOUCHED) from error
            continue
        if folder.exists():  # else its workflow may have been looked for where it is not any more
            return listed


@dataclass
class Listing:
    """A way through the missions of a home; `damaged` has a sentence for each that could not be read so far."""

    home: Home
    damaged: list[str]

    @classmethod
    def of(cls, home: Home) -> Listing:
        return cls(home, [])

    def active(self) -> list[Listed]:
        """The newest first."""
        return list(self.read(names_by_id(self.home)[::-1]))

    def completed(self, fits: Callable[[Mission], bool], most: int) -> list[Listed]:
        """The newest that fit; the files of older ones are not opened."""
        found: list[Listed] = []
        if most > 0:
            for listed in self.read(names_by_id(self.home, completed=True)[::-1]):
                if fits(listed.mission):
                    found.append(listed)
                if len(found) == most:
                    break
        return found

    def has_completed(self) -> bool:
        with contextlib.suppress(FileNotFoundError), os.scandir(self.home.missions_completed) as entries:
            return any("--" in entry.name for entry in entries)
        return False

    def read(self, names: Iterable[tuple[str, str, str]]) -> Iterator[Listed]:
        """Those by these names, as `names_by_id` tells them, in their order."""
        for _, _, name in names:
            folder = Path(name)
            try:
                listed = Listed(read_mission(folder), load_workflow(folder))
            except ScopecraftError as error:
                self.damaged.append(error.message)
            except FileNotFoundError:
                if folder.exists():  # else it was removed, or is complete since this moment
                    self.damaged.append(missing(folder))
            else:
                if listed.mission.steps and listed.workflow is DIRECT and not folder.exists():
                    continue  # moved before its workflow was read
                yield listed
