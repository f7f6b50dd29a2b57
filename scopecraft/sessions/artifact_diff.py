"""What a person has made of what an agent wrote: two states of an artifact, compared."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from scopecraft.atomic import storage_failed
from scopecraft.errors import NotFound, Refused
from scopecraft.missions.artifacts import open_artifact
from scopecraft.missions.versions import Version, agent_version, content_file, version_named, versions_of
from scopecraft.model.mission import Mission
from scopecraft.sessions.context import Context
from scopecraft.worktrees.two_files import hunks

LONGEST_COMPARED = 8 * 1024**2


@dataclass(frozen=True, slots=True)
class ArtifactDiff:
    """`after` is None for the artifact as it is now. `hunks` is None where both are the same, empty for no text."""

    before: Version
    after: Version | None
    hunks: bytes | None


def artifact_diff(context: Context, mission: Mission, name: str, numbers: tuple[int, int] | None) -> ArtifactDiff:
    """Of two versions; else of what an agent left last, or of the oldest version, and what is there now.

    Raises BadName, NotFound, and Refused for what cannot be read, or is too long to compare.
    """
    kept = versions_of(context.home, mission, name)
    if numbers is not None:
        first, second = (version_named(context.home, mission, name, number) for number in numbers)
    else:
        if not kept:
            raise NotFound(
                f"nothing of {name} was kept yet: no step that writes it has ended, and nobody has changed it",
                f"see what there is: sc mission ls {mission.slug}",
            )
        first, second = agent_version(kept) or kept[0], None
    for version in (first, second):
        if version is not None:
            _refuse_long(mission, name, version.size)
    with tempfile.TemporaryDirectory(prefix="sc-diff-") as place:
        folder = Path(place)
        before = content_file(context.home, mission, first)
        if second is not None:
            after = content_file(context.home, mission, second)
        else:
            after = folder / "now"
            _copy(context, mission, name, after)
        return ArtifactDiff(first, second, hunks(folder, before, after))


def _copy(context: Context, mission: Mission, name: str, target: Path) -> None:
    size = 0
    with open_artifact(context.home, mission, name) as pieces:
        try:
            with target.open("wb") as file:
                for piece in pieces:
                    size += file.write(piece)
                    _refuse_long(mission, name, size)
        except OSError as error:
            raise storage_failed(error, target) from error


def _refuse_long(mission: Mission, name: str, size: int) -> None:
    if size > LONGEST_COMPARED:
        raise Refused(
            f"{name} is longer than {LONGEST_COMPARED >> 20} MiB, which is too much to compare",
            f"read it: sc mission cat {mission.slug} {name}",
        )
