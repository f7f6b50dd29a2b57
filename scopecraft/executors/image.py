"""Building the default agent image: a small Debian with what coding agents reach for, and Claude Code.

In two steps: a base of packages, from a registry image or from debootstrap, and on it the agent's program. The base
keeps a name of its own, so that a new release of the agent costs seconds. A name is given last, to an image whose
programs were seen to work: whatever goes wrong leaves the image of before.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from scopecraft.errors import BadInput, ImageBuildFailed, StorageFailed
from scopecraft.executors import claude_release
from scopecraft.executors import image_recipe as recipe
from scopecraft.executors.bootstrap import archive_of_this_system, bootstrap, refuse_unless_possible
from scopecraft.executors.image_engine import ImageEngine

Say = Callable[[str], None]

NEEDED_BYTES = 2_000_000_000
ELF = b"\x7fELF"
TRIAL = "git --version && rg --version && curl --version && python3 -c 'import http.server, ssl'"


@dataclass(frozen=True, slots=True)
class ImageRequest:
    claude_binary: Path | None = None  # None: the pinned release, fetched with npm
    source: str | None = None  # an image to build on, or DEBOOTSTRAP; None: REGISTRY_BASE, else debootstrap
    force: bool = False  # make everything anew, also what is up to date
    name: str = recipe.IMAGE
    base_name: str = recipe.BASE_IMAGE


def build_default_image(address: str, request: ImageRequest, say: Say) -> str:
    """The image's name, once the engine at `address` has it up to date. Takes minutes where it must be made.

    Raises ImageBuildFailed, AgentMissing, EngineUnavailable, BadInput, StorageFailed. Nothing is left half done.
    """
    own = None if request.claude_binary is None else digest_of_program(request.claude_binary)
    with closing(ImageEngine(address)) as engine:
        reason = _reason_to_build(engine, request, own)
        if reason is None:
            say(f"{request.name} is up to date; --force builds it anew")
            return request.name
        say(f"building {request.name}: {reason}")
        with tempfile.TemporaryDirectory(prefix="sc-image-", dir=_spacious_folder()) as scratch:
            folder = Path(scratch)
            # what can fail early does: the base takes far longer
            program = request.claude_binary or claude_release.fetch(folder / "claude", say, engine.architecture)
            _make_base(engine, request, folder, say)
            _make_image(engine, request, program, say)
    return request.name


def digest_of_program(path: Path) -> str:
    """Its SHA-256. BadInput if it is not a Linux program."""
    try:
        with path.open("rb") as file:
            if file.read(len(ELF)) != ELF:
                raise BadInput(f"{path} is not a Linux program", "give the native `claude` binary, not a script")
            file.seek(0)
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error


def _reason_to_build(engine: ImageEngine, request: ImageRequest, own: str | None) -> str | None:
    labels = engine.labels(request.name)
    if labels is None:
        return "there is none yet"
    return "asked to" if request.force else recipe.outdated_because(labels, own)


def _spacious_folder() -> Path:
    """Not /tmp, which is memory on many systems and often forbids the device files that debootstrap makes."""
    folder = next(f for f in (os.environ.get("TMPDIR"), "/var/tmp", "/tmp") if f and Path(f).is_dir())
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise StorageFailed(
            f"{folder} has {free // 10**6} MB free, building needs {NEEDED_BYTES // 10**6}",
            "free some, or set TMPDIR to a folder on another disk",
        )
    return Path(folder)


def _make_base(engine: ImageEngine, request: ImageRequest, folder: Path, say: Say) -> None:
    labels = engine.labels(request.base_name) or {}
    if recipe.base_fits(labels, request.source) and not request.force:
        say(f"on {request.base_name} as it is; --force fetches its packages anew")
        return
    engine.tag(_new_base(engine, request.source, folder, say), request.base_name)


def _new_base(engine: ImageEngine, source: str | None, folder: Path, say: Say) -> str:
    if source not in (None, recipe.DEBOOTSTRAP):
        return _base_from_image(engine, str(source), say)
    if source is None:
        try:
            return _base_from_image(engine, recipe.REGISTRY_BASE, say)
        except ImageBuildFailed as error:
            say(f"not from a registry: {error.message}")
    return _base_from_packages(engine, folder, say)


def _base_from_image(engine: ImageEngine, source: str, say: Say) -> str:
    if engine.labels(source) is None:
        say(f"pulling {source}")
        engine.pull(source)
    say(f"installing packages on {source}")
    proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    with _context(recipe.base_dockerfile(source)) as context:
        return engine.build(context, what=f"installing packages on {source}", fresh=True, proxies=proxies)


def _base_from_packages(engine: ImageEngine, folder: Path, say: Say) -> str:
    refuse_unless_possible()
    here = claude_release.host_architecture()
    if engine.architecture != here:
        raise ImageBuildFailed(
            f"debootstrap makes {here}, the engine runs {engine.architecture}", "sc image build --from IMAGE"
        )
    root = bootstrap(archive_of_this_system(), recipe.PACKAGES, folder, say)
    say("handing the base to the engine")
    image = _import(engine, root, [recipe.label_line(recipe.base_labels(recipe.DEBOOTSTRAP))])
    shutil.rmtree(root)
    return image


def _import(engine: ImageEngine, root: Path, changes: list[str]) -> str:
    packing = subprocess.Popen(["tar", "--numeric-owner", "-C", str(root), "-c", "."], stdout=subprocess.PIPE)
    with packing, packing.stdout or io.BytesIO() as tree:
        image = engine.import_root(tree, changes)
    if packing.returncode != 0:
        engine.forget(image)
        raise ImageBuildFailed("tar could not read what debootstrap made", "try again; is the disk full?")
    return image


def _make_image(engine: ImageEngine, request: ImageRequest, program: Path, say: Say) -> None:
    """Builds it, tries it, and only then lets it be known by name."""
    say("adding Claude Code")
    with _context(recipe.program_dockerfile(request.base_name), program) as context:
        untried = engine.build(context, what="adding Claude Code", fresh=request.force, proxies={})
    try:
        say("trying its programs in a container")
        engine.try_out(untried, ["sh", "-c", TRIAL])
        version = engine.try_out(untried, ["claude", "--version"]).partition(" ")[0]
        origin = (engine.labels(untried) or {}).get(recipe.ORIGIN_LABEL, request.base_name)
        labels = recipe.agent_labels(origin, version, digest_of_program(program))
        with _context(recipe.agent_dockerfile(untried, labels)) as context:
            finished = engine.build(context, what="naming the image", fresh=False, proxies={})
    except BaseException:
        engine.forget(untried)
        raise
    engine.tag(finished, request.name)
    say(f"{request.name} is ready: Claude Code {version} on {origin}")


@contextmanager
def _context(dockerfile: str, program: Path | None = None) -> Iterator[IO[bytes]]:
    """What the engine builds from, as a tar."""
    with tempfile.TemporaryFile(dir=_spacious_folder()) as context:
        with tarfile.open(fileobj=context, mode="w") as tar:
            text = dockerfile.encode()
            entry = tarfile.TarInfo("Dockerfile")
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text))
            if program is not None:
                tar.add(program, "claude", recursive=False, filter=_plain_program)
        context.seek(0)
        yield context


def _plain_program(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Nobody's in particular, and always the same: then the engine knows it again."""
    entry.uid, entry.gid, entry.uname, entry.gname, entry.mode, entry.mtime = 0, 0, "", "", 0o755, 0
    return entry
