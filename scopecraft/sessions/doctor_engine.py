"""What the engine's own words mean for scopecraft. Pure: facts in, findings out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from scopecraft.executors.agent_releases import release_of
from scopecraft.executors.engine_facts import EngineFacts, ImageFacts, NoEngine
from scopecraft.executors.image_recipe import VERSION_LABEL, agents_in, outdated_because, version_label
from scopecraft.model import clock
from scopecraft.model.duration import duration_text
from scopecraft.model.text import clean_line
from scopecraft.sessions.doctor import Finding

OLD_IMAGE_DAYS = 60
BUILD_LINE = "sc image build"
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:[-~]rc\.?(\d+))?")
_NO_CANDIDATE = 10_000  # a finished release comes after every candidate of it


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the host knows that the engine does not say."""

    is_installed: bool  # the engine's own program
    has_runsc: bool
    offered_runc: str | None  # by the system's packages; None when nobody knows
    kernel_user_namespaces: int  # how many the kernel allows, 0 for none


def engine_findings(facts: EngineFacts | NoEngine, around: Surroundings, address: str, now: datetime) -> list[Finding]:
    """Engine, runtime, isolation, limits and image; of an engine that does not answer, why and what to do."""
    if isinstance(facts, NoEngine):
        return [_no_engine(facts, around, address)]
    return [
        Finding("engine", "ok", f"{facts.name} {facts.version}, API {facts.api_version}, at {address}"),
        runtime_finding(facts, around.offered_runc),
        *_isolation(facts, around),
        _limits(facts),
        _restarts(facts),
        image_finding(facts.images or {}, now),
    ]


def runtime_finding(facts: EngineFacts, offered: str | None) -> Finding:
    """Whether the program that shuts the agent in is known to have holes."""
    version = clean_line(facts.runc_version, 40)
    if facts.runtime != "runc" or not version:
        return Finding(
            "runtime", "info", f"containers run with {clean_line(facts.runtime, 40) or 'an unnamed runtime'}"
        )
    fixed = is_mended(version)
    if fixed is None:
        return Finding("runtime", "info", f"runc of an unknown version: {version}")
    if fixed:
        return Finding("runtime", "ok", f"runc {version}")
    text = f"runc {version} is known to let a container out (CVE-2025-31133 and two more, mended in 1.2.8 and 1.3.3)"
    if offered is None:
        return Finding("runtime", "warn", text, "update runc to 1.2.8, 1.3.3 or newer, and restart the engine")
    if is_mended(offered):
        return Finding("runtime", "warn", text, "apt-get install --only-upgrade runc, and restart the engine")
    system = clean_line(facts.operating_system, 60) or "this system"
    return Finding("runtime", "warn", f"{text}; {system} offers no newer one")


def is_mended(version: str) -> bool | None:
    """Whether this runc is past the escapes of November 2025; None for a version that is no version.

    A distribution may have carried the patches back into an older number; that cannot be seen from here.
    """
    found = _VERSION.match(version)
    if found is None:
        return None
    major, minor, patch = (int(part) for part in found.groups()[:3])
    candidate = int(found.group(4)) if found.group(4) else _NO_CANDIDATE
    if (major, minor) == (1, 2):
        return (patch, candidate) >= (8, _NO_CANDIDATE)
    if (major, minor) == (1, 3):
        return (patch, candidate) >= (3, _NO_CANDIDATE)
    return (major, minor, patch, candidate) >= (1, 4, 0, 3)


def image_finding(images: Mapping[str, ImageFacts | None], now: datetime) -> Finding:
    """The first image that the engine has, of those that a start would try in this order."""
    chosen = next(((name, image) for name, image in images.items() if image is not None), None)
    if chosen is None:
        name = list(images)[-1] if images else "for agents"
        ours = name.startswith("scopecraft-agent")
        mend = BUILD_LINE if ours else f"load or build {name}, or change container.image in the settings"
        return Finding("image", "missing", f"the engine has no image {name}", mend)
    name, image = chosen
    age = _age(image, now)
    held = agents_in(image.labels)
    parts = [
        name,
        *(f"{release_of(each).agent} {clean_line(image.labels[version_label(each)], 30)}" for each in held),
        f"made {duration_text(age)} ago" if age else "",
    ]
    text = ", ".join(part for part in parts if part)
    if VERSION_LABEL not in image.labels:
        return Finding("image", "ok", text)  # the person's own: theirs to keep up to date
    reason = outdated_because(image.labels)
    if reason is not None:
        return Finding("image", "info", f"{text}; {clean_line(reason)}", BUILD_LINE)
    if age > OLD_IMAGE_DAYS * 86400:
        return Finding("image", "info", f"{text}; its packages have had no updates since", f"{BUILD_LINE} --force")
    return Finding("image", "ok", text)


def _age(image: ImageFacts, now: datetime) -> float:
    """Seconds; 0 where the engine's time cannot be read."""
    # engines write nanoseconds, more digits than Python reads
    text = re.sub(r"(\.\d{6})\d+", r"\1", image.created)
    try:
        return max(0.0, (now - clock.from_text(text)).total_seconds())
    except ValueError:
        return 0.0


def _no_engine(facts: NoEngine, around: Surroundings, address: str) -> Finding:
    look = "see whether DOCKER_HOST, or engine.host in the settings, is right"
    start = "systemctl start docker" if around.is_installed else "apt-get install docker.io, or install Podman"
    if not address.startswith("unix://"):  # another machine's, maybe
        start = f"start it there, or {look}"
    mends = {
        "absent": start,
        "refused": start,
        "forbidden": 'usermod -aG docker "$USER" as root, then log in again',
        "hanging": "journalctl -u docker says why; a restart of it ends containers, but for live-restore",
        "failing": look,
    }
    words = {"hanging": "hangs", "forbidden": "is not yours to use"}
    text = f"the engine at {address} {words.get(facts.kind, 'is not there')}: {facts.why}"
    return Finding("engine", "missing", text, mends[facts.kind])


def _isolation(facts: EngineFacts, around: Surroundings) -> list[Finding]:
    in_use = {"userns", "rootless"} & set(facts.security)
    if in_use:
        users = Finding("user namespaces", "ok", "in use: root in a container is nobody outside")
    elif around.kernel_user_namespaces:
        users = Finding("user namespaces", "info", "at hand, but the engine does not use them (a rootless one would)")
    else:
        users = Finding("user namespaces", "info", "turned off in the kernel")
    if "runsc" in facts.runtimes:
        gvisor = Finding("gVisor", "ok", "the engine knows runsc")
    elif around.has_runsc:
        gvisor = Finding("gVisor", "info", "runsc is installed, but the engine does not know it", "runsc install")
    else:
        gvisor = Finding("gVisor", "info", "not at hand")
    return [users, gvisor]


def _limits(facts: EngineFacts) -> Finding:
    lost = [name for name in facts.missing_limits if name != "swap"]
    if lost:
        text = f"the engine cannot limit {', '.join(lost)}: a session may take all there is"
        return Finding("limits", "warn", text, "enable these cgroup controllers (a rootless engine: delegate them)")
    if "swap" in facts.missing_limits:
        mend = "boot with swapaccount=1, or turn swap off"
        return Finding("limits", "info", "memory, CPU and processes are limited, swap is not", mend)
    return Finding("limits", "ok", "memory, CPU and processes can be limited")


def _restarts(facts: EngineFacts) -> Finding:
    if facts.live_restore:
        return Finding("live-restore", "ok", "sessions outlive a restart of the engine")
    mend = '"live-restore": true in /etc/docker/daemon.json, then systemctl reload docker'
    if facts.name == "Podman":
        return Finding("live-restore", "ok", "Podman's containers do not depend on its service")
    return Finding("live-restore", "info", "a restart of the engine ends running sessions", mend)
