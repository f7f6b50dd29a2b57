"""What goes into the default agent image, as values: packages, variables, labels, Dockerfiles."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping

from scopecraft.executors.agent_releases import RELEASES, programs_of, release_of

IMAGE = "scopecraft-agent:latest"
BASE_IMAGE = "scopecraft-base:latest"
REGISTRY_BASE = "debian:bookworm-slim"
DEBOOTSTRAP = "debootstrap"  # as the place to build from, beside names of images
PACKAGES = (
    "ca-certificates",  # TLS to the model and to package registries
    "curl",
    "git",
    "git-lfs",  # for repositories that keep large files with it
    "less",  # git's pager
    "procps",  # ps and pkill: agents look after the servers that they start
    "python3",  # with its library: scripts, and http.server
    "ripgrep",  # how agents search
)
ENVIRONMENT = {"LANG": "C.UTF-8", "DISABLE_AUTOUPDATER": "1"}

VERSION_LABEL = "scopecraft.image.version"
ORIGIN_LABEL = "scopecraft.image.origin"
CLAUDE_SHA256_LABEL = "scopecraft.claude.sha256"


def recipe_version() -> str:
    """Changes whenever what goes into the image does."""
    recipe = [PACKAGES, sorted(ENVIRONMENT.items())]
    return hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:12]


def version_label(program: str) -> str:
    return f"scopecraft.{program}.version"


def agents_in(labels: Mapping[str, str]) -> tuple[str, ...]:
    """The agents whose programs an image with these labels holds."""
    return tuple(agent for agent in RELEASES if version_label(agent) in labels)


def outdated_because(
    labels: Mapping[str, str], claude_sha256: str | None = None, agents: Collection[str] = ()
) -> str | None:
    """Why an image with these labels should be built again, None if it need not; `sc doctor` says it too.

    `claude_sha256` is the digest of a program that the person chose, None for the pinned release; `agents` must be in
    it beside those that are.
    """
    if labels.get(VERSION_LABEL) != recipe_version():
        return "it was made by another version of scopecraft"
    for program in programs_of(dict.fromkeys((*agents_in(labels), *agents))):
        release, held = release_of(program), labels.get(version_label(program))
        if held is None:
            return f"it holds no {release.agent}"
        if program == "claude" and claude_sha256 is not None:
            if labels.get(CLAUDE_SHA256_LABEL) != claude_sha256:
                return f"it holds another {release.agent}"
        elif held not in release.versions:
            return f"it holds {release.agent} {held}, and {release.version} is pinned"
    return None


def base_fits(labels: Mapping[str, str], source: str | None) -> bool:
    """Whether a base with these labels is what would be made from `source` (None: from anywhere)."""
    return labels.get(VERSION_LABEL) == recipe_version() and source in (None, labels.get(ORIGIN_LABEL))


def base_labels(origin: str) -> dict[str, str]:
    return {VERSION_LABEL: recipe_version(), ORIGIN_LABEL: origin}


def agent_labels(origin: str, versions: Mapping[str, str], claude_sha256: str | None) -> dict[str, str]:
    """`versions` are those of the programs in it."""
    held = {version_label(program): version for program, version in versions.items()}
    digest = {} if claude_sha256 is None else {CLAUDE_SHA256_LABEL: claude_sha256}
    return {**base_labels(origin), **held, **digest}


def label_line(labels: Mapping[str, str]) -> str:
    """A Dockerfile's `LABEL` line."""
    return "LABEL " + " ".join(f"{name}={json.dumps(value)}" for name, value in labels.items())


def base_dockerfile(source: str) -> str:
    install = "apt-get install -y --no-install-recommends " + " ".join(PACKAGES)
    return (
        f"FROM {source}\nUSER 0\nARG DEBIAN_FRONTEND=noninteractive\n"
        f"RUN apt-get update && {install} && rm -rf /var/lib/apt/lists/*\n{label_line(base_labels(source))}\n"
    )


def program_dockerfile(base: str, programs: Iterable[str]) -> str:
    """A layer for each, so that one that stays the same is not made again."""
    return f"FROM {base}\n" + "".join(f"COPY {program}/ /\n" for program in programs)


def agent_dockerfile(image_id: str, labels: Mapping[str, str]) -> str:
    """On an image whose programs were tried: what it is called by, and how a container of it starts."""
    env = " ".join(f"{name}={value}" for name, value in ENVIRONMENT.items())
    return f'FROM {image_id}\nENV {env}\n{label_line(labels)}\nENTRYPOINT []\nCMD ["bash"]\n'
