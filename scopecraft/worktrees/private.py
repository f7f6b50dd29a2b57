"""The git directory that an agent gets instead of the project's own: P.

P borrows what its refs reach of the main repository's objects, and knows nothing else of it. It is written file by
file: neither `init` nor `clone`, so it takes the same time for 5 files and for 50,000. From the moment that a container
has seen P, no git of the host opens it: hooks, filters and object stores in there are an agent's. `harvest.sh` reads it
out, inside.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from scopecraft.atomic import private_folder, storage_failed
from scopecraft.errors import RepositoryRefused
from scopecraft.model.launch import Mount
from scopecraft.model.text import clean_line
from scopecraft.worktrees.alternates import object_stores
from scopecraft.worktrees.borrowed import Borrowing, borrow, link_all
from scopecraft.worktrees.facts import PrivateFacts as PrivateFacts  # part of what this module gives
from scopecraft.worktrees.facts import clock_at
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.large_files import lend
from scopecraft.worktrees.pointer import admin_dir
from scopecraft.worktrees.prefetch import prefetch, promisors
from scopecraft.worktrees.private_files import INSIDE, write_private
from scopecraft.worktrees.private_files import PrivateRequest as PrivateRequest  # part of what this module gives
from scopecraft.worktrees.refusal import Needs, refuse_unsupported
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.seeds import Seeds, keep_borrowed, read_seeds
from scopecraft.worktrees.staged import pack_staged
from scopecraft.worktrees.submodules import Submodule, put_on_branch

WORKSPACE = "/workspace"
# What a container runs last, or a fresh one instead: it writes /session/out/harvest.
HARVEST_COMMAND = ("/bin/sh", f"{INSIDE}/harvest/harvest.sh")
HARVEST_SECONDS = 140  # after which its container is killed; the script itself gives up a little earlier
_SCRIPT_SECONDS = 120
_LEAST_SECONDS = 15  # an agent that makes more of its submodules slow loses its own work


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
    needs = request.needs or refuse_unsupported(repo, request.worktree, request.pointer)
    submodules = tuple(submodule for submodule, _ in needs.submodules)
    if submodules:  # nothing of theirs is changed for a session that cannot be
        _checked_out(request, read_seeds(repo, mission_id=request.mission_id, branch=request.branch))
    # one after the other, and together within the time that their container has
    seconds = max(_LEAST_SECONDS, _SCRIPT_SECONDS // (1 + len(submodules)))
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
        made_at_ns = write_private(repo, request, seeds, needs, seconds)
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
        pack_staged(Git(tree, git_dir=admin_dir(pointer), work_tree=tree, pointer=pointer), repo.objects_dir, into)
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
