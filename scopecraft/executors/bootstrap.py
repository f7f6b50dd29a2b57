"""A Debian (or Ubuntu) root folder from `debootstrap`, for machines that reach packages but no image registry.

Mirror, suite, components and proxy come from apt's own configuration: whatever this machine installs from, the image
is made from.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scopecraft.errors import ImageBuildFailed

FROM_REGISTRY = "or build on an image of a registry: sc image build --from IMAGE"
INDEX_FORMAT = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)"
COMPONENTS = ("main", "universe")  # universe is where Ubuntu keeps ripgrep
SCHEMES = ("http://", "https://", "file:/")
# Nobody reads these in a container, and they are a quarter of its size.
UNREAD = ("usr/share/man", "usr/share/info", "usr/share/locale", "var/cache/apt", "var/lib/apt/lists")
STAGES = {
    "I: Retrieving Packages": "reading the list of packages",
    "I: Checking component": "downloading packages",
    "I: Extracting": "unpacking the core",
    "I: Installing core packages": "installing the core",
    "I: Unpacking the base system": "installing the other packages",
}


@dataclass(frozen=True, slots=True)
class Archive:
    """Where packages come from, in apt's words."""

    mirror: str
    suite: str
    components: tuple[str, ...]
    proxies: Mapping[str, str]  # as variables: http_proxy, https_proxy


def archive_of_this_system() -> Archive:
    """Raises ImageBuildFailed where apt knows none."""
    suite = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    lines = _index_targets()
    if not lines:  # a machine that never asked has no lists yet
        _words_of(["apt-get", "update"])
        lines = _index_targets()
    mirror, components = choose_mirror(lines, suite)
    return Archive(mirror, suite, components, _proxies())


def choose_mirror(lines: Iterable[str], suite: str) -> tuple[str, tuple[str, ...]]:
    """Of lines `mirror|release|component` the first mirror that has the suite and that debootstrap can read."""
    found: dict[str, list[str]] = {}
    for line in lines:
        mirror, release, component = line.split("|", 2)
        if release == suite and mirror.startswith(SCHEMES) and component in COMPONENTS:
            found.setdefault(mirror, []).append(component)
    for mirror, components in found.items():
        if "main" in components:
            return mirror, tuple(dict.fromkeys(components))
    raise ImageBuildFailed(f"apt knows no mirror of {suite or 'this system'!r}", FROM_REGISTRY)


def refuse_unless_possible() -> None:
    """ImageBuildFailed, with what is missing, where debootstrap cannot work."""
    if os.geteuid() != 0:
        raise ImageBuildFailed("debootstrap needs root", f"sudo sc image build, {FROM_REGISTRY}")
    missing = [tool for tool in ("debootstrap", "apt-get", "tar", "unshare") if shutil.which(tool) is None]
    if missing:
        raise ImageBuildFailed(f"not there: {', '.join(missing)}", f"apt-get install debootstrap, {FROM_REGISTRY}")


def bootstrap(archive: Archive, packages: Iterable[str], folder: Path, say: Callable[[str], None]) -> Path:
    """The root folder, with the packages and what they need, trimmed. Raises ImageBuildFailed."""
    root = folder / "root"
    command = [
        # mounts that debootstrap makes end with it, whatever happens
        *("unshare", "--mount", "debootstrap", "--variant=minbase", "--force-check-gpg"),
        f"--components={','.join(archive.components)}",
        f"--include={','.join(packages)}",
        *(archive.suite, str(root), archive.mirror),
    ]
    say(f"making {archive.suite} with debootstrap")
    _follow(command, {**os.environ, **archive.proxies}, say)
    _trim(root)
    return root


def _index_targets() -> list[str]:
    return _words_of(["apt-get", "indextargets", "--format", INDEX_FORMAT, "Created-By: Packages"])


def _proxies() -> dict[str, str]:
    answer = _words_of(["apt-config", "--format", "%F=%v%n", "dump", "Acquire::http::Proxy", "Acquire::https::Proxy"])
    pairs = dict(line.split("=", 1) for line in answer if "=" in line)
    named = {f"{kind}_proxy": pairs.get(f"Acquire::{kind}::Proxy", "") for kind in ("http", "https")}
    return {name: value for name, value in named.items() if value not in ("", "DIRECT", "false")}


def _words_of(command: list[str]) -> list[str]:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ImageBuildFailed(f"{command[0]} did not answer: {error}", FROM_REGISTRY) from error
    if done.returncode != 0:
        raise ImageBuildFailed(f"{' '.join(command[:2])} failed: {done.stderr.strip()[-300:]}", FROM_REGISTRY)
    return done.stdout.splitlines()


def _follow(command: list[str], env: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Runs it in a group of its own, so that an interrupt ends all of it before anything is removed."""
    running = subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    with running:
        try:
            complaints = _report(running.stdout or (), say)
            status = running.wait()
        except BaseException:  # raised again: an interruption, too, leaves nothing half done
            _end(running)
            raise
    if status != 0:
        raise ImageBuildFailed(
            f"debootstrap failed: {'; '.join(complaints) or f'exit code {status}'}", f"try again, {FROM_REGISTRY}"
        )


def _report(lines: Iterable[str], say: Callable[[str], None]) -> list[str]:
    """Says each stage once; answers with the last complaints."""
    said: set[str] = set()
    complaints: list[str] = []
    for line in lines:
        stage = next((words for start, words in STAGES.items() if line.startswith(start)), None)
        if stage and stage not in said:
            said.add(stage)
            say(stage)
        if line.startswith(("E:", "W:", "debootstrap:", "unshare:")):
            complaints.append(line.strip()[:200])
    return complaints[-3:]


def _end(running: subprocess.Popen[str]) -> None:
    for number, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(running.pid, number)
            running.wait(seconds)
            return


def _trim(root: Path) -> None:
    for name in UNREAD:
        for entry in (root / name).iterdir() if (root / name).is_dir() else ():
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    for entry in (root / "usr/share/doc").glob("*/*"):
        if entry.name != "copyright" and not entry.is_dir():
            entry.unlink()
