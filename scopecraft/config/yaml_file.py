"""YAML, and JSON as a part of it, read from text that anybody may have written; the only home of ruamel.yaml.

What comes out are plain values with texts as keys: dict, list, str, int, float, bool, None. A date stays the text that
it was written as.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scopecraft.errors import BadWorkflow
from scopecraft.model.text import clean_line

if TYPE_CHECKING:
    from ruamel.yaml import YAML
    from ruamel.yaml.nodes import Node

MOST_BYTES = 256 * 1024
MOST_VALUES = 50_000  # with every alias written out: a file of 1 KB can stand for billions
MOST_DEPTH = 60
_HINT = "mend the file; JSON is fine too"
_OTHER_VERSION = re.compile(r"^%YAML\s+(?!1\.2\s)(\S*)", re.MULTILINE)
Path = tuple[str | int, ...]


def load_yaml(text: bytes, where: str, *, most_bytes: int = MOST_BYTES) -> Any:
    """The one document in the text; None for an empty one. `where` is the file, as errors tell it.

    Raises BadWorkflow, with the line where it can be told: what is no YAML, a key that stands twice, aliases that stand
    for too much, objects of a program.
    """
    value = _parsed(_decoded(text, where, most_bytes), where)
    _require_plain(value, where)
    return value


def load_with_lines(text: bytes, where: str, *, most_bytes: int = MOST_BYTES) -> tuple[Any, dict[Path, int]]:
    """The same, and the line (from 1) of each value by its path in it: `("steps", 2, "needs")`; none where unknown."""
    from ruamel.yaml.error import YAMLError

    value = load_yaml(text, where, most_bytes=most_bytes)
    try:
        return value, dict(_lines(_node(_decoded(text, where, most_bytes)), ()))
    except YAMLError:  # JSON with tabs, say
        return value, {}


def dump_yaml(value: object) -> str:
    """As a person would write it: blocks, texts of several lines as they are."""
    yaml = _yaml()
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 4096  # a text that is folded reads worse than a long one
    yaml.representer.sort_base_mapping_type_on_output = False
    yaml.representer.add_representer(str, _text_node)
    written = io.StringIO()
    yaml.dump(value, written)
    return written.getvalue().removesuffix("...\n")


def _decoded(text: bytes, where: str, most_bytes: int) -> str:
    if len(text) > most_bytes:
        raise BadWorkflow(f"{where} is larger than {most_bytes // 1024} KiB", "take it apart, or leave things out")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise BadWorkflow(f"{where}:{line}: this is not UTF-8", "save the file as UTF-8") from error


def _parsed(text: str, where: str) -> Any:
    """As JSON where it is that, which is much faster."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(text, object_pairs_hook=lambda pairs: _object(pairs, where))
        except RecursionError as error:
            raise _too_deep(where) from error
        except ValueError as error:
            if where.endswith(".json"):
                raise _bad_json(error, where) from error
    return _parsed_yaml(text, where)


def _object(pairs: list[tuple[str, Any]], where: str) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadWorkflow(f"{where}: the key {_shown(twice)} stands twice in one object", "keep one of them")
    return made


def _bad_json(error: ValueError, where: str) -> BadWorkflow:
    place = f"{where}:{error.lineno}" if isinstance(error, json.JSONDecodeError) else where
    reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    return BadWorkflow(f"{place}: this is not JSON: {reason}", "mend the file")


def _parsed_yaml(text: str, where: str) -> Any:
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    other = _OTHER_VERSION.search(text)
    if other is not None:  # where `no` would be false
        raise BadWorkflow(f"{where}: this is YAML {clean_line(other[1], 20)}, and 1.2 is read here", "leave %YAML out")
    try:
        return _yaml().load(text)
    except RecursionError as error:
        raise _too_deep(where) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{where}:{mark.line + 1}" if mark is not None else where
        raise BadWorkflow(f"{place}: {_reason(error)}", _HINT) from error
    except (YAMLError, ValueError, OverflowError) as error:  # a number or a character that cannot be one
        raise BadWorkflow(f"{where}: {_shown(error)}", _HINT) from error
    except (LookupError, TypeError) as error:  # what the parser lets through: `!!bool maybe`, `? - {a: b}`
        raise BadWorkflow(f"{where}: a value does not fit its type, or a key is no text", _HINT) from error


def _reason(error: Any) -> str:
    from ruamel.yaml.constructor import DuplicateKeyError

    parts = (str(part).partition("\n")[0] for part in (error.context, error.problem) if part)
    if isinstance(error, DuplicateKeyError):
        return f"a key stands twice: {clean_line(str(error.problem).removeprefix('found duplicate key '), 200)}"
    return clean_line(", ".join(parts), 200)


def _yaml() -> YAML:
    """Safe, and in Python: the parser in C speaks YAML 1.1, where `no` is false."""
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import ConstructorError, SafeConstructor
    from ruamel.yaml.representer import SafeRepresenter

    class Plain(SafeConstructor):
        """What JSON has too."""

        merged = 0

        def flatten_mapping(self, node: Any) -> Any:
            """Counts what `<<` copies, before it does: a list of aliases to one mapping copies that as often."""
            for each in _merged_into(node):
                self._count(each)
                self.flatten_mapping(each)
                self._count(each)  # it may have grown
            return super().flatten_mapping(node)

        def _count(self, merged: Any) -> None:
            self.merged += 1 + len(merged.value)
            if self.merged > MOST_VALUES:
                raise ConstructorError(None, None, "its merges (<<) come to too much", merged.start_mark)

    class PlainTexts(SafeRepresenter):
        """Its own, so that what is changed in it stays here."""

    Plain.add_constructor("tag:yaml.org,2002:timestamp", lambda self, node: self.construct_scalar(node))
    for kind in ("binary", "omap", "pairs", "set"):
        Plain.add_constructor(f"tag:yaml.org,2002:{kind}", SafeConstructor.construct_undefined)
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = Plain
    yaml.Representer = PlainTexts
    yaml.composer.warn_double_anchors = False  # YAML allows them
    return yaml


def _merged_into(mapping: Any) -> list[Any]:
    """The mappings that the mapping's `<<` names."""
    from ruamel.yaml.nodes import MappingNode, SequenceNode

    found: list[Any] = []
    for key, value in mapping.value:
        if key.tag == "tag:yaml.org,2002:merge":
            found += value.value if isinstance(value, SequenceNode) else [value]
    return [each for each in found if isinstance(each, MappingNode)]


def _text_node(representer: Any, text: str) -> Any:
    return representer.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


def _node(text: str) -> Node | None:
    node: Node | None = _yaml().compose(text)
    return node


def _lines(node: Any, path: Path) -> Iterator[tuple[Path, int]]:
    """Bounded, since the values were counted."""
    from ruamel.yaml.nodes import MappingNode, SequenceNode

    if node is None:
        return
    yield path, node.start_mark.line + 1
    if isinstance(node, SequenceNode):
        for number, each in enumerate(node.value):
            yield from _lines(each, (*path, number))
    elif isinstance(node, MappingNode):
        for key, each in node.value:
            yield (*path, str(key.value)), key.start_mark.line + 1
            yield from (line for line in _lines(each, (*path, str(key.value))) if len(line[0]) > len(path) + 1)


def _require_plain(value: object, where: str) -> None:
    """Walked with its aliases written out, until that is too much: a value within itself never ends."""
    left = MOST_VALUES
    waiting: list[tuple[object, int]] = [(value, 0)]
    while waiting:
        each, depth = waiting.pop()
        left -= 1
        if left < 0:
            raise BadWorkflow(
                f"{where} holds more than {MOST_VALUES:,} values, or aliases that stand for as many", "take it apart"
            )
        if depth > MOST_DEPTH:
            raise _too_deep(where)
        waiting += [(inner, depth + 1) for inner in _inside(each, where)]


def _inside(value: object, where: str) -> list[object]:
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise BadWorkflow(f"{where}: the key {_shown(key)} is no text", "put it into quotes")
        return [*value, *value.values()]
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        raise BadWorkflow(f"{where}: half a character stands in {_shown(value)}", "write it out, or leave it away")
    return value if isinstance(value, list) else []


def _too_deep(where: str) -> BadWorkflow:
    return BadWorkflow(f"{where} is nested deeper than {MOST_DEPTH} levels, or within itself", "take it apart")


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else str(value)
    return clean_line(text.encode("utf-8", "replace").decode(), 80)
