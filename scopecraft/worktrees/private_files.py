"""The files of a private git directory, written one by one, and of the harvest that will read it out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from shlex import quote

from scopecraft.worktrees.alternates import alternates_file
from scopecraft.worktrees.config_copy import Settings, private_config
from scopecraft.worktrees.large_files import SETTINGS as LARGE_FILES
from scopecraft.worktrees.pointer import admin_dir
from scopecraft.worktrees.refusal import Needs
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.seeds import Seeds, namespace, packed_refs
from scopecraft.worktrees.submodules import Submodule

INSIDE = "/session"
MOST_REFS = 2000  # that a harvest takes


def _silent(_: str) -> None:
    """Nobody waits for it."""


@dataclass(frozen=True, slots=True)
class PrivateRequest:
    """`pointer` is the recorded content of `<worktree>/.git`, `owner` the container's user and group.

    For a submodule `worktree` and `session_folder` are its own. `store` is the home's folder of objects that sessions
    borrow; `told` hears in a sentence what takes long. `resume_from` is the `git` folder of the mission's session
    before, when that ended in a half-done merge or rebase: it is moved here, state and all.
    """

    worktree: Path
    pointer: bytes
    branch: str
    mission_id: str
    session_folder: Path
    owner: tuple[int, int]
    store: Path
    resume_from: Path | None = None
    submodule: Submodule | None = None  # of the project's worktree, that this is for
    active: tuple[str, ...] = ()  # names of the submodules right inside
    told: Callable[[str], None] = _silent
    needs: Needs | None = None  # as the worktree has them at this moment, where the caller has just asked

    @property
    def inside(self) -> str:
        """Where the session folder's parts are in the container."""
        return f"{INSIDE}/modules/{self.submodule.key}" if self.submodule else INSIDE


def write_private(repo: Repository, request: PrivateRequest, seeds: Seeds, needs: Needs, seconds: int) -> int:
    """Everything but the packs; when the last file was made, in nanoseconds. Raises OSError."""
    session = request.session_folder
    _write_harvest(request, seeds, seconds=seconds)
    if request.resume_from is None:
        _write_git(repo, request, seeds, needs)
        if seeds.stash:
            _write_stash(repo, request, session / "git")
        _give(session / "git", request.owner)
    if request.submodule is not None:
        (session / "out").mkdir(mode=0o700)
        _give(session / "out", request.owner)
    pointer = session / "pointer"
    _write(pointer, f"gitdir: {request.inside}/git\n".encode(), mode=0o444)
    _give(pointer, request.owner)
    made_at_ns = pointer.stat().st_ctime_ns
    if request.resume_from is not None:
        # Its files are an agent's: it is moved as a whole, and nothing in it is written or read here.
        # Last, so that nothing can fail any more: the work in it stays where it is found.
        request.resume_from.rename(session / "git")
    return made_at_ns


def _write_git(repo: Repository, request: PrivateRequest, seeds: Seeds, needs: Needs) -> None:
    folder = request.session_folder / "git"
    for part in (".", "info", "refs/heads", "refs/tags", "objects/info", "objects/pack"):
        (folder / part).mkdir(mode=0o700, parents=True)
    admin = admin_dir(request.pointer)
    _write(folder / "HEAD", os.fsencode(f"ref: refs/heads/{request.branch}\n"))
    _write(
        folder / "config",
        private_config(needs.settings, repo.object_format, _own_settings(request, needs)),
    )
    _write(folder / "packed-refs", packed_refs(seeds))
    _write(folder / "objects" / "info" / "alternates", alternates_file((Path(request.inside) / "objects",)))
    _write(folder / "info" / "exclude", _excludes(repo, needs.settings))
    _copy(repo.common_dir / "info" / "attributes", folder / "info" / "attributes")
    _copy(repo.common_dir / "shallow", folder / "shallow")
    _copy(admin / "info" / "sparse-checkout", folder / "info" / "sparse-checkout")
    # the index with its file times: the first status inside need not read every file
    _copy(admin / "index", folder / "index")
    for shared in admin.glob("sharedindex.*"):
        _copy(shared, folder / shared.name)


def _own_settings(request: PrivateRequest, needs: Needs) -> dict[str, str]:
    """That git-lfs works, and that git inside takes the submodules for what they are."""
    active = {f"submodule.{name}.active": "true" for name in request.active}
    return {**(LARGE_FILES if needs.has_large_files else {}), **active}


def _excludes(repo: Repository, settings: Settings) -> bytes:
    """The person's own excludes first: of two that match, the later one wins."""
    default = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "git" / "ignore"
    named = settings.get("core.excludesfile")
    persons = Path(os.path.expanduser(named)) if named else default  # noqa: PTH111 (`~user` too)
    parts = [_content(path) for path in (persons, repo.common_dir / "info" / "exclude")]
    return b"".join(part if part.endswith(b"\n") or not part else part + b"\n" for part in parts)


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _write_stash(repo: Repository, request: PrivateRequest, folder: Path) -> None:
    """A stash list is a reflog: oldest line first."""
    listing = repo.git.text(
        "for-each-ref",
        "--sort=-version:refname",
        "--format=%(objectname) %(committername) %(committeremail) %(committerdate:raw)\t%(contents:subject)",
        namespace(request.mission_id) + "stash",
    )
    before = "0" * (64 if repo.object_format == "sha256" else 40)
    lines = []
    for line in listing.split("\n"):
        lines.append(f"{before} {line}\n")
        before = line.partition(" ")[0]
    (folder / "logs" / "refs").mkdir(mode=0o700, parents=True)
    _write(folder / "logs" / "refs" / "stash", os.fsencode("".join(lines)))


def _write_harvest(request: PrivateRequest, seeds: Seeds, *, seconds: int) -> None:
    """The script that reads the work out, inside, and what it compares with; the container cannot write here."""
    folder = request.session_folder / "harvest"
    folder.mkdir(mode=0o700)
    _write(folder / "harvest.sh", files("scopecraft.worktrees").joinpath("harvest.sh").read_bytes(), mode=0o444)
    known = sorted(os.fsencode(f"{ref.id} {ref.name}\n") for ref in seeds.refs)
    begun = request.resume_from.parent / "harvest" / "seeds" if request.resume_from else None
    _write(folder / "seeds", begun.read_bytes() if begun and begun.is_file() else b"".join(known))
    ids = sorted({ref.id for ref in seeds.refs})
    _write(folder / "old", "".join(f"^{id}\n" for id in ids).encode())
    settings = f"branch={quote(request.branch)}\nseconds={seconds}\nmost_refs={MOST_REFS}\n"
    _write(folder / "settings", os.fsencode(settings))
    _give(folder, request.owner)


def _write(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Not synced to disk: what a power cut ends is not taken up again."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def _copy(source: Path, target: Path) -> None:
    if source.is_file():
        shutil.copyfile(source, target)
        target.chmod(0o600)


def _give(path: Path, owner: tuple[int, int]) -> None:
    """To the container's user, or git inside speaks of dubious ownership. Only root can, and needs to."""
    if os.geteuid() == owner[0]:
        return
    for root, folders, names in os.walk(path):
        for name in (*folders, *names):
            os.chown(Path(root) / name, *owner, follow_symlinks=False)
    os.chown(path, *owner)
