"""Taking the agent's commits back to the host's branch, when a container session is over."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from scopecraft.atomic import storage_failed
from scopecraft.config.projects import load_projects, project_named
from scopecraft.errors import CommitsRefused, ImageMissing, ScopecraftError
from scopecraft.model.event import Alert
from scopecraft.model.launch import Mount
from scopecraft.model.session import Session
from scopecraft.sessions.agent_choice import DEFAULT_IMAGE, PERSONAL_IMAGE
from scopecraft.sessions.container_launch import (
    WORKSPACE,
    Box,
    container_launch,
    harvest_mounts,
    harvest_name,
    labels_of,
)
from scopecraft.sessions.context import Context
from scopecraft.sessions.decided import POSTPONED
from scopecraft.sessions.places import repository_of
from scopecraft.sessions.settle_facts import SettleFacts
from scopecraft.worktrees.harvest import Harvest, read_harvest
from scopecraft.worktrees.private import HARVEST_COMMAND, HARVEST_SECONDS, PrivateFacts
from scopecraft.worktrees.takeback import take_back

ROOM_BYTES = 1024**2  # less is a full disk to a container that reads out commits


@dataclass(frozen=True, slots=True)
class Taken:
    """`refusal` says what was not taken and why; the private git directory is kept while `is_private_needed`.

    `is_postponed`: the reason is the host's, so trying again later may work.
    """

    tip: str | None = None
    commits: int = 0
    alerts: tuple[Alert, ...] = ()
    refusal: str = ""
    in_progress: str | None = None
    is_postponed: bool = False

    @property
    def is_private_needed(self) -> bool:
        return bool(self.refusal) or self.in_progress is not None


def postponed(why: str) -> Taken:
    text = f"its commits are not taken yet: {why}; sc show tries again, and so does the task's next session"
    return Taken(refusal=why, alerts=(Alert(POSTPONED, text),), is_postponed=True)


def take_commits(context: Context, session: Session, facts: SettleFacts) -> Taken:
    """Idempotent. Harvests in a container of its own where the launcher did not get to it. Never raises ours."""
    assert facts.private is not None
    try:
        private = PrivateFacts.from_dict(facts.private)
        repository = repository_of(project_named(load_projects(context.home), session.project))
        taken = take_back(repository, private, _harvest(context, session, facts, private))
    except ScopecraftError as error:
        return postponed(error.message)
    except (KeyError, TypeError) as error:
        return postponed(f"{context.folder(session.id).facts} is damaged: {error}")
    return Taken(taken.branch_tip, taken.commits, taken.alerts, taken.refused or "", taken.in_progress)


def _harvest(context: Context, session: Session, facts: SettleFacts, private: PrivateFacts) -> Harvest | None:
    """What the launcher read out, else what a fresh container does; None when neither could."""
    try:
        return read_harvest(private.harvest_folder)
    except CommitsRefused:
        return _harvest_apart(context, session, facts, private.harvest_folder)


def _refuse_full_disk(folder: Path) -> None:
    """Then it is not the agent's doing that there is nothing to be read. Raises StorageFailed."""
    disk = os.statvfs(folder.parent)
    if disk.f_bavail * disk.f_frsize < ROOM_BYTES or (disk.f_files and not disk.f_favail):
        raise storage_failed(OSError(errno.ENOSPC, "the disk is full"), folder)


def _harvest_apart(context: Context, session: Session, facts: SettleFacts, folder: Path) -> Harvest | None:
    """By a fresh container: no network, the worktree read-only, limits, a deadline.

    The session's image first; one that has no git, or is gone, is followed by those that have it.
    """
    assert facts.image is not None and facts.limits is not None
    box = Box(
        image=facts.image,
        user=facts.user,
        mounts=_mounts(context, session, facts),
        labels=labels_of(context.home.label, session, kind="harvest"),
        network="none",
        limits=facts.limits,
    )
    engine = context.engine_at(facts.where or context.engine)
    did_run = False
    for image in dict.fromkeys((facts.image, DEFAULT_IMAGE, PERSONAL_IMAGE)):
        launch = container_launch(session, replace(box, image=image), HARVEST_COMMAND)
        with suppress(ImageMissing):
            engine.run_to_end(harvest_name(session), launch, HARVEST_SECONDS)
            did_run = True
        with suppress(CommitsRefused):
            return read_harvest(folder)
        if did_run:
            _refuse_full_disk(folder)
    if not did_run:
        raise ImageMissing(f"the engine has no image {facts.image} any more", "load it, or: sc image build")
    return None


def _mounts(context: Context, session: Session, facts: SettleFacts) -> tuple[Mount, ...]:
    """The worktree may have been deleted meanwhile, and submodules in it; they are not needed to read out commits."""
    worktree = Path(session.worktree)
    mounts = (*harvest_mounts(context.folder(session.id), worktree), *facts.private_mounts)
    gone = () if worktree.is_dir() else (session.worktree, f"{session.worktree}/.git")
    pointers = {mount.target for mount in mounts if mount.target.endswith("/.git")} - _own_pointers(worktree)
    return tuple(mount for mount in mounts if mount.target not in {*gone, *pointers})


def _own_pointers(worktree: Path) -> set[str]:
    return {f"{worktree}/.git", f"{WORKSPACE}/.git"}
