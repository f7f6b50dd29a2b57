"""The pinned release of Claude Code: the program that goes into the agent image, and that tests run on the host."""

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
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scopecraft.errors import AgentMissing

VERSION = "2.1.329"
DOWNLOAD_SECONDS = 1800
OWN_FILE = "or give a file that you have: sc image build --claude-binary PATH"


@dataclass(frozen=True, slots=True)
class Package:
    name: str
    sha512: str  # of the packed file, base64 as in a package lock


PACKAGES = {
    "amd64": Package(
        "@anthropic-ai/claude-code-linux-x64",
        "+n4lu1ubYAp02Y0X/MAUnxw9yY6SHHZ77F+IoW+V0wVoFuiI9opdH6gofjf14gXJCEYMTNpks7Gn1i8XZTKAWA==",
    ),
    "arm64": Package(
        "@anthropic-ai/claude-code-linux-arm64",
        "IiG5umFToSCVWqB1lEsxxwIxKgxPXyZ3DRU915v8J4Bz5Q3JpslM0ew1m5yaT+lFXBPvYxmsEgi0XI68XHND0A==",
    ),
}


def host_architecture() -> str:
    """This machine's architecture in the engine's words: `amd64`, `arm64`, or what it calls itself."""
    machine = platform.machine().lower()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


def fetch(folder: Path, say: Callable[[str], None], architecture: str | None = None) -> Path:
    """The pinned program as `<folder>/claude`, fetched with npm unless it is there. Raises AgentMissing."""
    package = _package(architecture or host_architecture())
    folder = folder.absolute()
    program, mark = folder / "claude", folder / "claude.sha512"
    if program.is_file() and mark.is_file() and mark.read_text() == package.sha512:
        return program
    mark.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sc-claude-", dir=folder) as scratch:
        say(f"fetching Claude Code {VERSION} with npm")
        packed = _pack(package, Path(scratch))
        verify(packed, package.sha512)
        _unpack(packed, Path(scratch) / "claude").replace(program)
    mark.write_text(package.sha512)
    return program


def verify(packed: Path, sha512: str) -> None:
    """AgentMissing unless the file is byte for byte the pinned one."""
    with packed.open("rb") as file:
        digest = base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()
    if digest != sha512:
        raise AgentMissing(
            f"{packed.name} is not the file that was pinned (sha512 {digest[:12]}…, pinned {sha512[:12]}…)",
            "look at your npm registry settings: npm config get registry; " + OWN_FILE,
        )


def _package(architecture: str) -> Package:
    if architecture not in PACKAGES:
        raise AgentMissing(
            f"there is no Claude Code for {architecture}", f"it runs on {' and '.join(sorted(PACKAGES))} only"
        )
    return PACKAGES[architecture]


def _pack(package: Package, folder: Path) -> Path:
    """npm's own download: it knows the person's registry, proxy and certificates."""
    npm = shutil.which("npm")
    if npm is None:
        raise AgentMissing("npm is not there to fetch Claude Code with", f"install npm, {OWN_FILE}")
    wanted = f"{package.name}@{VERSION}"
    command = [npm, "pack", wanted, "--pack-destination", str(folder), "--loglevel", "error"]
    env = {**os.environ, "npm_config_update_notifier": "false"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=DOWNLOAD_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise AgentMissing(f"npm did not fetch {wanted} in {DOWNLOAD_SECONDS} s", OWN_FILE) from error
    packed = next(folder.glob("*.tgz"), None)
    if done.returncode != 0 or packed is None:
        raise AgentMissing(
            f"npm could not fetch {wanted}: {_reason(done.stderr)}", f"is the registry reachable? {OWN_FILE}"
        )
    return packed


def _reason(stderr: bytes) -> str:
    """npm's first few lines as one, without the words that stand before each."""
    lines = [re.sub(r"^npm (error|ERR!) ?", "", line) for line in stderr.decode(errors="replace").splitlines()]
    return "; ".join([line for line in lines if line.strip()][:3])[:300] or "no reason given"


def _unpack(packed: Path, program: Path) -> Path:
    with tarfile.open(packed, "r:gz") as archive:
        source = archive.extractfile("package/claude")
        if source is None:
            raise AgentMissing(f"{packed.name} holds no program", OWN_FILE)
        with source, program.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
    program.chmod(0o755)
    return program
