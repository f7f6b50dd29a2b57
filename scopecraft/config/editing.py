"""Changing one setting in the text of a TOML file: comments, order and everything else stay as they are."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping, MutableMapping
from typing import Any

from scopecraft.config.keys import Key, key_text
from scopecraft.errors import BadSettings


def with_value(text: str, key: Key, value: object) -> str:
    """The text of a valid file, with the key set. Raises BadSettings where that cannot be done in place."""
    wanted = tomllib.loads(text)
    _put(wanted, key, value)
    import tomlkit

    document = tomlkit.parse(text)
    table: MutableMapping[str, Any] = document
    for depth, part in enumerate(key[:-1], 1):
        if part not in table:
            table[part] = tomlkit.table(is_super_table=depth < len(key) - 1)
        table = table[part]
    table[key[-1]] = value
    return _verified(document.as_string(), wanted, key)


def without(text: str, key: Key) -> str | None:
    """The text without the key, or without a whole table; None where it is not there."""
    wanted = tomllib.loads(text)
    if not _take(wanted, key):
        return None
    import tomlkit

    document = tomlkit.parse(text)
    table: MutableMapping[str, Any] = document
    for part in key[:-1]:
        table = table[part]
    del table[key[-1]]
    return _verified(document.as_string(), wanted, key)


def _verified(text: str, wanted: Mapping[str, Any], key: Key) -> str:
    """Read back: whatever the library made of an odd layout, nothing but the key has changed."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        found = {}
    if _pruned(found) != _pruned(wanted):
        raise BadSettings(
            f"{key_text(key)} cannot be changed in place in this file", "change it by hand: sc config edit"
        )
    return text


def _pruned(document: Mapping[str, Any]) -> dict[str, Any]:
    """Without empty tables, which say nothing."""
    pruned = {name: _pruned(value) if isinstance(value, Mapping) else value for name, value in document.items()}
    return {name: value for name, value in pruned.items() if value != {}}


def _put(document: dict[str, Any], key: Key, value: object) -> None:
    for part in key[:-1]:
        document = document.setdefault(part, {})
    document[key[-1]] = copy.deepcopy(value)


def _take(document: dict[str, Any], key: Key) -> bool:
    for part in key[:-1]:
        below = document.get(part)
        if not isinstance(below, dict):
            return False
        document = below
    return document.pop(key[-1], None) is not None
