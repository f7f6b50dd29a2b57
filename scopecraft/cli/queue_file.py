"""Many requests in a file: a line each, as JSON (`{"task": …, "prompt": …}`) or in words (`task: prompt`). Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scopecraft.errors import BadInput
from scopecraft.model.mission import MISSION_TYPES

# what a line may say, as the options are called, and what each must be
_KINDS: dict[str, type] = {
    "task": str,
    "prompt": str,
    "agent": str,
    "model": str,
    "base": str,
    "project": str,
    "type": str,
    "branch": str,
    "pr": int,
    "remote": str,
    "worktree": str,
    "timeout": str,
    "arguments": list,
    "set": list,
    "no_setup": bool,
}
_WORDS = {str: "text", int: "a number", list: "a list of texts", bool: "true or false"}
# click's names of the parameters, where they differ
_PARAMETERS = {"prompt": "message", "type": "type_", "set": "set_"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line, from 1, and what it says, by click's names of the parameters."""

    number: int
    options: dict[str, Any] = field(default_factory=dict)


def entries_of(text: str) -> list[Entry]:
    """Empty lines and those that begin with `#` say nothing. Raises BadInput, which names the line."""
    return list(_entries(text))


def wrong_line(number: int, message: str, hint: str) -> BadInput:
    return BadInput(f"line {number}: {message}", hint)


def _entries(text: str) -> Iterator[Entry]:
    for number, line in enumerate(text.split("\n"), 1):
        said = line.strip()
        if not said or said.startswith("#"):
            continue
        yield Entry(number, _of_json(number, said) if said.startswith("{") else _of_words(number, said))


def _of_words(number: int, line: str) -> dict[str, Any]:
    task, colon, prompt = (part.strip() for part in line.partition(":"))
    if not task:
        raise wrong_line(number, "no task before the colon", "for example: fix-login: the login page …")
    return {"task": task, "message": prompt} if colon and prompt else {"task": task}


def _of_json(number: int, line: str) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise wrong_line(number, f"no JSON: {error}", 'for example: {"task": "fix-login", "prompt": "…"}') from error
    options = {}
    for key, value in said.items():
        if key not in _KINDS:
            raise wrong_line(number, f"{key!r} says nothing", f"a line may say: {', '.join(_KINDS)}")
        if value is not None:
            options[_PARAMETERS.get(key, key)] = _checked(number, key, value)
    return options


def _checked(number: int, key: str, value: Any) -> Any:
    kind = _KINDS[key]
    is_whole = all(isinstance(each, str) for each in value) if isinstance(value, list) else True
    # a bool is an int to Python, and a mistake to a person
    if not isinstance(value, kind) or not is_whole or (kind is int and isinstance(value, bool)):
        raise wrong_line(number, f"{key} is not {_WORDS[kind]}", "see: sc queue add --help")
    if any("\ud800" <= letter <= "\udfff" for letter in "".join(value if isinstance(value, list) else [str(value)])):
        raise wrong_line(number, f"{key} holds half a character", "a character beyond U+FFFF is written as a pair")
    if key == "type" and value not in MISSION_TYPES:
        raise wrong_line(number, f"there is no type {value!r}", f"types: {', '.join(MISSION_TYPES)}")
    if isinstance(value, list):
        return tuple(value)
    return Path(str(value)) if key == "worktree" else value
