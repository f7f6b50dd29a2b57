"""The pinned release of Claude Code: the program that goes into the agent image, and that tests run on the host."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scopecraft.executors import npm_release
from scopecraft.executors.npm_release import Package, Release, host_architecture, verify

__all__ = ["PACKAGES", "RELEASE", "VERSION", "fetch", "host_architecture", "verify"]

VERSION = "2.1.329"
PACKAGES = {
    "amd64": Package(
        f"@anthropic-ai/claude-code-linux-x64@{VERSION}",
        "+n4lu1ubYAp02Y0X/MAUnxw9yY6SHHZ77F+IoW+V0wVoFuiI9opdH6gofjf14gXJCEYMTNpks7Gn1i8XZTKAWA==",
        "claude",
    ),
    "arm64": Package(
        f"@anthropic-ai/claude-code-linux-arm64@{VERSION}",
        "IiG5umFToSCVWqB1lEsxxwIxKgxPXyZ3DRU915v8J4Bz5Q3JpslM0ew1m5yaT+lFXBPvYxmsEgi0XI68XHND0A==",
        "claude",
    ),
}
RELEASE = Release(
    "Claude Code",
    VERSION,
    PACKAGES,
    ("claude",),
    "give a file that you have: sc image build --claude-binary PATH",
)


def fetch(folder: Path, say: Callable[[str], None], architecture: str | None = None) -> Path:
    """The pinned program as `<folder>/claude`, fetched with npm unless it is there. Raises AgentMissing."""
    return npm_release.fetch(RELEASE, folder, say, architecture)
