"""The `.tasks` folder of the earlier Scopecraft in a project's checkout: finding a task by its id, and reading it.

What stands there came with the repository, from whoever wrote that: no link is followed, only regular files of a
harmless size are read, and the search is bounded.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scopecraft.errors import Ambiguous, BadWorkflow, NotFound, Refused
from scopecraft.missions.task_text import TaskText, parts_of, plain_word
from scopecraft.model.mission import MissionType
from scopecraft.model.naming import slug_of, suffix_of
from scopecraft.model.text import clean_line

FOLDER = ".tasks"
ARCHIVE = "archive"
ENDING = ".task.md"
OVERVIEW = "_overview.md"  # of a task that is a folder of others
LONGEST_FILE = 1024**2
MOST_ENTRIES = 20_000
MOST_DEPTH = 6
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_TYPES: Mapping[str, MissionType] = {
    "feature": "feature",
    "fix": "fix",
    "bug": "bugfix",
    "bugfix": "bugfix",
    "hotfix": "hotfix",
    "enhance": "enhance",
    "enhancement": "enhance",
    "chore": "enhance",
    "documentation": "enhance",
    "test": "enhance",
}


@dataclass(frozen=True, slots=True)
class TaskPlace:
    """Where a task stands below `.tasks`; `parent` is the folder of the task that it is a part of."""

    path: str
    parent: str | None = None

    @property
    def id(self) -> str:
        folder, _, name = self.path.rpartition("/")
        return folder.rpartition("/")[2] if name == OVERVIEW else name.removesuffix(ENDING)

    @property
    def address(self) -> str:
        """The path that names it: of a task that is a folder, the folder's."""
        return self.path.removesuffix(f"/{OVERVIEW}").removesuffix(ENDING)


@dataclass(frozen=True, slots=True)
class TaskFile:
    """What a task says. `owner` is the slug of the mission that it is worked on in: its own, or its parent's."""

    place: TaskPlace
    title: str
    type: MissionType
    status: str
    owner: str
    text: TaskText

    def prompt(self) -> str:
        """Its instruction, with tasks and deliverable where it has any. Raises Refused without an instruction."""
        instruction = self.text.section("Instruction")
        if not instruction:
            raise Refused(
                f"{_shown(self.place)} has no instruction", "write it below '## Instruction', or say it with -m"
            )
        rest = [(name, self.text.section(name)) for name in ("Tasks", "Deliverable")]
        return "\n\n".join(
            [f"# {self.title}", instruction, *(f"## {name}\n\n{words}" for name, words in rest if words)]
        )


def find_task(checkout: Path, name: str) -> TaskPlace | None:
    """The task that has this id, path below `.tasks`, or suffix (`05A`); archived ones are none. Raises Ambiguous."""
    places = all_tasks(checkout)
    wanted = name.strip("/").removesuffix(ENDING)
    found = [place for place in places if place.address == wanted or place.address.endswith(f"/{wanted}")]
    if not found and wanted and suffix_of(wanted) == wanted:
        found = [place for place in places if suffix_of(place.id) == wanted]
    if len(found) > 1:
        listed = ", ".join(clean_line(place.address, 120) for place in found[:6])
        raise Ambiguous(
            f"{clean_line(name, 80)!r} names several tasks of {FOLDER}: {listed}", "name one as it stands there"
        )
    return found[0] if found else None


def all_tasks(checkout: Path) -> list[TaskPlace]:
    """Those that are not archived, in the order of their paths."""
    with opened(checkout) as folder:
        return list(_walk(folder)) if folder is not None else []


def read_task(checkout: Path, place: TaskPlace) -> TaskFile:
    """Raises NotFound, and Refused for what is no text of a task."""
    text = parts_of(decoded(read_bytes(checkout, place), place))
    front = _front_matter(text, place)
    owner = place.parent or _word(front.get("parent")) or place.id
    return TaskFile(
        place=place,
        title=clean_line(text.title or _word(front.get("title")) or place.id, 300),
        type=_TYPES.get(plain_word(_word(front.get("type"))), "feature"),
        status=plain_word(_word(front.get("status"))),
        owner=_checked_owner(owner, place),
        text=text,
    )


def read_bytes(checkout: Path, place: TaskPlace) -> bytes:
    """Raises NotFound where it is gone, Refused for what is no file that may be read."""
    with holding(checkout, place) as (folder, name):
        return read_at(folder, name, place)


def read_at(folder: int, name: str, place: TaskPlace) -> bytes:
    try:
        descriptor = os.open(name, _FILE, dir_fd=folder)
    except FileNotFoundError as error:
        raise NotFound(f"{_shown(place)} is not there any more", "name another task") from error
    except OSError as error:
        raise _refused(place, "cannot be opened, or is a link") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _refused(place, "is no regular file")
        if status.st_size > LONGEST_FILE:
            raise _refused(place, f"is longer than {LONGEST_FILE >> 10} KiB")
        with os.fdopen(os.dup(descriptor), "rb") as file:
            return file.read(LONGEST_FILE + 1)
    finally:
        os.close(descriptor)


@contextmanager
def holding(checkout: Path, place: TaskPlace) -> Iterator[tuple[int, str]]:
    """The folder that the file stands in, found without following a link, and the file's name in it."""
    *parts, name = place.path.split("/")
    with opened(checkout) as at:
        if at is None:
            raise NotFound(f"{_shown(place)} is not there any more", "name another task")
        held = os.dup(at)
        try:
            for part in parts:
                inner = os.open(part, _FOLDER, dir_fd=held)
                os.close(held)
                held = inner
        except OSError as error:
            os.close(held)
            raise NotFound(f"{_shown(place)} is not there any more", "name another task") from error
        try:
            yield held, name
        finally:
            os.close(held)


@contextmanager
def opened(checkout: Path) -> Iterator[int | None]:
    """`.tasks` of the checkout; None where there is none, or a link stands in its place."""
    try:
        descriptor = os.open(checkout / FOLDER, _FOLDER)
    except OSError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def decoded(data: bytes, place: TaskPlace) -> str:
    """Raises Refused for what is no UTF-8."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refused(place, "is not UTF-8 text") from error
    if "\0" in text:
        raise _refused(place, "holds a NUL character: it is no text")
    return text


def _word(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _front_matter(text: TaskText, place: TaskPlace) -> dict[str, Any]:
    if not text.front_text.strip():
        return {}
    from scopecraft.config.yaml_file import load_yaml

    where = f"{FOLDER}/{clean_line(place.path, 200)}"
    try:
        values = load_yaml(text.front_text.encode(), where)
    except BadWorkflow as error:
        raise Refused(
            f"the front matter cannot be read: {error.message}", "mend it: it is YAML between two lines of ---"
        ) from error
    if not isinstance(values, dict):
        raise _refused(place, "has a front matter that holds no `key: value`")
    return values


def _checked_owner(owner: str, place: TaskPlace) -> str:
    """A name that a mission can have: it becomes a branch, and a folder."""
    if "/" in owner or not slug_of(owner):
        raise _refused(place, f"names a parent that can be none: {clean_line(owner, 60)!r}")
    return slug_of(owner)


def _walk(folder: int) -> Iterator[TaskPlace]:
    """In the order of their names; `archive`, links and what begins with a dot are left out."""
    left = iter(range(MOST_ENTRIES))
    yield from _walk_in(folder, "", None, left)


def _walk_in(folder: int, prefix: str, parent: str | None, left: Iterator[int]) -> Iterator[TaskPlace]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(
                (entry.name, entry.is_dir(follow_symlinks=False), entry.is_symlink())
                for _, entry in zip(left, entries, strict=False)
            )
    except OSError:
        return
    depth = prefix.count("/")
    for name, is_folder, is_link in names:
        if name.startswith(".") or is_link or not _is_sound(name):
            continue
        if is_folder:
            if depth < MOST_DEPTH and (depth or name != ARCHIVE):
                yield from _walk_below(folder, f"{prefix}{name}", left)
        elif name.endswith(ENDING) and name != ENDING:
            yield TaskPlace(f"{prefix}{name}", parent)


def _walk_below(folder: int, path: str, left: Iterator[int]) -> Iterator[TaskPlace]:
    name = path.rpartition("/")[2]
    try:
        inner = os.open(name, _FOLDER, dir_fd=folder)
    except OSError:
        return
    try:
        is_parent = _is_parent(inner, path)
        if is_parent:
            yield TaskPlace(f"{path}/{OVERVIEW}")
        yield from _walk_in(inner, f"{path}/", name if is_parent else None, left)
    finally:
        os.close(inner)


def _is_parent(folder: int, path: str) -> bool:
    """A folder with an overview is a task of several; those of phases and areas have one, too, and are none."""
    if "/" not in path or path.rpartition("/")[2].startswith("AREA_"):
        return False
    try:
        return stat.S_ISREG(os.stat(OVERVIEW, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _is_sound(name: str) -> bool:
    """Nothing that could not be shown, or written down in a file of ours."""
    return clean_line(name) == name


def _shown(place: TaskPlace) -> str:
    return f"{FOLDER}/{clean_line(place.path, 200)}"


def _refused(place: TaskPlace, what: str) -> Refused:
    return Refused(f"{_shown(place)} {what}", "mend it, or choose another name for what you want")
