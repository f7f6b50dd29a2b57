"""The page of all settings, made from their own words: `python -m tests.support.settings_page`.

A setting's meaning is the text below it in `scopecraft/config/settings.py`; Python keeps no docstrings of attributes,
so the source is read.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import scopecraft.config.settings as settings
from scopecraft.config.settings import AgentSettings, Settings
from scopecraft.model.duration import duration_text

PAGE = "docs/reference/settings.md"
_UNITS = ("", "k", "m", "g", "t")
_KINDS = {
    "str": "text",
    "float": "number",
    "int": "whole number",
    "Bytes": "size",
    "Seconds": "length of time",
    "tuple[str, ...]": "list of texts",
    "dict[str, str]": "table of texts",
}
_INTRODUCTION = """\
# Settings

Made from `scopecraft/config/settings.py` by `python -m tests.support.settings_page`; a test keeps it true.

Settings stand in `config/settings.toml` of the home, which is `~/.scopecraft` or `$SCOPECRAFT_HOME`. Each command reads
the file anew. It need not be there: every setting has a default. A key that is none is an error that names the file and
the key.

A size is bytes, or a text with a unit of 1024: `"512m"`, `"4g"`. A length of time is seconds, or a text with units:
`"90s"`, `"30m"`, `"4h"`, `"1h30m"`. Keys and tokens do not belong here: see [credentials](../how-to/credentials.md).

```toml
default_agent = "claude"

[container]
memory = "8g"
timeout = "2h"

[agents.reviewer]
dialect = "claude"
model = "opus"
arguments = ["--append-system-prompt", "You review; you change nothing."]
```
"""


@dataclass(frozen=True, slots=True)
class Described:
    """A setting as its source has it."""

    name: str
    annotation: str
    meaning: str


def settings_page() -> str:
    """The whole page, as Markdown."""
    parts = [_INTRODUCTION, "## At the top of the file\n", _table(Settings)]
    for field in fields(Settings):
        if is_dataclass(field.default):
            parts += [f"## `[{field.name}]`\n", _table(type(field.default))]
    words = next(each.meaning for each in described(Settings) if each.name == "agents")
    return "\n".join([*parts, "## `[agents.<name>]`\n", f"{words}\n", _table(AgentSettings)])


def described(section: type) -> list[Described]:
    """The settings of a section that have a text below them, in their order."""
    tree = ast.parse(Path(settings.__file__).read_text(encoding="utf-8"))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == section.__name__)
    return list(_described(body))


def _described(body: list[ast.stmt]) -> Iterator[Described]:
    for setting, below in pairwise(body):
        match setting, below:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=kind), ast.Expr(
                value=ast.Constant(value=str(text))
            ):
                yield Described(name, ast.unparse(kind), " ".join(text.split()))


def _table(section: type) -> str:
    """One row a setting; tables of settings have a section of their own."""
    defaults = {field.name: _default_of(field) for field in fields(section)}
    rows = [
        f"| `{each.name}` | {_kind(each)} | {_shown(each, defaults[each.name])} | {each.meaning} |"
        for each in described(section)
        if "AgentSettings" not in each.annotation
    ]
    return "\n".join(["| setting | kind | default | meaning |", "|---|---|---|---|", *rows, ""])


def _default_of(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _kind(setting: Described) -> str:
    choices = re.fullmatch(r"(tuple\[)?Literal\[(.*?)\](, \.\.\.\])?", setting.annotation)
    if choices:
        words = [f"`{_toml(ast.literal_eval(choice))}`" for choice in choices.group(2).split(", ")]
        return f"list of {', '.join(words)}" if choices.group(1) else " or ".join(words)
    return _KINDS[_bare(setting)]


def _bare(setting: Described) -> str:
    """The annotation without what checks it and without `None`."""
    return re.sub(r"Annotated\[(\w+), .*\]", r"\1", setting.annotation).removesuffix(" | None")


def _shown(setting: Described, default: Any) -> str:
    if default is None:
        return "unset"
    if default in ((), {}):
        return "empty"
    forms = {"Bytes": _size, "Seconds": _duration}
    value = forms.get(_bare(setting), lambda plain: plain)(default)
    return f"`{_toml(value)}`"


def _toml(value: object) -> str:
    return json.dumps(value)


def _duration(seconds: int) -> str:
    return duration_text(seconds).replace("d00h", "d").replace("h00m", "h").replace("m00s", "m")


def _size(count: int) -> str:
    unit = 0
    while count and count % 1024 == 0 and unit < len(_UNITS) - 1:
        count //= 1024
        unit += 1
    return f"{count}{_UNITS[unit]}"


if __name__ == "__main__":
    print(settings_page(), end="")
