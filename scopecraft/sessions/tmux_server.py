"""The home's own tmux server, or the person's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from scopecraft.config.paths import runtime_folder
from scopecraft.sessions.context import Context

if TYPE_CHECKING:
    from scopecraft.executors.tmux import TmuxExecutor


def tmux_executor(context: Context) -> TmuxExecutor:
    from scopecraft.executors.tmux import TmuxExecutor

    return TmuxExecutor(tmux_socket(context), is_own_server=context.settings.tmux.server == "own")


def tmux_socket(context: Context) -> Path:
    if context.settings.tmux.server == "mine":
        return persons_socket(context)
    return runtime_folder(context.home, context.environ) / "tmux"


def persons_socket(context: Context) -> Path:
    """The socket of the tmux around us, else tmux's default one."""
    around = context.environ.get("TMUX", "").partition(",")[0]
    if around:
        return Path(around)
    return Path(context.environ.get("TMUX_TMPDIR") or "/tmp") / f"tmux-{os.getuid()}" / "default"
