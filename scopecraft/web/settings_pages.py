"""`/settings`: how pages look, the supervisor and what is linked, and every setting with where it comes from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

import scopecraft
from scopecraft.api.access import token_file
from scopecraft.api.house import context_of
from scopecraft.api.terminal_settings import terminal_command, why_terminal
from scopecraft.config.keys import field_at, key_of, key_text
from scopecraft.config.projects import Project, is_there, load_projects
from scopecraft.errors import ScopecraftError
from scopecraft.sessions.context import Context
from scopecraft.sessions.settings_seen import HIDDEN, Setting, setting_seen, settings_seen, view_of
from scopecraft.supervisor.client import ask
from scopecraft.supervisor.log import log_path
from scopecraft.web.page import render

router = APIRouter()
HEALTH_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    settings: tuple[Setting, ...]

    @property
    def changed(self) -> int:
        return sum(each.is_changed for each in self.settings)


@dataclass(frozen=True, slots=True)
class Linked:
    project: Project
    is_there: bool


@router.get("/settings")
def settings(request: Request) -> HTMLResponse:
    context = context_of(request)
    health, trouble = _health(context)
    return render(
        request,
        "settings.html",
        sections=sections_of(settings_seen(view_of(context, None))),
        linked=_linked(context),
        rules=context.store.queue.rules(),
        health=health,
        trouble=trouble,
        http=(health or {}).get("http") or {},
        home=context.home,
        token_file=token_file(context.home),
        log=log_path(context.home),
        version=scopecraft.__version__,
        shown=Shown(context.home.settings_file),
    )


@router.get("/settings/row")
def row(request: Request, key: Annotated[str, Query(max_length=300)]) -> HTMLResponse:
    """One setting as it holds now, for the page that has just changed it."""
    context = context_of(request)
    found = setting_seen(view_of(context, None), key_of(key, context.settings.agents))
    return render(request, "parts/setting.html", setting=found, shown=Shown(context.home.settings_file))


@dataclass(frozen=True, slots=True)
class Shown:
    """How a setting is shown and entered."""

    file: Path

    @staticmethod
    def name(setting: Setting) -> str:
        return key_text(setting.key)

    @staticmethod
    def slug(setting: Setting) -> str:
        """Its name as the id of an element."""
        return "set-" + "".join(letter if letter.isalnum() else "-" for letter in key_text(setting.key))

    @staticmethod
    def entered(setting: Setting) -> str:
        """As a person would type it."""
        if setting.text in ("unset", "empty") or setting.is_secret:
            return ""
        with suppress(ValueError):
            value = json.loads(setting.text)
            return value if isinstance(value, str) else setting.text
        return setting.text

    @staticmethod
    def placeholder(setting: Setting) -> str:
        return HIDDEN if setting.is_secret else setting.text if setting.text in ("unset", "empty") else setting.kind

    @staticmethod
    def why_terminal(setting: Setting) -> str:
        """Why no page changes it; empty for all others."""
        return why_terminal(setting.key)

    @staticmethod
    def terminal_command(setting: Setting) -> str:
        return terminal_command(setting.key)

    @staticmethod
    def is_list(setting: Setting) -> bool:
        return setting.kind.startswith("list")

    @staticmethod
    def is_known(setting: Setting) -> bool:
        return field_at(setting.key) is not None


def sections_of(found: Iterable[Setting]) -> list[Section]:
    """In their order; what stands in no table comes first, and each agent is a section."""
    by_name: dict[str, list[Setting]] = {}
    for setting in found:
        key = setting.key
        name = "general" if len(key) == 1 else f"agents.{key[1]}" if key[0] == "agents" else key[0]
        by_name.setdefault(name, []).append(setting)
    return [Section(name, tuple(each)) for name, each in by_name.items()]


def _linked(context: Context) -> list[Linked]:
    with suppress(ScopecraftError):
        return [Linked(project, is_there(project)) for project in load_projects(context.home)]
    return []


def _health(context: Context) -> tuple[dict[str, Any] | None, str]:
    """How the supervisor says that it is; None, and why, where it says nothing."""
    try:
        return ask(context, "health", seconds=HEALTH_SECONDS), ""
    except ScopecraftError as error:
        return None, error.message
