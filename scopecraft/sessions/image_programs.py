"""Whether an image has a program that a repository needs inside."""

from __future__ import annotations

import os

from scopecraft.errors import RepositoryRefused
from scopecraft.model.launch import ContainerLaunch
from scopecraft.model.text import clean_line
from scopecraft.sessions.container_launch import limits_of
from scopecraft.sessions.context import Context

_SECONDS = 60


def require_git_lfs(context: Context, image: str) -> None:
    """Raises RepositoryRefused: without it an agent would commit large files as they are. Costs a short container."""
    name = f"sc-look-{context.home.label}-{os.getpid()}"
    launch = ContainerLaunch(
        session_id=name,
        labels={"scopecraft.home": context.home.label, "scopecraft.kind": "look"},
        image=image,
        argv=("/bin/sh", "-c", "command -v git-lfs"),
        env={},
        cwd="/",
        user=(os.geteuid(), os.getegid()),
        mounts=(),
        network="none",
        limits=limits_of(context.settings.container, _SECONDS),
    )
    if context.containers.run_to_end(name, launch, _SECONDS) != 0:
        raise RepositoryRefused(
            f"this repository keeps large files with git-lfs, and the image {clean_line(image)} has no git-lfs",
            "sc image build makes one that has it; sc dispatch works too: its session runs on the host",
        )
