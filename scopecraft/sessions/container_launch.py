"""The launch of an autonomous session, as a value. Starts nothing, writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scopecraft.config.settings import ContainerSettings
from scopecraft.model.launch import ContainerLaunch, Limits, Mount
from scopecraft.model.session import Session
from scopecraft.sessions.folder import SessionFolder

WORKSPACE = "/workspace"
AGENT_HOME = "/session/agent"


def limits_of(settings: ContainerSettings, timeout_seconds: int | None) -> Limits:
    return Limits(
        timeout_seconds=timeout_seconds or settings.timeout,
        output_bytes=int(settings.output_limit),
        memory_bytes=int(settings.memory),
        cpus=settings.cpus,
        pids=settings.pids,
        tmpfs_bytes=int(settings.tmp_size),
        stop_grace_seconds=settings.stop_grace,
        result_grace_seconds=settings.result_grace,
    )


def labels_of(home_label: str, session: Session, kind: str = "session") -> dict[str, str]:
    """By these everything that scopecraft started can be found; `kind` tells sessions from harvests."""
    return {
        "scopecraft.home": home_label,
        "scopecraft.kind": kind,
        "scopecraft.mission": session.mission_id,
        "scopecraft.step": session.step_id,
        "scopecraft.session": session.id,
        "scopecraft.attempt": str(session.attempt),
    }


def session_mounts(
    folder: SessionFolder, worktree: Path, artifacts: Path, *, only_reads: bool = False
) -> tuple[Mount, ...]:
    """What the container sees of the session and the mission, but for the private git directory.

    `only_reads`: the worktree is not for it to change.
    """
    return (
        Mount(worktree, str(worktree), read_only=only_reads),
        Mount(worktree, WORKSPACE, read_only=only_reads),
        Mount(artifacts, "/mission/artifacts", read_only=False),
        Mount(folder.path / "launch", "/session/launch"),
        Mount(folder.inbox.parent, "/session/inbox"),
        Mount(folder.secrets, "/session/secrets", read_only=False),
        Mount(folder.agent, AGENT_HOME, read_only=False),
        Mount(folder.out, "/session/out", read_only=False),
        Mount(folder.stream, "/session/stream.jsonl", read_only=False),
        Mount(folder.stderr, "/session/stderr.log", read_only=False),
    )


def harvest_name(session: Session) -> str:
    """Of the container that reads out the session's commits where its own could not."""
    return f"sc-harvest-{session.id}"


def harvest_mounts(folder: SessionFolder, worktree: Path) -> tuple[Mount, ...]:
    """What a container needs that only reads out the commits."""
    return (
        Mount(worktree, str(worktree)),
        Mount(folder.path / "launch", "/session/launch"),
        Mount(folder.out, "/session/out", read_only=False),
    )


@dataclass(frozen=True, slots=True)
class Box:
    """What surrounds a session in its container."""

    image: str
    user: tuple[int, int]
    mounts: tuple[Mount, ...]
    labels: dict[str, str]
    network: str
    limits: Limits


def container_launch(session: Session, box: Box, argv: tuple[str, ...]) -> ContainerLaunch:
    return ContainerLaunch(
        session_id=session.id,
        labels=box.labels,
        image=box.image,
        argv=argv,
        # nothing secret here: the engine shows it to anybody who may ask it
        env={"HOME": AGENT_HOME, "LANG": "C.UTF-8", "SCOPECRAFT_SESSION": session.id},
        cwd=session.worktree,
        user=box.user,
        mounts=box.mounts,
        network=box.network,
        limits=box.limits,
    )
