"""Settings outside a file: `--set container.memory=8g`, and `SCOPECRAFT_SET_CONTAINER__MEMORY=8g`.

A variable is the prefix and the key with each dot written `__`. Capitals stand for small letters, except in the name of
a variable below `env`.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Mapping
from typing import Any

from scopecraft.config.checking import validated
from scopecraft.config.keys import Key, field_at, is_optional, key_of, key_text, keys_in, kind_of, nearest, value_at
from scopecraft.config.layers import Layer, Value
from scopecraft.errors import BadInput, BadSettings
from scopecraft.model.text import clean_line

PREFIX = "SCOPECRAFT_SET_"
_TABLES = ("tuple[", "dict[")


def document_value(key: Key, text: str) -> Any:
    """What stands in a file for a value given in words: numbers and lists are no texts. None: explicitly unset.

    A list is written as in TOML, `["a", "b"]`; any other text is a list of that one. Raises BadInput.
    """
    kind = kind_of(key)
    if kind.startswith(_TABLES):
        if text.lstrip().startswith(("[", "{")):
            return _toml(key, text)
        if kind.startswith("dict["):
            raise BadInput(f"{key_text(key)} is a table", f"for example: {key_text(key)}.NAME=value")
        return [text] if text else []
    if not text and is_optional(key):
        return None
    if kind in ("int", "float", "Bytes", "Seconds"):
        with contextlib.suppress(ValueError):
            return int(text)
        with contextlib.suppress(ValueError):
            number = float(text)
            return number if math.isfinite(number) else text
    return text


def _toml(key: Key, text: str) -> Any:
    import tomllib  # where a list is said: seldom, and much to load for each command

    try:
        document = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInput(
            f"{key_text(key)}: {clean_line(text, 80)} is no TOML", """a list is written '["one", "two"]'"""
        ) from error
    if list(document) != ["value"]:  # a text with line breaks in it
        raise BadInput(f"{key_text(key)}: {clean_line(text, 80)} is more than one value", "leave out what follows it")
    return document["value"]


def nested(key: Key, value: object) -> dict[str, Any]:
    """A document that says this and nothing else."""
    document: Any = value
    for part in reversed(key):
        document = {part: document}
    return dict(document)


def checked(key: Key, text: str, where: str) -> list[tuple[Key, Value]]:
    """The value in words, checked; a table is one value a variable. BadSettings and BadInput name `where`."""
    value = document_value(key, text)
    document = nested(key, value)
    settings = validated(where, document)
    if value is None:
        return [(key, Value(None, where))]
    return [(each, Value(value_at(settings, each), where)) for each in keys_in(document)]


def flag_layer(words: Iterable[str], agents: Iterable[str] = ()) -> Layer:
    """The `KEY=VALUE` of each `--set`. Raises BadInput, naming the nearest key, and BadSettings."""
    values: dict[Key, Value] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise BadInput(
                f"--set {clean_line(word, 80)}: there is no = in it", "for example: --set container.memory=8g"
            )
        values |= checked(key_of(name.strip(), agents), text, "--set")
    return Layer("flag", values)


def environment_layer(environ: Mapping[str, str], agents: Iterable[str] = ()) -> Layer:
    """What variables say. BadSettings names a variable that is no setting, and the nearest one."""
    values: dict[Key, Value] = {}
    for name in sorted(name for name in environ if name.startswith(PREFIX)):
        key = _key_of_variable(name, agents)
        try:
            values |= checked(key, environ[name], f"${name}")
        except BadInput as error:
            raise BadSettings(f"${clean_line(name, 80)}: {error.message}", error.hint) from error
    return Layer("environment", values)


def _key_of_variable(name: str, agents: Iterable[str]) -> Key:
    parts = name.removeprefix(PREFIX).split("__", 3)
    is_variable = len(parts) == 4 and parts[0].lower() == "agents" and parts[2].lower() == "env"
    if not is_variable:
        parts = name.removeprefix(PREFIX).split("__")
    lowered = [part.lower() if part.isupper() else part for part in parts]
    key = (*lowered[:3], parts[3]) if is_variable else tuple(lowered)
    if field_at(key) is not None:
        return key
    near = [variable_of(tuple(each.split("."))) for each in nearest(".".join(key), agents)]
    hint = f"did you mean: {', '.join(near)}?" if near else "see all settings: sc config --all"
    raise BadSettings(f"the variable {clean_line(name, 80)} names no setting", hint)


def variable_of(key: Key) -> str:
    """The environment variable that sets a key."""
    fixed = [part.upper() for part in key[:3]]
    return PREFIX + "__".join([*fixed, *key[3:]])
