"""Settings as a person looks at them: what holds, who says so, what it means; keys and tokens are never shown."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scopecraft.config.keys import Key, default_of, is_entry, key_text, kind_of, known_keys
from scopecraft.config.layers import Effective, Value
from scopecraft.config.meaning import kind_sentence, kind_words, meaning_of, value_text
from scopecraft.config.secrets import Secrets, read_secrets_file
from scopecraft.config.settings import BUILT_IN
from scopecraft.errors import ScopecraftError
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import project_around, project_here
from scopecraft.sessions.project_settings import Answer, Question, within_project

HIDDEN = "(hidden)"
_SECRET_NAME = re.compile(r"key|token|secret|passw|credential|auth", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class View:
    """What holds where a person stands; `waiting` is what a repository brings and nobody has confirmed."""

    effective: Effective
    secrets: Secrets
    waiting: Question | None = None

    def text(self, key: Key, value: object) -> str:
        """On one line, as it would stand in a file."""
        if is_secret(key, value):
            return HIDDEN
        if isinstance(value, dict):
            value = {name: HIDDEN if _SECRET_NAME.search(name) else each for name, each in value.items()}
        return self.secrets.redact(value_text(kind_of(key), value))

    def json(self, key: Key, said: tuple[str, Value]) -> dict[str, Any]:
        layer, value = said
        shown: object = HIDDEN if is_secret(key, value.value) else value.value
        if isinstance(shown, str | tuple | dict):
            shown = _redacted(self.secrets, shown)
        return {"key": key_text(key), "value": shown, "layer": layer, "where": value.where or None}


@dataclass(frozen=True, slots=True)
class Setting:
    """One of them as it holds. `choices` are all that it takes, where they are few."""

    key: Key
    value: object
    text: str
    layer: str
    where: str
    kind: str
    choices: tuple[str, ...]
    meaning: str
    is_changed: bool
    is_secret: bool


def view_of(context: Context, project: str | None, cwd: Path | None = None) -> View:
    """With the settings of the named project, else of the one around the folder, else of none. Nothing is asked."""
    secrets = Secrets({})
    with contextlib.suppress(ScopecraftError):
        secrets = Secrets(read_secrets_file(context.home))
    name = project or (project_around(context, cwd) if cwd is not None else None)
    if name is None:
        return View(context.effective, secrets)
    waiting: list[Question] = []

    def later(question: Question) -> Answer:
        waiting.append(question)
        return "ignore"

    inner = within_project(context, project_here(context, cwd or Path("/"), name), ask=later)
    return View(inner.effective, secrets, waiting[0] if waiting else None)


def is_changed(view: View, key: Key) -> bool:
    return view.effective.value(key) != default_of(key)


def is_secret(key: Key, value: object) -> bool:
    return len(key) == 4 and isinstance(value, str) and bool(_SECRET_NAME.search(key[3]))


def settings_seen(view: View) -> Iterator[Setting]:
    """Every setting in the order of the manual; entries of tables with names of a person's own are among them."""
    agents = dict.fromkeys((*BUILT_IN, *view.effective.settings.agents))
    named = view.effective.set_keys()
    keys = [key for key in known_keys(agents) if not kind_of(key).startswith("dict[")]
    for key in [*keys, *(key for key in named if is_entry(key))]:
        yield setting_seen(view, key)


def setting_seen(view: View, key: Key) -> Setting:
    layer, said = view.effective.origin(key)
    shown = view.json(key, (layer, said))
    return Setting(
        key=key,
        value=shown["value"],
        text=view.text(key, said.value),
        layer=layer,
        where=said.where or "",
        kind=kind_sentence(key),
        choices=_choices(key),
        meaning=meaning_of(key),
        is_changed=is_changed(view, key),
        is_secret=is_secret(key, said.value),
    )


def _choices(key: Key) -> tuple[str, ...]:
    words = kind_words(kind_of(key))
    return tuple(word.strip('"') for word in words) if words[0].startswith('"') else ()


def _redacted(secrets: Secrets, value: Any) -> Any:
    if isinstance(value, str):
        return secrets.redact(value)
    if isinstance(value, dict):
        return {name: HIDDEN if _SECRET_NAME.search(name) else _redacted(secrets, each) for name, each in value.items()}
    return [_redacted(secrets, each) for each in value]
