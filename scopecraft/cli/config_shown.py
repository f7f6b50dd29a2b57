"""How `sc config` shows values: as a file would have them, and never a key or a token."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scopecraft.cli.say import warn
from scopecraft.config.keys import Key, default_of, key_text, kind_of
from scopecraft.config.layers import Effective, Value
from scopecraft.config.meaning import value_text
from scopecraft.config.secrets import Secrets, read_secrets_file
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
        if _is_secret(key, value):
            return HIDDEN
        if isinstance(value, dict):
            value = {name: HIDDEN if _SECRET_NAME.search(name) else each for name, each in value.items()}
        return self.secrets.redact(value_text(kind_of(key), value))

    def json(self, key: Key, said: tuple[str, Value]) -> dict[str, Any]:
        layer, value = said
        shown: object = HIDDEN if _is_secret(key, value.value) else value.value
        if isinstance(shown, str | tuple | dict):
            shown = _redacted(self.secrets, shown)
        return {"key": key_text(key), "value": shown, "layer": layer, "where": value.where or None}


def view_here(project: str | None, cwd: Path, environ: Any) -> View:
    """With the settings of the named project, else of the one around the folder, else of none. Nothing is asked."""
    context = Context.of(environ)
    secrets = Secrets({})
    with contextlib.suppress(ScopecraftError):
        secrets = Secrets(read_secrets_file(context.home))
    name = project or project_around(context, cwd)
    if name is None:
        return View(context.effective, secrets)
    waiting: list[Question] = []

    def later(question: Question) -> Answer:
        waiting.append(question)
        return "ignore"

    inner = within_project(context, project_here(context, cwd, name), ask=later)
    return View(inner.effective, secrets, waiting[0] if waiting else None)


def tell_waiting(view: View) -> None:
    if view.waiting is None:
        return
    what = "its commands on this machine" if view.waiting.about == "host" else view.waiting.file.where
    option = "--host-setup " if view.waiting.about == "host" else ""
    warn(
        f"not in effect, since nobody has confirmed it: {what}",
        f"see it and confirm it: sc config trust {option}--project {view.waiting.project}",
    )


def is_changed(view: View, key: Key) -> bool:
    return view.effective.value(key) != default_of(key)


def _is_secret(key: Key, value: object) -> bool:
    return len(key) == 4 and isinstance(value, str) and bool(_SECRET_NAME.search(key[3]))


def _redacted(secrets: Secrets, value: Any) -> Any:
    if isinstance(value, str):
        return secrets.redact(value)
    if isinstance(value, dict):
        return {name: HIDDEN if _SECRET_NAME.search(name) else _redacted(secrets, each) for name, each in value.items()}
    return [_redacted(secrets, each) for each in value]
