"""A command that has commands of its own, each loaded when it is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from scopecraft.cli.command import with_verbose


@dataclass(frozen=True, slots=True)
class Part:
    """`target` is `module:attribute`; `help` is the line that the group's help shows."""

    target: str
    help: str


class PartGroup(click.Group):
    def __init__(self, *args: Any, parts: Mapping[str, Part], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._parts = parts

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self._parts)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        part = self._parts.get(cmd_name)
        if part is None:
            return None
        module, _, attribute = part.target.partition(":")
        found: click.Command = getattr(importlib.import_module(module), attribute)
        found.short_help = part.help
        return with_verbose(found)
