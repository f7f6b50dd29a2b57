"""What a mission's worktree and branch hold, looked at before anything of it is kept or taken away."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scopecraft.errors import BranchBusy, RepositoryRefused
from scopecraft.model.text import clean_line
from scopecraft.worktrees.blob_pack import Blob, Seen, Tree
from scopecraft.worktrees.checkout import Operation, operation_in
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.nested import strangers_in
from scopecraft.worktrees.pointer import admin_dir, verify_pointer
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.seeds import list_refs
from scopecraft.worktrees.snapshot import OURS, Worktree, snapshot
from scopecraft.worktrees.uncommitted import Changes, changes, uncommitted_git
from scopecraft.worktrees.worktree import MADE_BRANCH

_WHY = {True: "it is a pipe, for which git waits for ever", False: "permission denied"}
_LONGEST_REFLOG = 1 << 20
_MOST_LOST = 500


@dataclass(frozen=True, slots=True)
class Survey:
    """`head` is a commit, `head_ref` full, None when it is detached. `branch_tip` is None where the branch is gone.

    `pointer` is None where the worktree's folder is gone; `admin` is git's folder for it, None where that is gone too.
    """

    worktree: Path
    branch: str
    branch_tip: str | None
    is_branch_ours: bool
    held_elsewhere: Path | None  # where else the branch is checked out
    pointer: bytes | None
    admin: Path | None
    head: str | None
    head_ref: str | None
    found: Changes
    aside: tuple[str, ...] = ()  # repositories in it, which no tree of git can hold
    lost: tuple[str, ...] = ()  # commits that only the reflog still names

    def git(self, at: Path | None = None) -> Git:
        """In the worktree, or in the folder that it was moved to; where it is gone, in what git keeps of it."""
        if self.pointer is not None:
            return uncommitted_git(at or self.worktree, self.pointer)
        assert self.admin is not None
        return Git(self.admin, git_dir=self.admin)


def survey(repo: Repository, worktree: Path, branch: str) -> Survey:
    """Raises UnsafeTree for a rewritten pointer, RepositoryRefused for what is half done, BranchBusy for a lock."""
    seen = snapshot(repo)
    known = _known_at(seen.worktrees, worktree)
    if known is not None and known.lock_reason is not None and not known.lock_reason.startswith(OURS):
        shown = clean_line(str(worktree))
        raise BranchBusy(
            f"the worktree {shown} is locked: {clean_line(known.lock_reason, 80) or 'no reason given'}",
            f"unlock it first: git worktree unlock {shown}",
        )
    pointer = verify_pointer(worktree, repo.common_dir) if os.path.lexists(worktree) else None
    admin = admin_dir(pointer) if pointer is not None else _admin_of(repo, worktree)
    _refuse_half_done(operation_in(admin) if admin else None, worktree)
    elsewhere = [tree.path for tree in seen.worktrees if tree.branch == branch and tree is not known]
    head, head_ref = _head(repo, admin) if admin else (None, None)
    found, aside = _look_into(worktree, pointer) if pointer is not None else (Changes(), ())
    if found.unmerged:
        raise RepositoryRefused(
            f"there are conflicts in {clean_line(str(worktree))}: {clean_line(found.unmerged[0], 80)}",
            "resolve them, or undo what caused them",
        )
    tip = seen.branches.get(branch)
    return Survey(
        worktree=worktree,
        branch=branch,
        branch_tip=tip,
        is_branch_ours=tip is not None and _is_ours(repo, branch),
        held_elsewhere=elsewhere[0] if elsewhere else None,
        pointer=pointer,
        admin=admin,
        head=head,
        head_ref=head_ref,
        found=found,
        aside=aside,
        lost=_lost(repo, admin, branch, [id_ for id_ in (head, tip) if id_]),
    )


def fingerprint(tree: Path, found: Changes, files: Iterable[Blob] = ()) -> str:
    """Of all that is uncommitted; another one when any of it was written to. `files` were read already."""
    known = {file.path: file.seen for file in files}
    digest = hashlib.sha256(repr(found).encode("utf-8", "surrogateescape"))
    with Tree(tree) as folder:
        for path in sorted({*found.modified, *found.untracked, *found.hidden}):
            digest.update(repr((path, known.get(path) or _seen(folder, path))).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _seen(tree: Tree, path: str) -> Seen | None:
    try:
        return Seen.of(tree.stat(path))
    except OSError:
        return None


def _known_at(worktrees: Iterable[Worktree], path: Path) -> Worktree | None:
    place = path.parent.resolve() / path.name
    return next((tree for tree in worktrees if tree.path == place and not tree.is_main), None)


def _admin_of(repo: Repository, worktree: Path) -> Path | None:
    """What git still keeps of a worktree whose folder is gone."""
    for file in (repo.common_dir / "worktrees").glob("*/gitdir"):
        try:
            place = Path(os.fsdecode(file.read_bytes()).removesuffix("\n")).parent
        except OSError:
            continue
        if place == worktree or place == worktree.parent.resolve() / worktree.name:
            return file.parent
    return None


def _refuse_half_done(operation: Operation | None, worktree: Path) -> None:
    if operation is not None:
        where = clean_line(str(worktree))
        raise RepositoryRefused(
            f"a {operation} is under way in {where}", f"finish or abort it first: git -C {where} {operation} --abort"
        )


def _look_into(worktree: Path, pointer: bytes) -> tuple[Changes, tuple[str, ...]]:
    strangers = strangers_in(worktree)  # first: git leaves out what it cannot enter
    for path in (*strangers.pipes, *strangers.unreadable):
        raise RepositoryRefused(
            f"git cannot look into {clean_line(str(worktree / path), 200)}: {_WHY[path in strangers.pipes]}",
            "remove it, or move it away",
        )
    git = uncommitted_git(worktree, pointer)
    found = changes(git)
    covered = [path for path in (*found.repositories, *found.ignored) if path.endswith("/")]
    links = _gitlinks(git) if strangers.repositories else frozenset()
    aside = dict.fromkeys(found.repositories)
    for path in strangers.repositories:
        if not any(path.startswith(folder) for folder in covered):
            folder = path.rpartition("/")[0]
            aside[f"{folder}/" if folder in links else path] = None
    return found, tuple(sorted(aside))


def _gitlinks(git: Git) -> frozenset[str]:
    records = (os.fsdecode(record) for record in git.records("ls-files", "--stage", "-z"))
    return frozenset(record.partition("\t")[2] for record in records if record.startswith("160000 "))


def _head(repo: Repository, admin: Path) -> tuple[str | None, str | None]:
    git = Git(repo.common_dir, git_dir=admin)
    ref = git.run("symbolic-ref", "--quiet", "HEAD", check=False)
    commit = git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}", check=False)
    return (
        commit.stdout.decode("ascii").strip() if commit.exit_code == 0 else None,
        os.fsdecode(ref.stdout).removesuffix("\n") if ref.exit_code == 0 else None,
    )


def _is_ours(repo: Repository, branch: str) -> bool:
    """Whether scopecraft made the branch, as its reflog tells from its first line on."""
    first = _reflog(repo.common_dir / "logs" / "refs" / "heads" / branch).split(b"\n", 1)[0]
    return first.partition(b"\t")[2] == MADE_BRANCH.encode()


def _lost(repo: Repository, admin: Path | None, branch: str, kept: list[str]) -> tuple[str, ...]:
    """Commits that were HEAD or the branch once and that nothing leads to any more; the newest of many."""
    logs = [repo.common_dir / "logs" / "refs" / "heads" / branch, *([admin / "logs" / "HEAD"] if admin else [])]
    ids = {word for log in logs for line in _reflog(log).splitlines() for word in line.decode("latin-1").split(" ")[:2]}
    ids = {id_ for id_ in ids if len(id_) in (40, 64) and id_.strip("0")} - set(kept)
    if not ids:
        return ()
    checked = repo.git.run("cat-file", "--batch-check=%(objectname) %(objecttype)", input=_lines(sorted(ids)))
    there = [line.split()[0] for line in checked.stdout.decode().splitlines() if line.endswith(" commit")]
    if not there:
        return ()
    known = [*kept, *(ref.id for ref in list_refs(repo.git, "refs/heads", "refs/remotes"))]
    walk = ("rev-list", "--topo-order", f"--max-count={_MOST_LOST}", "--stdin")
    listed = repo.git.run(*walk, input=_lines([*there, *(f"^{id_}" for id_ in known)]), check=False)
    unreached = listed.stdout.decode().split()
    return tuple(id_ for id_ in unreached if id_ in set(there))


def _reflog(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(_LONGEST_REFLOG)
    except OSError:
        return b""


def _lines(words: Iterable[str]) -> bytes:
    return "".join(f"{word}\n" for word in words).encode()
