"""Batches: checked against the home before anything is made, then fed to the queue as places come free.

Who feeds, the supervisor or the command itself, holds all batches meanwhile. Each mission has its id from the beginning
and each step can be repeated: whoever is killed on the way leaves something that the next one goes on with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from scopecraft.config.projects import Project
from scopecraft.errors import (
    BadInput,
    BadWorkflow,
    LockHeld,
    NotConfirmed,
    Refused,
    ScopecraftError,
    StateTooNew,
    StateUnreadable,
    StorageFailed,
    SupervisorFailed,
    ToolMissing,
)
from scopecraft.missions.batch_file import MOST_TASKS, batch_id, told
from scopecraft.missions.batch_store import batches, batches_held, load_batch, save_batch
from scopecraft.missions.finding import find_mission
from scopecraft.missions.folder import UNTOUCHED, folder_by_id, missing, read_mission
from scopecraft.model import clock
from scopecraft.model.batch import Batch, BatchItem, BatchTask, next_items
from scopecraft.model.ids import new_mission_id
from scopecraft.model.mission import Mission, MissionStatus
from scopecraft.model.queue import Occupancy, QueueRules
from scopecraft.sessions.agent_choice import choose_agent
from scopecraft.sessions.carrying_on import Carried
from scopecraft.sessions.context import Context
from scopecraft.sessions.mission_moves import go_on
from scopecraft.sessions.new_mission import NewMission, create
from scopecraft.sessions.places import project_here
from scopecraft.sessions.project_settings import Ask, stop, within_project
from scopecraft.sessions.recipes import AskRecipe, nobody, recipe_for
from scopecraft.worktrees.repository import Repository, resolve_base

Carry = Callable[[Context, str], Carried]
# of the machine or of the moment, and not of what was asked for: tried again
NOT_NOW = (LockHeld, StorageFailed, SupervisorFailed, ToolMissing)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who is asked about what repositories bring."""

    settings: Ask = stop
    recipe: AskRecipe = nobody


class Checked:
    """A batch that may be made, or that was before; `tasks` name their projects."""

    def __init__(self, context: Context, file: Path, tasks: Sequence[BatchTask], asker: Asker) -> None:
        """Raises BadWorkflow, which tells all that is wrong, and NotConfirmed. Makes nothing."""
        self._context, self._asker = context, asker
        self._places: dict[str | None, tuple[Context, Project, Repository]] = {}
        self._file = file
        found = list(enumerate(tasks))
        problems: list[tuple[tuple[str | int, ...], str]] = []
        named = []
        for number, task in found:
            try:
                named.append(replace(task, project=self._place(task.project)[1].name))
            except NotConfirmed:
                raise
            except ScopecraftError as error:
                problems.append((("missions", number, "project"), error.message))
        self._refuse(problems)
        self.tasks = tuple(named)
        self.id = batch_id(file, self.tasks)
        self.known = load_batch(context.home, self.id)
        if self.known is None:
            self._refuse([problem for number, task in enumerate(named) for problem in self._problems(number, task)])

    def _refuse(self, problems: Sequence[tuple[tuple[str | int, ...], str]]) -> None:
        if problems:
            raise BadWorkflow(told(self._file, iter(problems)), "mend the file; nothing was made")

    def _place(self, name: str | None) -> tuple[Context, Project, Repository]:
        if name not in self._places:
            place = project_here(self._context, Path.cwd(), name)
            inner = within_project(self._context, place, ask=self._asker.settings)
            self._places[name] = (inner, *place)
        return self._places[name]

    def _problems(self, number: int, task: BatchTask) -> Iterator[tuple[tuple[str | int, ...], str]]:
        inner, project, repository = self._place(task.project)
        checks: dict[str, Callable[[], object]] = {
            "workflow": lambda: recipe_for(inner, project, repository, task.workflow, self._asker.recipe),
            "agent": lambda: choose_agent(inner, task.agent),
            "base": lambda: None if task.base_of else resolve_base(repository, task.base),
            "title": lambda: _refuse_taken(inner, project, task),
        }
        for key, check in checks.items():
            try:
                check()
            except NotConfirmed:
                raise
            except ScopecraftError as error:
                yield ("missions", number, key), error.message


def _refuse_taken(context: Context, project: Project, task: BatchTask) -> None:
    there = find_mission(context.home, task.title, project.name, partial=False)
    if there is not None:
        raise BadInput(f"there is a mission {there.slug} already ({there.id})")


def begun_batch(context: Context, checked: Checked, file: Path) -> tuple[Batch, bool]:
    """Its record, and whether it is new. What could not be made before is tried again."""
    with batches_held(context.home):
        known = load_batch(context.home, checked.id)
        if known is not None:
            batch = replace(known, items=tuple(replace(item, refusal="") for item in known.items))
            if batch != known:
                save_batch(context.home, batch)
            return batch, False
        at = clock.now()
        ids: dict[str, BatchTask] = {}
        for task in checked.tasks:
            mission_id = new_mission_id(at)
            while mission_id in ids:
                mission_id = new_mission_id(at)
            ids[mission_id] = task
        items = tuple(BatchItem(task, mission_id) for mission_id, task in ids.items())
        batch = Batch(checked.id, str(file.resolve()), clock.to_text(at), items)
        save_batch(context.home, batch)
    return batch, True


def unfed(context: Context) -> list[Batch]:
    """Raises StateUnreadable for a record that was damaged, once: it is out of the way then."""
    found, damaged = batches(context.home)
    for error in damaged:
        if not isinstance(error, StateTooNew):
            raise error
    return [batch for batch in found if not batch.is_fed]


def room_for(occupancy: Occupancy, rules: QueueRules) -> int:
    """How many more may stand in line: as many as a person's own requests, and never fewer than there are slots."""
    return max(rules.max_waiting, rules.max_running - occupancy.running) - occupancy.waiting


def room_alone(occupancy: Occupancy, rules: QueueRules) -> int:
    """Where no supervisor starts what waits: only what may begin at once."""
    return 0 if rules.is_paused or occupancy.waiting else rules.max_running - occupancy.running


def feed(
    context: Context,
    carry: Carry,
    room: Callable[[Occupancy, QueueRules], int],
    *,
    most: int = MOST_TASKS,
    timeout: float | None = None,
) -> int:
    """How many missions were begun, or found to be impossible. `carry` begins what is due of one.

    Others come in between two of them. Raises LockHeld after that time, where somebody else feeds, and what is only
    wrong just now.
    """
    for count in range(most):
        with batches_held(context.home, timeout=timeout):
            if not any(_feed_one(context, batch, carry, room) for batch in unfed(context)):
                return count
    return most


def _feed_one(context: Context, batch: Batch, carry: Carry, room: Callable[[Occupancy, QueueRules], int]) -> bool:
    """Whether anything came of it."""
    queue = context.store.queue
    needed = {name for item in batch.items if not item.is_over for name in item.task.needs}
    ready = next_items(batch, statuses(context, batch, needed), 1)
    if not ready or room(queue.occupancy(), queue.rules()) < 1:
        return False
    item = _begun(context, batch, ready[0], carry)
    if item == ready[0]:
        return False  # not now
    save_batch(context.home, batch.with_item(item))
    return True


def _begun(context: Context, batch: Batch, item: BatchItem, carry: Carry) -> BatchItem:
    """The item as it is then; what can never be made has a refusal."""
    try:
        mission = _made(context, item) or create(context, _wanted(context, batch, item))
        if not any(state.is_wanted or state.phase != "pending" for state in mission.steps):
            with suppress(Refused):  # somebody else has gone on with it, or it begins with a gate
                go_on(context, mission.id, f"batch {batch.id}")
        carried = carry(context, mission.id)
    except NOT_NOW:
        raise
    except ScopecraftError as error:
        return replace(item, refusal=error.message)
    if any(isinstance(error, Refused) and not isinstance(error, NotConfirmed) for error in carried.refusals):
        return item  # somebody else took its slot
    return replace(item, is_begun=True)


def _wanted(context: Context, batch: Batch, item: BatchItem) -> NewMission:
    task = item.task
    base = task.base
    if task.base_of is not None:
        below = batch.item(task.base_of)
        mission = mission_of(context, below) if below is not None else None
        if mission is None:
            raise BadInput(f"the mission of {task.base_of} is gone, and {task.name} begins at its branch")
        base = mission.branch
    return NewMission(
        title=task.title,
        text=task.text,
        cwd=Path(context.home.root),
        type=task.type,
        workflow=task.workflow,
        project=task.project,
        base=base,
        agent=task.agent,
        model=task.model,
        mission_id=item.mission_id,
    )


def mission_of(context: Context, item: BatchItem) -> Mission | None:
    """None where it is not made yet, was removed, or cannot be read."""
    with suppress(StateUnreadable):
        return _made(context, item)
    return None


def _made(context: Context, item: BatchItem) -> Mission | None:
    """None where it is not there. Raises StateUnreadable."""
    folder = folder_by_id(context.home, item.mission_id)
    if folder is None:
        return None
    try:
        return read_mission(folder)
    except FileNotFoundError as error:
        if not folder.exists():
            return None  # it was moved in this moment
        raise StateUnreadable(missing(folder), UNTOUCHED) from error


def statuses(context: Context, batch: Batch, names: set[str] | None = None) -> Mapping[str, MissionStatus]:
    """Of those that were made, by their names in the file."""
    found = {}
    for item in batch.items:
        if names is None or item.task.name in names:
            mission = mission_of(context, item)
            if mission is not None:
                found[item.task.name] = mission.status
    return found
