"""A person's change of an artifact: kept as a version first, then put in its place, never under an agent's hands."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from scopecraft.errors import AlreadyRunning, Overtaken, Refused
from scopecraft.missions.artifact_writing import check_place, write_artifact
from scopecraft.missions.artifacts import holds_bytes
from scopecraft.missions.folder import changing, folder_of, save_mission
from scopecraft.missions.planner import finished_outputs, running_steps, told, with_steps
from scopecraft.missions.recipe import load_workflow
from scopecraft.missions.versions import (
    Version,
    artifact_hash,
    keep_content,
    keep_version,
    read_version,
    versions_of,
)
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.mission import Mission
from scopecraft.model.naming import check_artifact_name
from scopecraft.model.session import Queued, Session
from scopecraft.model.workflow import RAW_INPUT, Workflow
from scopecraft.sessions.context import Context

UNKNOWN = "unknown"  # who wrote what nobody had kept yet
ASKED = "whoever asked"  # who wrote the request, which no agent in a container can change


@dataclass(frozen=True, slots=True)
class Expected:
    """What a person's change was made of, by its hash; None: nothing was there."""

    sha256: str | None

    @classmethod
    def of(cls, content: bytes | None) -> Expected:
        return cls(None if content is None else hashlib.sha256(content).hexdigest())


@dataclass(frozen=True, slots=True)
class ArtifactChange:
    """`is_new`: it was put there now. Otherwise the artifact had these bytes already. `mission` is as it is then."""

    mission: Mission
    version: Version
    is_new: bool


def put_artifact(
    context: Context,
    mission: Mission,
    name: str,
    content: bytes | Iterable[bytes],
    by: str,
    expected: Expected | None = None,
) -> ArtifactChange:
    """Put the content in the artifact's place; whoever shows gates asks `carry_on` what that means for them.

    What was there becomes a version first, if it is none yet. Killed in between it leaves the person's version, and the
    artifact as it was or as it is to be; doing it again comes to the same.

    Raises BadName, BadInput for too much, AlreadyRunning while somebody has it in hand, Overtaken when it is not what
    was `expected`, Refused for a complete mission and for what cannot be replaced, and StorageFailed.
    """
    check_artifact_name(name)
    with changing(context.home, mission.id) as current:
        refuse_change(context, current, name)
        check_place(context.home, current, name)
        at = clock.to_text(clock.now())
        before = _keep_present(context, current, name, at)
        if expected is not None and (before.sha256 if before else None) != expected.sha256:
            raise _overtaken(current, name, "")
        pieces = (content,) if isinstance(content, bytes) else content
        version = keep_content(context.home, current, name, pieces, by=by, at=at)
        is_new = before is None or version.sha256 != before.sha256
        if is_new:
            _put(context, current, version)
        current = _made_ready(context, current, version, at)
    if is_new:
        event = Event(
            0, at, "artifact_changed", mission.id, data={"artifact": name, "version": version.number, "by": by}
        )
        context.store.append(event)
    return ArtifactChange(current, version, is_new)


def refuse_change(context: Context, mission: Mission, name: str) -> None:
    """Raises what a change of this artifact would raise at this moment."""
    if mission.is_frozen:
        raise Refused(
            f"{mission.slug} is complete: its artifacts stay as they are",
            f"take it up again: sc mission reopen {mission.slug}",
        )
    workflow = load_workflow(folder_of(context.home, mission))
    writer = next((step for step in running_steps(mission, workflow) if name in step.outputs), None)
    if writer is not None:
        raise AlreadyRunning(
            f"{writer.name} of {mission.slug} is at work, and writes {name}",
            f"wait for it: sc mission watch {mission.slug}   or end it: sc stop {mission.slug}",
        )
    reader = next(filter(_has_mounts, context.store.live_of(mission.id)), None)
    if reader is not None and name in _given(mission, workflow):
        raise AlreadyRunning(
            f"{mission.slug} is at work, and {name} is what {reader.id} was given to work with",
            f"say it: sc send {mission.slug} TEXT   or end it first: sc stop {mission.slug}",
        )


def _given(mission: Mission, workflow: Workflow) -> set[str]:
    """What stands in a container as a mount of its own that cannot be written to; a rename would take that away."""
    return {RAW_INPUT, *finished_outputs(mission, workflow)}


def _has_mounts(session: Session) -> bool:
    return session.is_contained and not isinstance(session.status, Queued)


def _keep_present(context: Context, mission: Mission, name: str, at: str) -> Version | None:
    """What is there, as a version, which may be an earlier one; None for nothing, and for links and pipes, which hold
    nothing. Raises Refused for what holds something that cannot be kept.
    """
    try:
        now = artifact_hash(context.home, mission, name)
        kept = versions_of(context.home, mission, name)
        same = next((version for version in reversed(kept) if version.sha256 == now), None)
        return same or keep_version(context.home, mission, name, by=ASKED if name == RAW_INPUT else UNKNOWN, at=at)
    except Refused:
        if holds_bytes(context.home, mission, name):
            raise
        return None


def _put(context: Context, mission: Mission, version: Version) -> None:
    """From the version, which no agent can change, and looked at once more when it is in its place."""
    try:
        with read_version(context.home, mission, version) as pieces:
            write_artifact(context.home, mission, version.name, pieces)
    except Refused as error:  # it could have been put there a moment ago
        raise _overtaken(mission, version.name, f"; your text is its version {version.number}") from error
    if artifact_hash(context.home, mission, version.name) != version.sha256:
        raise _overtaken(mission, version.name, f"; your text is its version {version.number}")


def _made_ready(context: Context, mission: Mission, version: Version, at: str) -> Mission:
    """A draft that says what it is about can go on."""
    if mission.status != "draft" or version.name != RAW_INPUT:
        return mission
    with read_version(context.home, mission, version) as pieces:
        if not any(piece.strip() for piece in pieces):
            return mission
    workflow = load_workflow(folder_of(context.home, mission))
    ready = told(replace(with_steps(mission, workflow), status="ready"), workflow, at)
    save_mission(context.home, ready)
    return ready


def _overtaken(mission: Mission, name: str, kept: str) -> Overtaken:
    return Overtaken(
        f"{name} of {mission.slug} was changed at the same time{kept}",
        f"see what is there: sc mission cat {mission.slug} {name}",
    )
