"""A mission's artifacts as a person asks about them: who wrote them last, which steps use them, what was approved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from scopecraft.errors import BadName, Refused
from scopecraft.missions.artifacts import Artifact, list_artifacts
from scopecraft.missions.folder import folder_of
from scopecraft.missions.recipe import load_workflow
from scopecraft.missions.versions import Version, artifact_hash, kept_names, versions_of
from scopecraft.model.mission import Approval, Mission
from scopecraft.model.workflow import Workflow
from scopecraft.sessions.context import Context

GONE = "not there any more; its versions are"


@dataclass(frozen=True, slots=True)
class ArtifactSeen:
    """`by` is who wrote what is there, None where nobody knows. Steps are named by their ids."""

    artifact: Artifact
    by: str | None
    versions: tuple[Version, ...]
    written_by: tuple[str, ...]
    read_by: tuple[str, ...]
    reviewed_at: tuple[str, ...]
    approval: Approval | None = None
    is_as_approved: bool = False


def artifacts_seen(context: Context, mission: Mission) -> tuple[ArtifactSeen, ...]:
    """What is there, and what was there and has versions, in the order of the names. Raises StateUnreadable."""
    workflow = load_workflow(folder_of(context.home, mission))
    found = list(list_artifacts(context.home, mission))
    there = {artifact.name for artifact in found}
    found += [Artifact(name, 0, 0.0, GONE) for name in kept_names(context.home, mission) if name not in there]
    return tuple(
        _seen(context, mission, workflow, artifact) for artifact in sorted(found, key=lambda artifact: artifact.name)
    )


def _seen(context: Context, mission: Mission, workflow: Workflow, artifact: Artifact) -> ArtifactSeen:
    name = artifact.name
    versions: tuple[Version, ...] = ()
    with suppress(BadName):
        versions = versions_of(context.home, mission, name)
    approval = next(_approvals(mission, name), None)
    now = _hash(context, mission, artifact) if versions or approval else None
    last = next((version for version in reversed(versions) if version.sha256 == now), None)
    return ArtifactSeen(
        artifact=artifact,
        by=last.by if last else None,
        versions=versions,
        written_by=tuple(step.id for step in workflow.steps if name in step.outputs),
        read_by=tuple(step.id for step in workflow.steps if name in step.inputs),
        reviewed_at=tuple(step.id for step in workflow.steps if name == step.review),
        approval=approval,
        is_as_approved=approval is not None and approval.sha256 == now,
    )


def _hash(context: Context, mission: Mission, artifact: Artifact) -> str | None:
    with suppress(BadName, Refused):
        return None if artifact.refusal else artifact_hash(context.home, mission, artifact.name)
    return None


def _approvals(mission: Mission, name: str) -> Iterator[Approval]:
    """The latest first: steps are in the order of the workflow."""
    return (state.approval for state in reversed(mission.steps) if state.approval and state.approval.artifact == name)
