"""The page of all settings, made from their own words: `python -m tests.support.settings_page`."""

from __future__ import annotations

import re
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

from scopecraft.config.meaning import Described, described, kind_words, value_text
from scopecraft.config.settings import AgentSettings, Settings

PAGE = "docs/reference/settings.md"
_INTRODUCTION = """\
# Settings

Made from `scopecraft/config/settings.py` by `python -m tests.support.settings_page`; a test keeps it true.

Every setting has a default. What is set more than once holds as the last of these says:

1. `config/settings.toml` of the home, which is `~/.scopecraft` or `$SCOPECRAFT_HOME`
2. `.scopecraft.toml` at the top of the project's repository: only `agents.*`, `checks.*`, `default_agent`,
   `container.*`, `setup.*` and `worktrees.branch_template`, and only after you [confirmed it](../how-to/settings.md)
3. the environment: `SCOPECRAFT_SET_` and the key, with each dot written `__`: `SCOPECRAFT_SET_CONTAINER__MEMORY=8g`
4. an option, for one time: `sc run fix-login --set container.memory=8g`

Each command reads them anew. Tables of different places are put together; a list replaces the whole list below it. A
key that is none is an error that names the place and the nearest key. `sc config` tells what holds and why, and
`sc config explain KEY` what a setting means.

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


def settings_page() -> str:
    """The whole page, as Markdown."""
    parts = [_INTRODUCTION, "## At the top of the file\n", _table(Settings)]
    for field in fields(Settings):
        if is_dataclass(field.default):
            parts += [f"## `[{field.name}]`\n", _table(type(field.default))]
    words = next(each.meaning for each in described(Settings) if each.name == "agents")
    return "\n".join([*parts, "## `[agents.<name>]`\n", f"{words}\n", _table(AgentSettings)])


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
    words = kind_words(_bare(setting))
    kinds = [word if word[0].islower() else f"`{word}`" for word in words]
    return f"list of {', '.join(kinds[1:])}" if kinds[0] == "list" else " or ".join(kinds)


def _bare(setting: Described) -> str:
    """The annotation without what checks it and without `None`."""
    return re.sub(r"Annotated\[(\w+), .*\]", r"\1", setting.annotation).removesuffix(" | None")


def _shown(setting: Described, default: Any) -> str:
    text = value_text(_bare(setting), default)
    return text if text in ("unset", "empty") else f"`{text}`"


if __name__ == "__main__":
    print(settings_page(), end="")
