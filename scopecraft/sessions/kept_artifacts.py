"""What a session in a container may read of the mission's artifacts, and not change."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from scopecraft.missions.folder import folder_of
from scopecraft.missions.versions import content_file, versions_of
from scopecraft.model.launch import Mount
from scopecraft.model.mission import Mission
from scopecraft.model.workflow import RAW_INPUT
from scopecraft.sessions.context import Context
from scopecraft.sessions.request import StepWork

ARTIFACTS = "/mission/artifacts"


def kept_mounts(context: Context, mission: Mission, step: StepWork | None, user: int) -> tuple[Mount, ...]:
    """What the person asked for, and what earlier steps wrote, mounted over the writable folder; `user` reads it.

    Of an artifact with versions it is the newest: no session that lives beside this one can put a link in its place.
    """
    kept = dict.fromkeys((RAW_INPUT, *(step.kept if step else ())))
    sources = {name: _source(context, mission, name, user) for name in kept}
    return tuple(Mount(file, f"{ARTIFACTS}/{name}") for name, file in sources.items() if file is not None)


def _source(context: Context, mission: Mission, name: str, user: int) -> Path | None:
    versions = versions_of(context.home, mission, name)
    if versions and user == os.getuid():
        return content_file(context.home, mission, versions[-1])
    file = folder_of(context.home, mission) / "artifacts" / name
    # a folder on the way could be exchanged for a link
    return file if "/" not in name and _is_plain(file) else None


def _is_plain(file: Path) -> bool:
    """Whether it is a regular file, and no link to one."""
    try:
        return stat.S_ISREG(file.lstat().st_mode)
    except OSError:
        return False
