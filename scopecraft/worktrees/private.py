"""The git directory that an agent gets instead of the project's own: P.

P borrows what its refs reach of the main repository's objects, and knows nothing else of it. It is written file by
file: neither `init` nor `clone`, so it takes the same time for 5 files and for 50,000. From the moment that a container
has seen P, no git of the host opens it: hooks, filters and object stores in there are an agent's. `harvest.sh` reads it
out, inside.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from shlex import quote

from scopecraft.atomic import private_folder, storage_failed
from scopecraft.errors import RepositoryRefused
from scopecraft.model.launch import Mount
from scopecraft.model.text import clean_line
from scopecraft.worktrees.alternates import alternates_file, object_stores
from scopecraft.worktrees.borrowed import Borrowing, borrow, link_all
from scopecraft.worktrees.config_copy import Settings, private_config
from scopecraft.worktrees.facts import PrivateFacts as PrivateFacts  # part of what this module gives
from scopecraft.worktrees.facts import clock_at
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.large_files import SETTINGS as LARGE_FILES
from scopecraft.worktrees.large_files import lend
from scopecraft.worktrees.pointer import admin_dir
from scopecraft.worktrees.prefetch import prefetch, promisors
from scopecraft.worktrees.refusal import Needs, refuse_unsupported
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.seeds import Seeds, keep_borrowed, namespace, packed_refs, read_seeds
from scopecraft.worktrees.staged import pack_staged
from scopecraft.worktrees.submodules import Submodule, put_on_branch

INSIDE = "/session"
WORKSPACE = "/workspace"
# What a container runs last, or a fresh one instead: it writes /session/out/harvest.
HARVEST_COMMAND = ("/bin/sh", f"{INSIDE}/harvest/harvest.sh")
HARVEST_SECONDS = 140  # after which its container is killed; the script itself gives up a little earlier
_SCRIPT_SECONDS = 120
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

    @property
    def inside(self) -> str:
        """Where the session folder's parts are in the container."""
        return f"{INSIDE}/modules/{self.submodule.key}" if self.submodule else INSIDE


@dataclass(frozen=True, slots=True)
class PrivateGit:
    """Paths on the host. The caller mounts the worktree itself, `mounts` over it, and /session/out read-write."""

    folder: Path
    pointer: Path
    mounts: tuple[Mount, ...]
    tip: str
    branch: str
    facts: PrivateFacts


def make_private(repo: Repository, request: PrivateRequest) -> PrivateGit:
    """A private git directory for one session in `session_folder`: `git/`, `objects/`, `pointer`, `harvest/`.

    One for each submodule too, below `modules/`. Raises RepositoryRefused where `refuse_unsupported` does and when the
    branch is gone, UnsafeTree, StorageFailed.
    """
    needs = refuse_unsupported(repo, request.worktree, request.pointer)
    submodules = tuple(submodule for submodule, _ in needs.submodules)
    if submodules:  # nothing of theirs is changed for a session that cannot be
        _checked_out(request, read_seeds(repo, mission_id=request.mission_id, branch=request.branch))
    seconds = _SCRIPT_SECONDS // (1 + len(submodules))
    parts = [
        _make_one(submodule.repository(repo), _request_for(submodule, submodules, request), own, seconds)
        for submodule, own in needs.submodules
    ]
    project = _make_one(repo, replace(request, active=_names_in("", submodules)), needs, seconds)
    facts = replace(project.facts, submodules=tuple(part.facts for part in parts))
    mounts = (*project.mounts, *(mount for part in parts for mount in part.mounts))
    return replace(project, facts=facts, mounts=mounts)


def _request_for(submodule: Submodule, all_of_them: Iterable[Submodule], request: PrivateRequest) -> PrivateRequest:
    """Its half-done work is not gone on with: what has it stays in the session before."""
    return replace(
        request,
        worktree=submodule.worktree,
        pointer=submodule.pointer,
        branch=put_on_branch(submodule, request.branch, request.mission_id),
        session_folder=request.session_folder / "modules" / submodule.key,
        resume_from=None,
        submodule=submodule,
        active=_names_in(submodule.path, all_of_them),
    )


def _names_in(parent: str, submodules: Iterable[Submodule]) -> tuple[str, ...]:
    return tuple(submodule.name for submodule in submodules if submodule.parent == parent)


def _make_one(repo: Repository, request: PrivateRequest, needs: Needs, seconds: int) -> PrivateGit:
    remotes = promisors(needs.settings)
    seeds = read_seeds(repo, mission_id=request.mission_id, branch=request.branch, is_partial=bool(remotes))
    tip = _checked_out(request, seeds)
    if remotes:
        prefetch(repo.git, {*(ref.id for ref in seeds.refs), *seeds.stash}, remotes, request.told)
    seeds = keep_borrowed(repo, request.mission_id, seeds)
    private_folder(request.session_folder)
    seeds = _borrowed(repo, request, seeds)
    if needs.has_large_files:
        lend(repo, request.session_folder / "objects", request.session_folder / "lfs")
    try:
        made_at_ns = _write_all(repo, request, seeds, needs, seconds)
    except OSError as error:
        raise storage_failed(error, request.session_folder) from error
    mounts = _mounts(request, _stores(repo, request), has_large_files=needs.has_large_files)
    session = request.session_folder
    facts = PrivateFacts(
        mission_id=request.mission_id,
        branch=request.branch,
        tip=tip,
        worktree=str(request.worktree),
        pointer=os.fsdecode(request.pointer),
        session_folder=str(session),
        clock=clock_at(made_at_ns),
        path=request.submodule.path if request.submodule else "",
    )
    return PrivateGit(session / "git", session / "pointer", mounts, tip=tip, branch=request.branch, facts=facts)


def head_of(pointer: bytes) -> str:
    """The worktree's HEAD as the host's git keeps it: `ref: refs/heads/x` or a commit."""
    try:
        return os.fsdecode((admin_dir(pointer) / "HEAD").read_bytes()).strip()
    except OSError:
        return ""


def _checked_out(request: PrivateRequest, seeds: Seeds) -> str:
    """The commit of the mission's branch, which the worktree must be on."""
    name, branch = f"refs/heads/{request.branch}", clean_line(request.branch)
    if head_of(request.pointer) != f"ref: {name}":
        raise RepositoryRefused(
            f"the worktree {clean_line(str(request.worktree))} is not on the mission's branch {branch}",
            f"git switch {branch} there first",
        )
    tip = seeds.id_of(name)
    if tip is None:
        raise RepositoryRefused(
            f"the branch {branch} has no commit, or was deleted", "give it one, or use another task"
        )
    return tip


def _borrowed(repo: Repository, request: PrivateRequest, seeds: Seeds) -> Seeds:
    """The session's `objects/`. Raises RepositoryRefused when the branch's own history is not whole."""
    into = request.session_folder / "objects"
    whole = borrow(repo, seeds, Borrowing(request.store, into, request.told))
    if whole.id_of(f"refs/heads/{request.branch}") is None:
        raise RepositoryRefused(
            f"objects of the branch {clean_line(request.branch)} are missing in {clean_line(str(repo.path))}",
            f"git -C {clean_line(str(repo.path))} fsck says which",
        )
    try:
        tree, pointer = request.worktree, request.pointer
        pack_staged(Git(tree, git_dir=admin_dir(pointer), work_tree=tree, pointer=pointer), into)
        if request.resume_from is not None:
            link_all(request.resume_from.parent / "objects", into)
    except OSError as error:
        raise storage_failed(error, into) from error
    return whole


def _stores(repo: Repository, request: PrivateRequest) -> tuple[Path, ...]:
    """What half-done work of an earlier version of scopecraft borrows from; it was made to read it there."""
    begun = request.resume_from
    return () if begun is None or (begun.parent / "objects").is_dir() else object_stores(repo.objects_dir)


def _mounts(request: PrivateRequest, stores: tuple[Path, ...], *, has_large_files: bool) -> tuple[Mount, ...]:
    session, inside = request.session_folder, request.inside
    # Without the pointer over both, a rewritten .git in the one runs programs on the host through the other.
    below = f"{request.submodule.path}/" if request.submodule else ""
    pointers = (f"{request.worktree}/.git", f"{WORKSPACE}/{below}.git")
    return (
        Mount(session / "git", f"{inside}/git", read_only=False),
        *((Mount(session / "out", f"{inside}/out", read_only=False),) if request.submodule else ()),
        Mount(session / "objects", f"{inside}/objects"),
        *((Mount(session / "lfs", f"{inside}/lfs"),) if has_large_files else ()),
        Mount(session / "harvest", f"{inside}/harvest"),
        *(Mount(session / "pointer", target) for target in pointers),
        *(Mount(store, str(store)) for store in stores),
    )


def _write_all(repo: Repository, request: PrivateRequest, seeds: Seeds, needs: Needs, seconds: int) -> int:
    """Everything but the packs; when the last file was made, in nanoseconds. Raises OSError."""
    session = request.session_folder
    _write_harvest(request, seeds, seconds=seconds)
    if request.resume_from is None:
        _write_private(repo, request, seeds, needs)
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


def _write_private(repo: Repository, request: PrivateRequest, seeds: Seeds, needs: Needs) -> None:
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
