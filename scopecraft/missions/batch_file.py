"""The file of a batch, YAML or JSON: what it asks for, or everything that is wrong with it, with line and place.

defaults: {workflow: oneshot, project: shop}
missions:
  - {id: cart, text: Make the cart faster.}
  - {id: pay, file: pay.md, needs: [cart], base: "@cart"}
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from scopecraft.config.workflow_rules import Place, place_text
from scopecraft.config.yaml_file import load_with_lines
from scopecraft.errors import BadInput, BadName, BadWorkflow
from scopecraft.model.batch import READY_WHEN, BatchTask, cycle_of
from scopecraft.model.mission import MISSION_TYPES
from scopecraft.model.naming import check_title, slug_of, suffix_of
from scopecraft.model.text import clean_line

MOST_TASKS = 1000
MOST_BYTES = 2 * 1024**2
LONGEST_TEXT = 1024**2
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_WORDS = ("workflow", "project", "base", "agent", "model")
_CHOICES: Mapping[str, tuple[str, ...]] = {"type": MISSION_TYPES, "ready_when": READY_WHEN}
_COMMON = (*_WORDS, *_CHOICES)
_OWN = ("id", "title", "text", "file", "needs")
_HINT = "mend the file; nothing was made"
Problem = tuple[Place, str]


def read_batch(file: Path) -> tuple[BatchTask, ...]:
    """Raises BadInput for a file that cannot be read, BadWorkflow, which tells all that is wrong with it."""
    text = _bytes(file, MOST_BYTES)
    where = clean_line(str(file), 200)
    document, lines = load_with_lines(text, where, most_bytes=MOST_BYTES)
    reader = _Reader(file.parent)
    tasks = reader.tasks(document)
    if reader.problems:
        told = (
            f"{where}:{_line(lines, place)}: {f'{place_text(place)}: ' if place else ''}{why}"
            for place, why in reader.problems
        )
        raise BadWorkflow("\n".join(told), _HINT)
    return tasks


def told(file: Path, problems: Iterator[Problem]) -> str:
    """The same form for what only the home can tell."""
    where = clean_line(str(file), 200)
    return "\n".join(f"{where}: {place_text(place)}: {why}" for place, why in problems)


def batch_id(file: Path, tasks: tuple[BatchTask, ...]) -> str:
    """The same for the same file as long as it says the same."""
    said = json.dumps([asdict(task) for task in tasks], sort_keys=True, ensure_ascii=True)
    return f"{slug_of(file.stem)[:40] or 'batch'}-{hashlib.sha256(said.encode()).hexdigest()[:8]}"


class _Reader:
    """Collects the problems on its way."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.problems: list[Problem] = []

    def tasks(self, document: Any) -> tuple[BatchTask, ...]:
        rows, root, defaults = self._rows(document)
        tasks = [self._task((*root, number), row, defaults) for number, row in enumerate(rows)]
        found = tuple(task for task in tasks if task is not None)
        self._together(tasks, root)
        return found

    def _rows(self, document: Any) -> tuple[list[Any], Place, BatchTask]:
        defaults = BatchTask("", "", "")
        root: Place = ()
        if isinstance(document, dict):
            self._strange((), document, ("defaults", "missions"))
            given = document.get("defaults", {})
            if isinstance(given, dict):
                self._strange(("defaults",), given, _COMMON)
                defaults = replace(defaults, **dict(self._common(("defaults",), given)))
            else:
                self.problems.append((("defaults",), "must be fields and their values"))
            rows, root = document.get("missions"), ("missions",)
        else:
            rows = document
        if not isinstance(rows, list) or not rows:
            self.problems.append((root, "must be a list of missions" if rows != [] else "names no mission"))
            return [], root, defaults
        if len(rows) > MOST_TASKS:
            self.problems.append((root, f"must hold at most {MOST_TASKS} missions"))
        return rows[:MOST_TASKS], root, defaults

    def _task(self, place: Place, row: Any, defaults: BatchTask) -> BatchTask | None:
        if not isinstance(row, dict):
            self.problems.append((place, "must be fields and their values"))
            return None
        self._strange(place, row, (*_OWN, *_COMMON))
        before = len(self.problems)
        title, name = self._names(place, row)
        task = replace(
            defaults,
            name=name,
            title=title,
            text=self._text(place, row),
            needs=self._needs(place, row),
            **dict(self._common(place, row)),
        )
        return task if len(self.problems) == before else replace(task, text="-")

    def _names(self, place: Place, row: Mapping[str, Any]) -> tuple[str, str]:
        title, name = row.get("title", row.get("id", "")), row.get("id")
        if not isinstance(title, str) or not slug_of(title):
            self.problems.append((place, "needs an id or a title, with letters or digits"))
            return "", ""
        try:
            title = check_title(title)
        except BadName as error:
            self.problems.append(((*place, "title"), error.message))
        name = slug_of(title) if name is None else name
        if not isinstance(name, str) or not (_NAME.fullmatch(name) or name == slug_of(title)):
            self.problems.append(((*place, "id"), "must be a word: letters, digits, dots, dashes"))
            return title, ""
        return title, name

    def _text(self, place: Place, row: Mapping[str, Any]) -> str:
        text, file = row.get("text"), row.get("file")
        if (text is None) == (file is None):
            self.problems.append((place, "needs either text or file: what is to be done"))
            return ""
        if file is not None:
            place = (*place, "file")
            if not isinstance(file, str) or "\0" in file:
                self.problems.append((place, "must be the path of a file"))
                return ""
            try:
                text = _bytes(self._folder / file, LONGEST_TEXT).decode()
            except BadInput as error:
                self.problems.append((place, error.message))
                return ""
            except UnicodeDecodeError:
                self.problems.append((place, f"{clean_line(file, 100)} is not UTF-8 text"))
                return ""
        else:
            place = (*place, "text")
        if not isinstance(text, str) or not text.strip() or "\0" in text:
            self.problems.append((place, "must be a text that is not empty"))
            return ""
        return text

    def _needs(self, place: Place, row: Mapping[str, Any]) -> tuple[str, ...]:
        needs = row.get("needs", [])
        needs = [needs] if isinstance(needs, str) else needs
        if not isinstance(needs, list) or not all(isinstance(each, str) for each in needs):
            self.problems.append(((*place, "needs"), "must be a list of ids"))
            return ()
        return tuple(dict.fromkeys(needs))

    def _common(self, place: Place, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for key in _WORDS:
            value = row.get(key)
            if value is not None and self._is_word((*place, key), value):
                yield key, value
        for key, choices in _CHOICES.items():
            value = row.get(key)
            if value in choices:
                yield key, value
            elif value is not None:
                self.problems.append(((*place, key), f"must be one of: {', '.join(choices)}"))

    def _is_word(self, place: Place, value: Any) -> bool:
        is_one = isinstance(value, str) and value and clean_line(value) == value and not value.startswith("-")
        if not is_one:
            self.problems.append((place, "must be a name on one line"))
        return bool(is_one)

    def _strange(self, place: Place, row: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for key in row:
            if key not in known:
                self.problems.append(((*place, key), f"is not a field; there are: {', '.join(known)}"))

    def _together(self, tasks: list[BatchTask | None], root: Place) -> None:
        """What only shows when all of them are known."""
        whole = [(number, task) for number, task in enumerate(tasks) if task is not None and task.name]
        names: dict[str, int] = {}
        missions: dict[tuple[str | None, str], int] = {}
        for number, task in whole:
            self._once(names, task.name.casefold(), root, number, "the id")
            slug = slug_of(task.title)
            self._once(missions, (task.project, suffix_of(slug) or slug.casefold()), root, number, "the mission's name")
        known = {task.name for _, task in whole}
        for number, task in whole:
            self._related(task, known, (*root, number))
        circle = cycle_of(task for _, task in whole)
        if circle:
            self.problems.append((root, f"need each other in a circle: {' -> '.join(circle)}"))

    def _once(self, seen: dict[Any, int], key: Any, root: Place, number: int, what: str) -> None:
        first = seen.setdefault(key, number)
        if first != number:
            self.problems.append(((*root, number), f"{what} is that of {place_text((*root, first))} too"))

    def _related(self, task: BatchTask, known: set[str], place: Place) -> None:
        for name in task.needs:
            if name not in known:
                self.problems.append(((*place, "needs"), f"there is no {clean_line(name, 60)!r} in this file"))
        if task.base_of is not None and task.base_of not in task.needs:
            self.problems.append(((*place, "base"), f"@{clean_line(task.base_of, 60)} is none of what it needs"))


def _bytes(file: Path, most: int) -> bytes:
    """Raises BadInput."""
    try:
        if not file.is_file():
            raise BadInput(f"{clean_line(str(file))} is not there, or no file", "name a YAML or JSON file")
        with file.open("rb") as opened:
            data = opened.read(most + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadInput(f"{clean_line(str(file))} cannot be read: {reason}", "name a YAML or JSON file") from error
    if len(data) > most:
        raise BadInput(f"{clean_line(str(file))} is larger than {most >> 10} KiB", "take it apart")
    return data


def _line(lines: Mapping[Place, int], place: Place) -> int:
    """Of the innermost part of the place that stands in the file."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)
