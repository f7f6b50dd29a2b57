"""What an engine says of itself, for `sc doctor`: asked with short deadlines, and told apart why nobody answers."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal

from scopecraft.model.text import clean_line

ANSWER_SECONDS = 3
UNIX = "unix://"
PODMANS_INFO = "/v4.0.0/libpod/info"  # newer ones still take this version


@dataclass(frozen=True, slots=True)
class ImageFacts:
    created: str  # ISO 8601 as the engine writes it
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """Names and versions as the engine tells them; empty where it tells none."""

    name: str  # "Docker", "Podman"
    version: str
    api_version: str
    runtime: str  # the default one: "runc", "crun"
    runc_version: str
    operating_system: str
    root_folder: str
    runtimes: tuple[str, ...] = ()
    security: tuple[str, ...] = ()  # "seccomp", "rootless", "userns"
    missing_limits: tuple[str, ...] = ()  # "memory", "swap", "CPU", "number of processes"
    live_restore: bool = False
    images: Mapping[str, ImageFacts | None] | None = None  # by the names asked for


@dataclass(frozen=True, slots=True)
class NoEngine:
    """`absent`: no socket; `forbidden`: not for us; `refused`: nobody listens; `hanging`: no answer; else `failing`."""

    kind: Literal["absent", "forbidden", "refused", "hanging", "failing"]
    why: str


def ask_engine(address: str, images: Sequence[str]) -> EngineFacts | NoEngine:
    """Never raises for an engine that does not do its part; gives up on each of its few questions after 3 s."""
    closed = _knock(address)
    if closed is not None:
        return closed
    import docker
    import requests
    from docker.errors import DockerException

    try:
        client = docker.APIClient(base_url=address, version="auto", timeout=ANSWER_SECONDS)
        with closing(client):
            version, info = client.version(), client.info()
            if is_podman(version):
                info = {**info, **_told_by_podman(client)}
            return _facts(version, info, {name: _image(client, name) for name in images})
    except requests.ReadTimeout:
        return _hanging()
    except (DockerException, requests.RequestException) as error:
        # the SDK wraps what went wrong while it asked for the version
        if "timed out" in str(error).lower():
            return _hanging()
        return _failing(address, error)
    except ValueError:  # urllib's, for a host that cannot be one
        return NoEngine("failing", f"{clean_line(address, 100)} is no address of an engine")


def _failing(address: str, error: Exception) -> NoEngine:
    """In a person's words: the libraries wrap what the system said several times over, with addresses in memory."""
    at = clean_line(address, 100)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConnectionRefusedError):
            return NoEngine("refused", f"nobody listens at {at}")
        if isinstance(cause, socket.gaierror):
            return NoEngine("failing", f"no machine by the name in {at} is known")
        if isinstance(cause, ssl.SSLError):
            return NoEngine("failing", f"no secure connection to {at} came about: {cause.reason or 'TLS failed'}")
        if isinstance(cause, OSError) and cause.strerror:
            return NoEngine("failing", f"{at}: {clean_line(cause.strerror, 100)}")
        cause = cause.__cause__ or cause.__context__
    said = clean_line(str(error), 200)
    return NoEngine("failing", f"what answers at {at} is no engine" if "Connection" in said else said)


def _knock(address: str) -> NoEngine | None:
    """Why the engine's socket cannot be opened, if so; only a Unix socket tells so precisely."""
    if not address.startswith(UNIX):
        return None
    path = address.removeprefix(UNIX)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(path)
    except (FileNotFoundError, NotADirectoryError):
        return NoEngine("absent", f"there is no socket at {path}")
    except PermissionError:
        return NoEngine("forbidden", f"you may not use the socket at {path}")
    except ConnectionRefusedError:
        return NoEngine("refused", f"nobody listens at {path}")
    except (TimeoutError, BlockingIOError):  # a queue of callers that nobody serves is full
        return _hanging()
    except OSError as error:
        return NoEngine("failing", f"{path}: {error.strerror or error}")
    return None


def _hanging() -> NoEngine:
    return NoEngine("hanging", f"it takes connections, but did not answer within {ANSWER_SECONDS} s")


def _image(client: Any, name: str) -> ImageFacts | None:
    from docker.errors import ImageNotFound

    try:
        found = client.inspect_image(name)
    except ImageNotFound:
        return None
    labels = (found.get("Config") or {}).get("Labels") or {}
    return ImageFacts(str(found.get("Created", "")), {str(key): str(value) for key, value in labels.items()})


def is_podman(version: Mapping[str, Any]) -> bool:
    """Whether it answered so who speaks Docker's language, too."""
    return any("podman" in str(part.get("Name", "")).lower() for part in version.get("Components") or ())


def _told_by_podman(client: Any) -> dict[str, Any]:
    """What Podman says only in its own language, in Docker's words: in those it claims every limit and no rootless."""
    host = client.get(f"{client.base_url}{PODMANS_INFO}").json().get("host") or {}
    controllers = set(host.get("cgroupControllers") or ())
    security = host.get("security") or {}
    runtime = host.get("ociRuntime") or {}
    return {
        "MemoryLimit": "memory" in controllers,
        "CpuCfsQuota": "cpu" in controllers,
        "PidsLimit": "pids" in controllers,
        "DefaultRuntime": str(runtime.get("name", "")),
        "RuntimeVersion": str(runtime.get("version", "")),
        "SecurityOptions": [
            *(["name=seccomp"] if security.get("seccompEnabled") else ()),
            *(["name=rootless"] if security.get("rootless") else ()),
        ],
    }


def _version_of(said: str) -> str:
    """`1.1.5` of `runc version 1.1.5+ds1, commit …`."""
    found = re.search(r"\d+\.\d+\.\d+\S*", said)
    return found.group().rstrip(",") if found else ""


def _facts(version: Mapping[str, Any], info: Mapping[str, Any], images: Mapping[str, ImageFacts | None]) -> EngineFacts:
    components = {str(part.get("Name")): str(part.get("Version", "")) for part in version.get("Components") or ()}
    return EngineFacts(
        name="Podman" if is_podman(version) else "Docker",
        version=str(version.get("Version", "")),
        api_version=str(version.get("ApiVersion", "")),
        runtime=str(info.get("DefaultRuntime", "")),
        runc_version=components.get("runc", "") or _version_of(str(info.get("RuntimeVersion", ""))),
        operating_system=str(info.get("OperatingSystem", "")),
        root_folder=str(info.get("DockerRootDir", "")),
        runtimes=tuple(sorted(info.get("Runtimes") or ())),
        security=tuple(_option_name(str(option)) for option in info.get("SecurityOptions") or ()),
        missing_limits=_missing_limits(info),
        live_restore=bool(info.get("LiveRestoreEnabled")),
        images=images,
    )


def _option_name(option: str) -> str:
    """`seccomp` of `name=seccomp,profile=default`."""
    return option.split(",", 1)[0].removeprefix("name=")


def _missing_limits(info: Mapping[str, Any]) -> tuple[str, ...]:
    """Limits that the kernel or a rootless engine without delegation does not give; left unsaid they count as there."""
    limits = {"MemoryLimit": "memory", "SwapLimit": "swap", "CpuCfsQuota": "CPU", "PidsLimit": "number of processes"}
    return tuple(name for key, name in limits.items() if info.get(key) is False)
