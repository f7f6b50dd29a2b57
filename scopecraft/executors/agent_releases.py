"""The pinned releases of all agents that images can be built with, and that tests run."""

from __future__ import annotations

from scopecraft.executors import claude_release
from scopecraft.executors.npm_release import Package, Release

_CODEX = "0.169.0"

RELEASES: dict[str, Release] = {
    "claude": claude_release.RELEASE,
    "codex": Release(
        "Codex",
        _CODEX,
        {
            "amd64": Package(
                f"@openai/codex@{_CODEX}-linux-x64",
                "o05NyAOCDygSPRo1yinzxvkRSdmsZyBD9E7mbpmjRanSfM8lypqWtQgEo4XfNkwhuCR2aFu8mlGOsQGFXVbVww==",
                "vendor/x86_64-unknown-linux-musl/bin/codex",
            ),
            "arm64": Package(
                f"@openai/codex@{_CODEX}-linux-arm64",
                "NZ/DaQUpcQmxmqee7Z9uC1rzw3GhSbooawcaTe1LN5Yk+WlinUKGdTXJgClRT/9ogQEEM9TWxYzvxPfj5G/xFg==",
                "vendor/aarch64-unknown-linux-musl/bin/codex",
            ),
        },
        ("vendor/",),
    ),
}
