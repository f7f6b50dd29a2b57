"""How a mission's artifacts and their versions are told as JSON."""

from __future__ import annotations

from typing import Any

from scopecraft.missions.versions import Version
from scopecraft.sessions.artifacts_seen import ArtifactSeen


def artifact_dict(seen: ArtifactSeen) -> dict[str, Any]:
    """`refusal` says why it cannot be read, empty where it can; `by` is null where nobody knows who wrote it."""
    approval = seen.approval
    return {
        "name": seen.artifact.name,
        "size": seen.artifact.size,
        "refusal": seen.artifact.refusal,
        "by": seen.by,
        "versions": len(seen.versions),
        "written_by": list(seen.written_by),
        "read_by": list(seen.read_by),
        "reviewed_at": list(seen.reviewed_at),
        "approval": {"by": approval.by, "at": approval.at, "sha256": approval.sha256} if approval else None,
        "is_as_approved": seen.is_as_approved,
    }


def version_dict(version: Version) -> dict[str, Any]:
    """`run_id` is of the session that left it so, null where a person did."""
    return {
        "number": version.number,
        "by": version.by,
        "at": version.at,
        "sha256": version.sha256,
        "size": version.size,
        "run_id": version.run_id,
    }
