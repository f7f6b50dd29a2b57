"""What `sc config` shows of settings, where the person stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scopecraft.cli.say import warn
from scopecraft.sessions.context import Context
from scopecraft.sessions.settings_seen import HIDDEN as HIDDEN
from scopecraft.sessions.settings_seen import View, view_of
from scopecraft.sessions.settings_seen import is_changed as is_changed


def view_here(project: str | None, cwd: Path, environ: Any) -> View:
    """With the settings of the named project, else of the one around the folder, else of none. Nothing is asked."""
    return view_of(Context.of(environ), project, cwd)


def tell_waiting(view: View) -> None:
    if view.waiting is None:
        return
    what = "its commands on this machine" if view.waiting.about == "host" else view.waiting.file.where
    option = "--host-setup " if view.waiting.about == "host" else ""
    warn(
        f"not in effect, since nobody has confirmed it: {what}",
        f"see it and confirm it: sc config trust {option}--project {view.waiting.project}",
    )
