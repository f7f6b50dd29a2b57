"""What a setting means: the text below it in `settings.py`, which is its manual, and how its values are written.

Python keeps no docstrings of attributes, so the source is read.
"""

from __future__ import annotations

import ast
import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import get_args

import scopecraft.config.settings as source
from scopecraft.config.keys import Key, field_at, kind_of, sections
from scopecraft.config.settings import AgentSettings, Settings

_UNITS = ("", "k", "m", "g", "t")
_KINDS = {
    "str": "text",
    "float": "number",
    "int": "whole number",
    "Bytes": "size",
    "Seconds": "length of time",
    "tuple[str, ...]": "list of texts",
    "tuple[float, ...]": "list of numbers",
    "tuple[Expression, ...]": "list of regular expressions",
    "dict[str, str]": "table of texts",
}
_NAMED = re.compile(r"(tuple\[)?(\w+)(, \.\.\.\])?")  # choices that have a name of their own
_LITERAL = re.compile(r"(tuple\[)?Literal\[(.*?)\](, \.\.\.\])?")


@dataclass(frozen=True, slots=True)
class Described:
    """A setting as its source has it."""

    name: str
    annotation: str
    meaning: str


def described(section: type) -> list[Described]:
    """The settings of a section that have a text below them, in their order."""
    body = next(node.body for node in _tree().body if isinstance(node, ast.ClassDef) and node.name == section.__name__)
    return list(_described(body))


@functools.cache
def _tree() -> ast.Module:
    return ast.parse(Path(source.__file__).read_text(encoding="utf-8"))


def _described(body: list[ast.stmt]) -> Iterator[Described]:
    for setting, below in pairwise(body):
        match setting, below:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=kind), ast.Expr(
                value=ast.Constant(value=str(text))
            ):
                yield Described(name, ast.unparse(kind), " ".join(text.split()))


def meaning_of(key: Key) -> str:
    """The manual's words for a setting."""
    section = Settings if len(key) == 1 else AgentSettings if key[0] == "agents" else sections()[key[0]]
    field = field_at(key)
    assert field is not None
    return next(each.meaning for each in described(section) if each.name == field.name)


def kind_words(kind: str) -> list[str]:
    """An annotation in a person's words: `["size"]`, or the choices as JSON, with `list` first for a list of them."""
    choices = _LITERAL.fullmatch(kind)
    if choices:
        words = [json.dumps(ast.literal_eval(choice)) for choice in choices[2].split(", ")]
        return ["list", *words] if choices[1] else words
    named = _NAMED.fullmatch(kind)
    values = get_args(getattr(source, named[2], None)) if named and kind not in _KINDS else ()
    if not values:
        return [_KINDS[kind]]
    words = [json.dumps(value) for value in values]
    return ["list", *words] if named and named[1] else words


def kind_sentence(key: Key) -> str:
    words = kind_words(kind_of(key))
    return f"list of {', '.join(words[1:])}" if words[0] == "list" else " or ".join(words)


def value_text(kind: str, value: object) -> str:
    """The value as it would be written in a file; `unset` and `empty` where there is nothing to write."""
    if value is None:
        return "unset"
    if value in ((), {}):
        return "empty"
    if isinstance(value, int) and kind in ("Bytes", "Seconds"):
        value = _size(value) if kind == "Bytes" else _duration(value)
    return json.dumps(value, ensure_ascii=False)


def _duration(seconds: int) -> str:
    """Exactly, as it can be read back: `1h30m`."""
    text = ""
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, length)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def _size(count: int) -> str:
    unit = 0
    while count and count % 1024 == 0 and unit < len(_UNITS) - 1:
        count //= 1024
        unit += 1
    return f"{count}{_UNITS[unit]}"
