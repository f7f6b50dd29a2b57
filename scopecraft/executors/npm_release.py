"""Pinned releases of agents' programs, fetched with npm: byte for byte the same everywhere, and only once."""

from __future__ import annotations

import base64
import hashlib
import os
import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scopecraft.errors import AgentMissing

DOWNLOAD_SECONDS = 1800
INSIDE = "package/"  # where npm packs everything


@dataclass(frozen=True, slots=True)
class Package:
    spec: str  # name and version as npm takes them
    sha512: str  # of the packed file, base64 as in a package lock
    program: str  # its path in the package
    version: str = ""  # where it is another than the release's


@dataclass(frozen=True, slots=True)
class Release:
    agent: str  # as a person calls it
    version: str
    packages: Mapping[str, Package]  # by architecture, in the engine's words
    kept: tuple[str, ...]  # beginnings of the paths that are unpacked
    other_way: str = ""  # a hint: how to do without this download

    @property
    def versions(self) -> frozenset[str]:
        """That of each architecture."""
        return frozenset(package.version or self.version for package in self.packages.values())


def host_architecture() -> str:
    """This machine's architecture in the engine's words: `amd64`, `arm64`, or what it calls itself."""
    machine = platform.machine().lower()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


def fetch(release: Release, folder: Path, say: Callable[[str], None], architecture: str | None = None) -> Path:
    """The program, below `folder`; fetched with npm unless it is there. Raises AgentMissing."""
    package = _package(release, architecture or host_architecture())
    folder = folder.absolute()
    program = folder / package.program
    mark = folder / f"{program.name}.sha512"
    if program.is_file() and mark.is_file() and mark.read_text() == package.sha512:
        return program
    mark.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sc-release-", dir=folder) as scratch:
        say(f"fetching {release.agent} {package.version or release.version} with npm")
        packed = _pack(release, package, Path(scratch))
        verify(packed, package.sha512, release.other_way)
        _unpack(packed, release, Path(scratch) / "new")
        _put(Path(scratch) / "new", folder, Path(scratch))
    if not program.is_file():
        raise AgentMissing(f"{package.spec} holds no {package.program}", release.other_way)
    mark.write_text(package.sha512)
    return program


def verify(packed: Path, sha512: str, other_way: str = "") -> None:
    """AgentMissing unless the file is byte for byte the pinned one."""
    with packed.open("rb") as file:
        digest = base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()
    if digest != sha512:
        raise AgentMissing(
            f"{packed.name} is not the file that was pinned (sha512 {digest[:12]}…, pinned {sha512[:12]}…)",
            _hint("look at your npm registry settings: npm config get registry", other_way),
        )


def _package(release: Release, architecture: str) -> Package:
    if architecture not in release.packages:
        raise AgentMissing(
            f"there is no {release.agent} for {architecture}",
            f"it runs on {' and '.join(sorted(release.packages))} only",
        )
    return release.packages[architecture]


def _pack(release: Release, package: Package, folder: Path) -> Path:
    """npm's own download: it knows the person's registry, proxy and certificates."""
    npm = shutil.which("npm")
    if npm is None:
        raise AgentMissing(f"npm is not there to fetch {release.agent} with", _hint("install npm", release.other_way))
    command = [npm, "pack", package.spec, "--pack-destination", str(folder), "--loglevel", "error"]
    env = {**os.environ, "npm_config_update_notifier": "false"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=DOWNLOAD_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise AgentMissing(
            f"npm did not fetch {package.spec} in {DOWNLOAD_SECONDS} s", _hint("try again", release.other_way)
        ) from error
    packed = next(folder.glob("*.tgz"), None)
    if done.returncode != 0 or packed is None:
        raise AgentMissing(
            f"npm could not fetch {package.spec}: {_reason(done.stderr)}",
            _hint("is the registry reachable?", release.other_way),
        )
    return packed


def _hint(first: str, other_way: str) -> str:
    return f"{first}, or {other_way}" if other_way else first


def _reason(stderr: bytes) -> str:
    """npm's first few lines as one, without the words that stand before each."""
    lines = [re.sub(r"^npm (error|ERR!) ?", "", line) for line in stderr.decode(errors="replace").splitlines()]
    return "; ".join([line for line in lines if line.strip()][:3])[:300] or "no reason given"


def _unpack(packed: Path, release: Release, folder: Path) -> None:
    """The plain files that are kept, under their own paths."""
    with tarfile.open(packed, "r:gz") as archive:
        for entry in archive:
            path = entry.name.removeprefix(INSIDE)
            if not entry.isfile() or not path.startswith(release.kept) or ".." in Path(path).parts:
                continue
            source = archive.extractfile(entry)
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            assert source is not None  # of a plain file
            with source, target.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
            target.chmod(0o755 if entry.mode & 0o111 else 0o644)


def _put(made: Path, folder: Path, aside: Path) -> None:
    """What was unpacked, in place of what was there before."""
    for entry in sorted(made.iterdir()) if made.is_dir() else []:
        there = folder / entry.name
        if there.is_dir():
            there.rename(aside / f"old-{entry.name}")
        entry.replace(there)
