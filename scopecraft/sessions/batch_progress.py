"""How a batch goes: of each of its missions a word, and why it does not begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scopecraft.missions.folder import folder_of
from scopecraft.missions.planner import due
from scopecraft.missions.recipe import load_workflow
from scopecraft.model.batch import Batch, BatchItem, unmet
from scopecraft.model.mission import Mission, MissionStatus
from scopecraft.sessions.batches import mission_of
from scopecraft.sessions.context import Context

_BAD = frozenset({"failed", "refused", "gone"})
_RESTING = frozenset({"completed", "waiting_human", "waiting_code_review", *_BAD})


@dataclass(frozen=True, slots=True)
class Standing:
    """`state` is the mission's status; or `waits`, `refused`, `gone`. `because` is a sentence, or empty.

    `is_resting`: nothing of it goes on by itself. `unmet` are the others that it waits for.
    """

    item: BatchItem
    mission: Mission | None
    state: str
    because: str = ""
    is_resting: bool = False
    unmet: tuple[str, ...] = ()

    @property
    def is_bad(self) -> bool:
        return self.state in _BAD


@dataclass(frozen=True, slots=True)
class Progress:
    batch: Batch
    standings: tuple[Standing, ...]

    @property
    def is_over(self) -> bool:
        """Nothing more happens without a person: whoever waits, waits for one that rests."""
        resting = {each.item.task.name for each in self.standings if each.is_resting}
        while len(resting) < len(self.standings):
            stuck = {each.item.task.name for each in self.standings if resting & set(each.unmet)} - resting
            if not stuck:
                return False
            resting |= stuck
        return True

    @property
    def is_bad(self) -> bool:
        return any(each.is_bad for each in self.standings)

    def counts(self) -> Mapping[str, int]:
        """How many there are of each state, in the order of the file."""
        found: dict[str, int] = {}
        for each in self.standings:
            found[each.state] = found.get(each.state, 0) + 1
        return found


def progress_of(context: Context, batch: Batch) -> Progress:
    """As it is now; nothing is looked at but the missions' own records."""
    missions = [mission_of(context, item) for item in batch.items]
    pairs = list(zip(batch.items, missions, strict=True))
    known = {item.task.name: mission.status for item, mission in pairs if mission is not None}
    return Progress(batch, tuple(_standing(context, item, mission, known) for item, mission in pairs))


def _standing(
    context: Context, item: BatchItem, mission: Mission | None, known: Mapping[str, MissionStatus]
) -> Standing:
    if item.refusal:
        return Standing(item, mission, "refused", item.refusal, is_resting=True)
    if not item.is_begun:
        left = unmet(item.task, known)
        return Standing(item, mission, "waits", f"for {', '.join(left)}" if left else "", unmet=left)
    if mission is None:
        return Standing(item, None, "gone", "removed, or its record cannot be read", is_resting=True)
    because = mission.errors[-1] if mission.status == "failed" and mission.errors else ""
    rests = mission.status in _RESTING or (mission.status == "ready" and not _goes_on(context, mission))
    return Standing(item, mission, mission.status, because, is_resting=rests)


def _goes_on(context: Context, mission: Mission) -> bool:
    """Whether a step of it begins in a moment, since nobody needs to say so."""
    return bool(due(mission, load_workflow(folder_of(context.home, mission))))
