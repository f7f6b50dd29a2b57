"""The workflows that there are, and the recipe that a mission takes from one: its steps and the roles they use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scopecraft.config.roles import Casting, UsedFile
from scopecraft.config.workflow_reading import Entry, read_workflows
from scopecraft.config.workflow_shelves import Shelf
from scopecraft.config.yaml_file import MOST_BYTES
from scopecraft.errors import BadWorkflow, NotFound
from scopecraft.model.text import clean_line
from scopecraft.model.workflow import Recipe, Role, Source, Workflow

DEFAULT = "raw-research-plan-implement"


@dataclass(frozen=True, slots=True)
class Listing:
    """`entries`: of each id the one that counts; `problems`: files that nothing could be read from."""

    entries: tuple[Entry, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadedRecipe:
    """`files` are those of the repository that made it what it is, in the order of their names."""

    recipe: Recipe
    files: tuple[UsedFile, ...] = ()

    @property
    def sha256(self) -> str:
        """Of every byte that the repository brings to it, and of the names of its files."""
        import hashlib

        made = hashlib.sha256(b"scopecraft recipe\0")
        for file in self.files:
            for part in (file.name.encode("utf-8", "surrogateescape"), file.text):
                made.update(len(part).to_bytes(8, "big") + part)
        return made.hexdigest()


@dataclass(frozen=True, slots=True)
class _Read:
    """An entry, and the file that it stands in."""

    entry: Entry
    file: UsedFile


def find_workflows(shelves: Sequence[Shelf], default: str = DEFAULT) -> Listing:
    """The default first, then those of the repository, of the home, and shipped. Raises nothing because of a file."""
    entries: dict[str, Entry] = {}
    problems: list[str] = []
    for shelf in shelves:
        read, bad = _read(shelf)
        problems += bad
        for each in read:
            if not each.entry.id:
                problems += each.entry.problems
            else:
                entries.setdefault(each.entry.id, _cast(each.entry, shelves))
    ordered = sorted(entries.values(), key=lambda entry: entry.id != default)
    return Listing(tuple(ordered), tuple(problems))


def load_recipe(shelves: Sequence[Shelf], name: str) -> LoadedRecipe:
    """The workflow by that name with its roles. Raises BadWorkflow, which tells all, and NotFound, naming the others.

    A file that cannot be read might hold it: then nothing weaker takes its place.
    """
    for shelf in shelves:
        read, bad = _read(shelf)
        found = next((each for each in read if each.entry.id == name), None)
        if found is not None:
            return _loaded(found, shelves)
        bad += [problem for each in read if not each.entry.id for problem in each.entry.problems]
        if bad:
            raise _bad_workflow(bad)
    known = ", ".join(entry.id for entry in find_workflows(shelves).entries)
    raise NotFound(f"no workflow is called {clean_line(name, 64)!r}", f"workflows: {known}")


def checked(text: bytes, where: str, source: Source, shelves: Sequence[Shelf]) -> list[Entry]:
    """The workflows of a file that may stand anywhere, with the roles of these shelves. Raises BadWorkflow."""
    return [_cast(entry, shelves) for entry in read_workflows(text, where, source)]


def recipe_of(workflow: Workflow, shelves: Sequence[Shelf]) -> Recipe:
    """With the roles that there are."""
    return Recipe(workflow, _roles(workflow, Casting(shelves), "")[0])


def _read(shelf: Shelf) -> tuple[list[_Read], list[str]]:
    """What the shelf holds, and what could not be read of it."""
    found: list[_Read] = []
    problems: list[str] = []
    try:
        names = shelf.workflow_files()
    except BadWorkflow as error:
        return [], [error.message]
    for name in names:
        where = shelf.files.place(name)
        try:
            text = shelf.files.read(name, MOST_BYTES)
            entries = [] if text is None else read_workflows(text, where, shelf.source)
        except BadWorkflow as error:
            problems.append(error.message)
            continue
        found += [_Read(entry, UsedFile(name, where, text or b"")) for entry in entries]
    return list(_once(found)), problems


def _once(read: list[_Read]) -> Iterator[_Read]:
    """Of two by one id on one shelf neither can be meant."""
    for each in read:
        others = [other for other in read if other is not each and other.entry.id == each.entry.id != ""]
        if others:
            told = f"{each.entry.where}: {each.entry.id} stands in {others[0].entry.where} too"
            each = replace(each, entry=replace(each.entry, workflow=None, problems=(told,)))
        yield each


def _cast(entry: Entry, shelves: Sequence[Shelf]) -> Entry:
    """With what is wrong with its roles."""
    if entry.workflow is None:
        return entry
    problems = _roles(entry.workflow, Casting(shelves), entry.where)[1]
    return replace(entry, workflow=None, problems=tuple(problems)) if problems else entry


def _loaded(found: _Read, shelves: Sequence[Shelf]) -> LoadedRecipe:
    if found.entry.workflow is None:
        raise _bad_workflow(found.entry.problems)
    casting = Casting(shelves)
    roles, problems = _roles(found.entry.workflow, casting, found.entry.where)
    if problems:
        raise _bad_workflow(problems)
    used = dict(casting.used)
    if found.entry.source == "project":
        used[found.file.name] = found.file
    return LoadedRecipe(Recipe(found.entry.workflow, roles), tuple(used[name] for name in sorted(used)))


def _roles(workflow: Workflow, casting: Casting, where: str) -> tuple[dict[str, Role], list[str]]:
    roles: dict[str, Role] = {}
    problems: list[str] = []
    for number, step in enumerate(workflow.steps):
        if step.role is None or step.role in roles:
            continue
        try:
            roles[step.role] = casting.role(step.role)
        except BadWorkflow as error:
            hint = f"; {error.hint}" if error.hint.startswith("roles") else ""
            problems.append(f"{where}: steps[{number}].agent: {error.message}{hint}")
    return roles, problems


def _bad_workflow(problems: Sequence[str]) -> BadWorkflow:
    return BadWorkflow("\n".join(problems), "see all of it: sc workflow check")
