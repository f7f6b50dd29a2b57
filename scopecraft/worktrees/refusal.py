"""Repositories that a private git directory cannot serve: refused with the reason, before anything is made."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from scopecraft.errors import RepositoryRefused
from scopecraft.model.text import clean_line
from scopecraft.worktrees.checkout import operation_in
from scopecraft.worktrees.checkout_files import is_half_way
from scopecraft.worktrees.config_copy import Settings, effective_settings, is_true
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.index import may_name
from scopecraft.worktrees.pointer import admin_dir, check_pointer
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.submodules import Submodule, find_submodules

_ATTRIBUTES_BYTES = 1 << 20
_ON_HOST = "sc dispatch works: its session runs on the host"


@dataclass(frozen=True, slots=True)
class Needs:
    """The settings that hold in a worktree, whether its files come by git-lfs, and what its submodules need."""

    settings: Settings
    has_large_files: bool = False
    submodules: tuple[tuple[Submodule, Needs], ...] = ()

    @property
    def uses_git_lfs(self) -> bool:
        return self.has_large_files or any(needs.has_large_files for _, needs in self.submodules)


def refuse_unsupported(repo: Repository, worktree: Path, pointer: bytes) -> Needs:
    """What a private git directory must have to serve the worktree. A few git calls for it and for each submodule.

    Raises RepositoryRefused for a merge or rebase under way, a sync that was killed, filters that must run (git-crypt),
    and submodules with a `.git` folder of their own; UnsafeTree.
    """
    if is_half_way(admin_dir(pointer)):
        raise RepositoryRefused(
            f"bringing the main branch into {clean_line(str(worktree))} was interrupted",
            "finish it first: sc sync TASK",
        )
    needs = _needs_of(repo, worktree, pointer)
    submodules = find_submodules(worktree, pointer)
    inner = ((each, _needs_of(each.repository(repo), each.worktree, each.pointer)) for each in submodules)
    return replace(needs, submodules=tuple(inner))


def _needs_of(repo: Repository, worktree: Path, pointer: bytes) -> Needs:
    check_pointer(worktree, pointer)
    if operation := operation_in(admin_dir(pointer)):
        raise RepositoryRefused(
            f"a {operation} is under way in {clean_line(str(worktree))}",
            "finish or abort it first: an agent inside would see half of it, without the state that explains it",
        )
    git = Git(worktree, git_dir=admin_dir(pointer), work_tree=worktree, pointer=pointer)
    settings = effective_settings(git)
    return Needs(settings, _refuse_filters(git, repo, worktree, settings))


def _refuse_filters(git: Git, repo: Repository, worktree: Path, settings: Settings) -> bool:
    """Whether git-lfs is used, the one filter that there is in containers."""
    required = {
        key.removeprefix("filter.").removesuffix(".required")
        for key in settings
        if key.startswith("filter.") and key.endswith(".required") and is_true(settings, key)
    }
    # without git-lfs on this machine its files are plain pointers, in and out
    has_lfs = any(settings.get(f"filter.lfs.{part}") for part in ("clean", "process"))
    required = required | {"lfs"} if has_lfs else required - {"lfs"}
    used = [name for name in sorted(required) if _is_used(name, git, repo, worktree, settings)]
    for name in used:
        if name != "lfs":
            raise RepositoryRefused(
                f"the filter {clean_line(name, 60)!r} must run on every file, and it is not in the container:"
                " the agent would commit unfiltered content",
                _ON_HOST,
            )
    return bool(used)


def _is_used(name: str, git: Git, repo: Repository, worktree: Path, settings: Settings) -> bool:
    is_tracked = may_name(git.git_dir or repo.common_dir, ".gitattributes")
    listing = git.run("ls-files", "-z", "--", ":(glob)**/.gitattributes").stdout if is_tracked else b""
    files = {worktree / os.fsdecode(path) for path in listing.split(b"\0") if path}
    files |= {worktree / ".gitattributes", repo.common_dir / "info" / "attributes", _persons_attributes(settings)}
    use = re.compile(rb"\sfilter=" + re.escape(os.fsencode(name)) + rb"(?:\s|$)")
    return any(use.search(_content(file)) for file in files)


def _persons_attributes(settings: Settings) -> Path:
    default = os.path.join(os.environ.get("XDG_CONFIG_HOME") or "~/.config", "git", "attributes")  # noqa: PTH118
    return Path(os.path.expanduser(settings.get("core.attributesfile") or default))  # noqa: PTH111


def _content(file: Path) -> bytes:
    """The beginning of a regular file; nothing of anything else: an earlier agent may have left a pipe there."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, _ATTRIBUTES_BYTES)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
