"""What an artifact was at the moments that count: when an agent's step had ended, and when a person changed it.

    versions/plan.md/0001.md           its bytes
    versions/plan.md/0001.about.json   who wrote them, when, and their hash; a version is one that has this file
    versions/notes%2Fplan.md/…         a '/' of the name is written so

The folder stands in the mission's, beside `artifacts/`; no container has it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from scopecraft.atomic import fsync_folder, private_folder, replace_file, storage_failed
from scopecraft.config.paths import Home
from scopecraft.errors import BadName, NotFound, StateUnreadable
from scopecraft.missions.artifacts import open_artifact, within_limit
from scopecraft.missions.folder import folder_of
from scopecraft.model.mission import Mission
from scopecraft.model.naming import check_artifact_name
from scopecraft.model.text import clean_line

VERSIONS = "versions"
_ABOUT = re.compile(r"([0-9]{4,})\.about\.json")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,16}\Z")
_LONGEST_NAME = 255  # bytes, of a folder
_PIECE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Version:
    """`by` is a person, or the role or agent of the session `run_id` that left it so."""

    name: str
    number: int  # from 1
    by: str
    at: str
    sha256: str
    size: int
    run_id: str | None = None


def keep_version(
    home: Home, mission: Mission, name: str, *, by: str, at: str, run_id: str | None = None
) -> Version | None:
    """The artifact as it is now, as its newest version: a new one, or the newest there is if that has the same bytes.

    The caller holds the mission's lock. A process that is killed here leaves the versions as they were, or with the new
    one. None where there is no such artifact. Raises BadName, Refused for what cannot be read, and StorageFailed.
    """
    check_artifact_name(name)
    try:
        with open_artifact(home, mission, name) as pieces:
            return keep_content(home, mission, name, pieces, by=by, at=at, run_id=run_id)
    except NotFound:
        return None


def keep_content(
    home: Home, mission: Mission, name: str, pieces: Iterable[bytes], *, by: str, at: str, run_id: str | None = None
) -> Version:
    """The same for bytes that stand nowhere yet. Raises BadName, BadInput for too many, and StorageFailed."""
    folder = _folder(home, mission, name)
    kept = versions_of(home, mission, name)
    number = max(_numbers(folder), default=0) + 1
    making = folder / f".{number:04d}.tmp"
    private_folder(folder)
    _sweep(folder)
    sha256, size = _copy(within_limit(name, pieces), making)
    if kept and kept[-1].sha256 == sha256:
        with contextlib.suppress(OSError):
            making.unlink()
        return kept[-1]
    version = Version(name, number, by, at, sha256, size, run_id)
    _publish(making, folder, version)
    return version


def versions_of(home: Home, mission: Mission, name: str) -> tuple[Version, ...]:
    """The oldest first; one that cannot be read is left out. Raises BadName."""
    folder = _folder(home, mission, name)
    read = (_read_about(_about(folder, number), name, number) for number in sorted(_numbers(folder)))
    return tuple(version for version in read if version)


def kept_names(home: Home, mission: Mission) -> tuple[str, ...]:
    """The artifacts that have versions, also those that are not there any more."""
    try:
        folders = [entry for entry in (folder_of(home, mission) / VERSIONS).iterdir() if entry.is_dir()]
    except OSError:
        return ()
    return tuple(sorted(name for folder in folders if (name := _name_in(folder))))


def version_named(home: Home, mission: Mission, name: str, number: int) -> Version:
    """Raises BadName, and NotFound, which names those that there are."""
    kept = versions_of(home, mission, name)
    version = next((version for version in kept if version.number == number), None)
    if version is None:
        raise NotFound(
            f"{mission.slug} has no version {number} of {clean_line(name)}",
            f"it has: {', '.join(str(version.number) for version in kept) or 'none'}",
        )
    return version


@contextlib.contextmanager
def read_version(home: Home, mission: Mission, version: Version) -> Iterator[Iterator[bytes]]:
    """Its bytes in pieces. Raises StateUnreadable where they are gone."""
    file = content_file(home, mission, version)
    try:
        stream = file.open("rb")
    except OSError as error:
        raise StateUnreadable(f"{file} cannot be read: {error.strerror}", "its other versions may be") from error
    with stream:
        yield iter(lambda: stream.read(_PIECE_BYTES), b"")


def content_file(home: Home, mission: Mission, version: Version) -> Path:
    """Where its bytes stand, on a disk that only the host writes to."""
    return _content(_folder(home, mission, version.name), version)


def artifact_hash(home: Home, mission: Mission, name: str) -> str | None:
    """SHA-256 of the artifact's bytes as they are now; None where it is not. Raises BadName and Refused."""
    digest = hashlib.sha256()
    try:
        with open_artifact(home, mission, name) as pieces:
            for piece in pieces:
                digest.update(piece)
    except NotFound:
        return None
    return digest.hexdigest()


def agent_version(versions: tuple[Version, ...]) -> Version | None:
    """What an agent left last, whatever a person has made of it since."""
    return next((version for version in reversed(versions) if version.run_id is not None), None)


def _folder(home: Home, mission: Mission, name: str) -> Path:
    """No two names share one: names of artifacts hold no `%2F` of their own, nor `%00`."""
    check_artifact_name(name)
    flat = name.replace("/", "%2F")
    encoded = flat.encode()
    if len(encoded) > _LONGEST_NAME:
        mark = f"%00{hashlib.sha256(encoded).hexdigest()[:32]}"
        flat = encoded[: _LONGEST_NAME - len(mark)].decode(errors="ignore") + mark
    return folder_of(home, mission) / VERSIONS / flat


def _sweep(folder: Path) -> None:
    """Take away what a killed process had begun: whoever is here has the lock."""
    for left in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            left.unlink()


def _copy(pieces: Iterable[bytes], target: Path) -> tuple[str, int]:
    """Hash and size of what was written."""
    digest, size = hashlib.sha256(), 0
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for piece in pieces:
                digest.update(piece)
                size += file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise storage_failed(error, target) from error
    return digest.hexdigest(), size


def _publish(making: Path, folder: Path, version: Version) -> None:
    """First the bytes, then the word that they are a version."""
    content = _content(folder, version)
    try:
        making.replace(content)
        fsync_folder(folder)
    except OSError as error:
        raise storage_failed(error, content) from error
    about = json.dumps(asdict(version), indent=2, ensure_ascii=False).encode("utf-8", "surrogateescape")
    replace_file(_about(folder, version.number), about + b"\n")


def _content(folder: Path, version: Version) -> Path:
    suffix = _SUFFIX.search(version.name)
    return folder / f"{version.number:04d}{suffix.group() if suffix else ''}"


def _about(folder: Path, number: int) -> Path:
    return folder / f"{number:04d}.about.json"


def _numbers(folder: Path) -> list[int]:
    """Also of those that cannot be read: theirs is not given again."""
    try:
        return [int(found.group(1)) for entry in folder.iterdir() if (found := _ABOUT.fullmatch(entry.name))]
    except FileNotFoundError:
        return []


def _name_in(folder: Path) -> str | None:
    for number in sorted(_numbers(folder), reverse=True):
        try:
            name = str(json.loads(_about(folder, number).read_bytes())["name"])
            check_artifact_name(name)
        except (OSError, ValueError, KeyError, TypeError, BadName):
            continue
        return name
    return None


def _read_about(file: Path, name: str, number: int) -> Version | None:
    try:
        row = json.loads(file.read_bytes())
        return Version(
            name, number, str(row["by"]), str(row["at"]), str(row["sha256"]), int(row["size"]), row["run_id"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
