"""Taking the agent's commits back to the host's branch, when a container session is over."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from scopecraft.config.projects import load_projects, project_named
from scopecraft.errors import CommitsRefused, ScopecraftError
from scopecraft.model.event import Alert
from scopecraft.model.session import Session
from scopecraft.sessions.container_launch import Box, container_launch, harvest_mounts, labels_of
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import repository_of
from scopecraft.sessions.settle_facts import SettleFacts
from scopecraft.worktrees.harvest import Harvest, read_harvest
from scopecraft.worktrees.private import HARVEST_COMMAND, HARVEST_SECONDS, PrivateFacts
from scopecraft.worktrees.takeback import take_back


@dataclass(frozen=True, slots=True)
class Taken:
    """`refusal` says what was not taken and why; the private git directory is kept while `is_private_needed`."""

    tip: str | None = None
    commits: int = 0
    alerts: tuple[Alert, ...] = ()
    refusal: str = ""
    in_progress: str | None = None

    @property
    def is_private_needed(self) -> bool:
        return bool(self.refusal) or self.in_progress is not None


def take_commits(context: Context, session: Session, facts: SettleFacts) -> Taken:
    """Idempotent. Harvests in a container of its own where the launcher did not get to it."""
    assert facts.private is not None
    private = PrivateFacts.from_dict(facts.private)
    try:
        repository = repository_of(project_named(load_projects(context.home), session.project))
        taken = take_back(repository, private, _harvest(context, session, facts, private))
    except ScopecraftError as error:
        return Taken(refusal=error.message, alerts=(Alert("commits_refused", error.message),))
    return Taken(taken.branch_tip, taken.commits, taken.alerts, taken.refused or "", taken.in_progress)


def drop_private(context: Context, session: Session) -> None:
    """The private git directory and what was read out of it, once its commits are in the repository."""
    folder = context.folder(session.id).path
    for name in ("git", "out/harvest"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _harvest(context: Context, session: Session, facts: SettleFacts, private: PrivateFacts) -> Harvest | None:
    """What the launcher read out, else what a fresh container does; None when neither could."""
    try:
        return read_harvest(private.harvest_folder)
    except CommitsRefused:
        _harvest_apart(context, session, facts)
    try:
        return read_harvest(private.harvest_folder)
    except CommitsRefused:
        return None


def _harvest_apart(context: Context, session: Session, facts: SettleFacts) -> None:
    """A fresh container: no network, the worktree read-only, limits, a deadline."""
    assert facts.image is not None and facts.limits is not None
    folder = context.folder(session.id)
    box = Box(
        image=facts.image,
        user=facts.user,
        mounts=(*harvest_mounts(folder, Path(session.worktree)), *facts.private_mounts),
        labels=labels_of(context.home.label, session, kind="harvest"),
        network="none",
        limits=facts.limits,
    )
    launch = container_launch(session, box, HARVEST_COMMAND)
    context.containers.run_to_end(f"sc-harvest-{session.id}", launch, HARVEST_SECONDS)
