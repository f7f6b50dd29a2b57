"""A batch: many missions that one file asks for, and which of them may begin. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from scopecraft.model.mission import MissionStatus, MissionType

# When what needs a mission may begin: when it is complete, or when its work waits for a person's review.
ReadyWhen = Literal["completed", "work"]
READY_WHEN: tuple[ReadyWhen, ...] = get_args(ReadyWhen)
_READY: Mapping[ReadyWhen, frozenset[MissionStatus]] = {
    "completed": frozenset({"completed"}),
    "work": frozenset({"completed", "waiting_code_review"}),
}


@dataclass(frozen=True, slots=True)
class BatchTask:
    """What the file says of one mission. `base` is a commit or a branch, or `@name` for the branch of one it needs."""

    name: str
    title: str
    text: str
    type: MissionType = "feature"
    workflow: str | None = None
    project: str | None = None
    base: str | None = None
    agent: str | None = None
    model: str | None = None
    needs: tuple[str, ...] = ()
    ready_when: ReadyWhen = "completed"

    @property
    def base_of(self) -> str | None:
        """The name of the one whose branch it begins at."""
        return self.base[1:] if self.base is not None and self.base.startswith("@") else None


@dataclass(frozen=True, slots=True)
class BatchItem:
    """`mission_id` is reserved from the beginning, so that nothing is made twice. `refusal`: why it never can be."""

    task: BatchTask
    mission_id: str
    is_begun: bool = False
    refusal: str = ""

    @property
    def is_over(self) -> bool:
        """Nothing of it is left for the batch to do."""
        return self.is_begun or bool(self.refusal)


@dataclass(frozen=True, slots=True)
class Batch:
    """`id` is made of what the file says, `file` is where that stood."""

    id: str
    file: str
    made_at: str
    items: tuple[BatchItem, ...]

    @property
    def is_fed(self) -> bool:
        return all(item.is_over for item in self.items)

    def item(self, name: str) -> BatchItem | None:
        return next((item for item in self.items if item.task.name == name), None)

    def with_item(self, changed: BatchItem) -> Batch:
        items = (changed if item.mission_id == changed.mission_id else item for item in self.items)
        return replace(self, items=tuple(items))


def unmet(task: BatchTask, statuses: Mapping[str, MissionStatus]) -> tuple[str, ...]:
    """What it still waits for; `statuses` are those of the missions that were made, by their names in the file."""
    return tuple(name for name in task.needs if statuses.get(name, "draft") not in _READY[task.ready_when])


def next_items(batch: Batch, statuses: Mapping[str, MissionStatus], room: int) -> tuple[BatchItem, ...]:
    """Those that may begin now, in the order of the file, as many as there is room for."""
    free = (item for item in batch.items if not item.is_over and not unmet(item.task, statuses))
    return tuple(item for item, _ in zip(free, range(max(0, room)), strict=False))


def cycle_of(tasks: Iterable[BatchTask]) -> tuple[str, ...]:
    """Names that need each other in a circle, the first once more at the end; empty where there is none."""
    needs = {task.name: task.needs for task in tasks}
    done: set[str] = set()
    for name in needs:
        trail: list[tuple[str, Iterator[str]]] = [(name, iter(needs[name]))] if name not in done else []
        while trail:
            below = next(trail[-1][1], None)
            names = [each for each, _ in trail]
            if below is None:
                done.add(trail.pop()[0])
            elif below in names:
                return (*names[names.index(below) :], below)
            elif below in needs and below not in done:
                trail.append((below, iter(needs[below])))
    return ()
