"""Building the default agent image: a small Debian with what coding agents reach for, and the agents' programs.

In two steps: a base of packages, from a registry image or from debootstrap, and on it the programs. The base
keeps a name of its own, so that a new release of the agent costs seconds. A name is given last, to an image whose
programs were seen to work: whatever goes wrong leaves the image of before.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from scopecraft.errors import BadInput, ImageBuildFailed, StorageFailed
from scopecraft.executors import image_recipe as recipe
from scopecraft.executors.agent_releases import programs_of, release_of
from scopecraft.executors.bootstrap import archive_of_this_system, bootstrap, refuse_unless_possible
from scopecraft.executors.image_engine import ImageEngine
from scopecraft.executors.image_programs import ImageProgram, fetched_program, own_program, write_context
from scopecraft.executors.npm_release import host_architecture

Say = Callable[[str], None]

NEEDED_BYTES = 2_000_000_000
BYTES_FOR_EACH_AGENT = 800_000_000
DEFAULT_AGENT = "claude"
ELF = b"\x7fELF"
_VERSION = re.compile(r"\d+\.\d+\.\d+\S*")
TRIAL = "git --version && git lfs version && rg --version && curl --version && python3 -c 'import http.server, ssl'"


@dataclass(frozen=True, slots=True)
class ImageRequest:
    claude_binary: Path | None = None  # None: the pinned release, fetched with npm
    source: str | None = None  # an image to build on, or DEBOOTSTRAP; None: REGISTRY_BASE, else debootstrap
    force: bool = False  # make everything anew, also what is up to date
    agents: tuple[str, ...] = ()  # beside those that the image holds already; none and no image: DEFAULT_AGENT
    name: str = recipe.IMAGE
    base_name: str = recipe.BASE_IMAGE
    releases: Path | None = None  # where what is fetched stays for the next time; None: nowhere


def build_default_image(address: str, request: ImageRequest, say: Say) -> str:
    """The image's name, once the engine at `address` has it up to date. Takes minutes where it must be made.

    Raises ImageBuildFailed, AgentMissing, EngineUnavailable, BadInput, StorageFailed. Nothing is left half done.
    """
    own = None if request.claude_binary is None else digest_of_program(request.claude_binary)
    programs_of(request.agents)
    with closing(ImageEngine(address)) as engine:
        agents = _agents_of(engine, request)
        reason = _reason_to_build(engine, request, agents, own)
        if reason is None:
            say(f"{request.name} is up to date; --force builds it anew")
            return request.name
        say(f"building {request.name}: {reason}")
        needed = NEEDED_BYTES + BYTES_FOR_EACH_AGENT * (len(agents) - 1)
        with tempfile.TemporaryDirectory(prefix="sc-image-", dir=_spacious_folder(needed)) as scratch:
            folder = Path(scratch)
            # what can fail early does: the base takes far longer
            programs = [_program(engine, request, name, folder, say) for name in programs_of(agents)]
            _make_base(engine, request, folder, say)
            _make_image(engine, request, programs, say)
    return request.name


def _agents_of(engine: ImageEngine, request: ImageRequest) -> tuple[str, ...]:
    """Those that the image holds, and those that are wanted: whoever adds one does not lose another."""
    held = recipe.agents_in(engine.labels(request.name) or {})
    wanted = (*request.agents, DEFAULT_AGENT) if request.claude_binary is not None else request.agents
    return tuple(dict.fromkeys((*held, *wanted))) or (DEFAULT_AGENT,)


def _program(engine: ImageEngine, request: ImageRequest, name: str, folder: Path, say: Say) -> ImageProgram:
    """Its files, fetched to the request's place for them, else below `folder`."""
    if name == "claude" and request.claude_binary is not None:
        return own_program(name, request.claude_binary)
    kept = (request.releases or folder) / f"{name}-{release_of(name).version}"
    return fetched_program(name, kept, say, engine.architecture)


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


def _reason_to_build(
    engine: ImageEngine, request: ImageRequest, agents: tuple[str, ...], own: str | None
) -> str | None:
    labels = engine.labels(request.name)
    if labels is None:
        return "there is none yet"
    return "asked to" if request.force else recipe.outdated_because(labels, own, agents)


def _spacious_folder(needed: int = NEEDED_BYTES) -> Path:
    """Not /tmp, which is memory on many systems and often forbids the device files that debootstrap makes."""
    folder = next(f for f in (os.environ.get("TMPDIR"), "/var/tmp", "/tmp") if f and Path(f).is_dir())
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageFailed(
            f"{folder} has {free // 10**6} MB free, building needs {needed // 10**6}",
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
    here = host_architecture()
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


def _make_image(engine: ImageEngine, request: ImageRequest, programs: list[ImageProgram], say: Say) -> None:
    """Builds it, tries it, and only then lets it be known by name."""
    names = [program.name for program in programs]
    what = f"adding {' and '.join(release_of(name).agent for name in names)}"
    say(what)
    with _context(recipe.program_dockerfile(request.base_name, names), programs) as context:
        untried = engine.build(context, what=what, fresh=request.force, proxies={})
    try:
        say("trying its programs in a container")
        engine.try_out(untried, ["sh", "-c", TRIAL])
        versions = {name: _version(engine.try_out(untried, [name, "--version"])) for name in names}
        origin = (engine.labels(untried) or {}).get(recipe.ORIGIN_LABEL, request.base_name)
        labels = recipe.agent_labels(origin, versions, _claude_digest(programs))
        with _context(recipe.agent_dockerfile(untried, labels)) as context:
            finished = engine.build(context, what="naming the image", fresh=False, proxies={})
    except BaseException:  # raised again: an interruption, too, leaves nothing half done
        engine.forget(untried)
        raise
    engine.tag(finished, request.name)
    held = ", ".join(f"{release_of(name).agent} {version}" for name, version in versions.items())
    say(f"{request.name} is ready: {held} on {origin}")


def _version(words: str) -> str:
    """The first version in what a program says of itself."""
    found = _VERSION.search(words)
    return found[0] if found else "without a version"


def _claude_digest(programs: list[ImageProgram]) -> str | None:
    """A program of the person's own is known by its bytes."""
    files = [file for program in programs if program.name == "claude" for file in program.files.values()]
    return digest_of_program(files[0]) if files else None


@contextmanager
def _context(dockerfile: str, programs: Iterable[ImageProgram] = ()) -> Iterator[IO[bytes]]:
    """What the engine builds from, as a file."""
    with tempfile.TemporaryFile(dir=_spacious_folder()) as context:
        write_context(context, dockerfile, programs)
        context.seek(0)
        yield context
