"""What a mission has changed: on its branch since it left the main branch, and in its worktree beyond that."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scopecraft.config.projects import load_projects, project_named
from scopecraft.errors import GitFailed, NotFound, StorageFailed, UnsafeTree
from scopecraft.model.host_files import HostFile, why_it_runs
from scopecraft.model.mission import Mission
from scopecraft.model.session import Queued, Session, is_live
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import repository_of
from scopecraft.worktrees.difference import FileChange, file_changes, patch
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.ignored_places import changed_places
from scopecraft.worktrees.mainline import MainRef, main_refs, origin_of
from scopecraft.worktrees.pointer import verify_pointer
from scopecraft.worktrees.repository import Repository, resolve_base
from scopecraft.worktrees.safe_changes import safe_changes
from scopecraft.worktrees.uncommitted import throwaway_store, working_state

LARGEST_BYTES = 64 << 20  # of a file that is not committed, to be shown
_REFLOG_BYTES = 4 << 20
_LEFT = {
    "large": f"it is larger than {LARGEST_BYTES >> 20} MiB",
    "special": "it is no file",
    "unreadable": "it cannot be read",
    "changing": "it is being written",
    "repository": "it is a repository of its own",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One of the two halves of a mission's changes: from one tree to another, with all objects in reach of `git`."""

    git: Git
    before: str
    after: str
    paths: tuple[str, ...]
    files: tuple[FileChange, ...]

    def patch(self, *, is_exact: bool) -> Generator[bytes, None, None]:
        return patch(self.git, self.before, self.after, self.paths, is_exact=is_exact)


@dataclass(frozen=True, slots=True)
class MissionDiff:
    """`uncommitted` is None where there is no worktree, or none that can be read: `notes` say why.

    While a container session is at work its commits are in `uncommitted` too; `at_work` is that session.
    """

    mission: Mission
    base: str
    tip: str
    committed: Part
    uncommitted: Part | None = None
    host_files: tuple[HostFile, ...] = ()
    notes: tuple[str, ...] = ()
    at_work: Session | None = None
    commits_to_come: int | None = None  # as the agent's own log has it; None where nobody knows

    @property
    def files(self) -> list[FileChange]:
        return [*self.committed.files, *(self.uncommitted.files if self.uncommitted else ())]

    def whole(self) -> Part:
        """Both halves as one: from where the branch began to how the worktree is, as far as that can be told."""
        if self.uncommitted is None:
            return self.committed
        return _part(self.uncommitted.git, self.base, self.uncommitted.after, self.committed.paths)


@contextlib.contextmanager
def mission_diff(
    context: Context, mission: Mission, paths: Sequence[str] = (), *, with_uncommitted: bool = True
) -> Iterator[MissionDiff]:
    """The parts can be asked for their patches while the block lasts. Raises NotFound for a branch that is gone."""
    repository = repository_of(project_named(load_projects(context.home), mission.project))
    tip = _tip(repository, mission)
    base = origin_of(repository.git, tip=tip, base=mission.base, mains=_mains(repository, mission))
    committed = _part(repository.git, base, tip, paths)
    at_work = _container_session(context, mission)
    with contextlib.ExitStack() as stack:
        uncommitted: Part | None = None
        notes: tuple[str, ...] = ()
        if with_uncommitted:
            uncommitted, notes = _uncommitted(stack, repository, mission, tip, tuple(paths))
        yield MissionDiff(
            mission=mission,
            base=base,
            tip=tip,
            committed=committed,
            uncommitted=uncommitted,
            host_files=_host_files(repository, mission, committed, uncommitted, bool(paths)),
            notes=notes,
            at_work=at_work,
            commits_to_come=_commits_to_come(context, at_work) if at_work else None,
        )


def _tip(repository: Repository, mission: Mission) -> str:
    try:
        return resolve_base(repository, f"refs/heads/{mission.branch}").commit
    except NotFound as error:
        raise NotFound(
            f"the branch {clean_line(mission.branch)} of {mission.slug} is gone", f"what is known: sc show {mission.id}"
        ) from error


def _mains(repository: Repository, mission: Mission) -> list[MainRef]:
    own = f"refs/heads/{mission.branch}"
    return [ref for ref in main_refs(repository) if ref.name != own]


def _part(git: Git, before: str, after: str, paths: Sequence[str]) -> Part:
    return Part(git, before, after, tuple(paths), tuple(file_changes(git, before, after, paths)))


def _uncommitted(
    stack: contextlib.ExitStack, repository: Repository, mission: Mission, tip: str, paths: tuple[str, ...]
) -> tuple[Part | None, tuple[str, ...]]:
    """By a copy of the files in an object folder of its own: what is compared are objects, never an agent's tree."""
    worktree = Path(mission.worktree)
    if not worktree.is_dir():
        return None, (f"the worktree is not there any more: {clean_line(mission.worktree)}",)
    try:
        there, found = safe_changes(worktree, verify_pointer(worktree, repository.common_dir))
        store = stack.enter_context(throwaway_store(repository))
        state = working_state(repository, there, found, store=store, largest_bytes=LARGEST_BYTES)
        part = _part(repository.git.with_env(GIT_OBJECT_DIRECTORY=str(store)), tip, state.tree, paths)
    except (UnsafeTree, GitFailed, StorageFailed) as error:
        return None, (f"what is not committed cannot be told: {error.message}",)
    return part, tuple(f"{clean_line(left.path)} is not shown: {_LEFT.get(left.why, left.why)}" for left in state.left)


def _host_files(
    repository: Repository, mission: Mission, committed: Part, uncommitted: Part | None, is_narrowed: bool
) -> tuple[HostFile, ...]:
    files = [*committed.files, *(uncommitted.files if uncommitted else ())]
    found = {change.path: why for change in files if (why := why_it_runs(change.path, change.new_mode)) is not None}
    if uncommitted is not None and not is_narrowed:
        tracked = frozenset(change.path for change in files)
        for path in _ignored(repository, mission, uncommitted, tracked):
            found[path] = why_it_runs(path) or ""
    return tuple(HostFile(path, why) for path, why in found.items())


def _ignored(repository: Repository, mission: Mission, part: Part, changed: frozenset[str]) -> list[str]:
    places = changed_places(Path(mission.worktree), repository.main_worktree, changed)
    if not places:
        return []
    # one that is in the tree as it was is no news
    listed = part.git.run("ls-tree", "-r", "-z", "--name-only", part.after, "--", *places).stdout
    return [place for place in places if place not in {os.fsdecode(name) for name in listed.split(b"\0")}]


def _container_session(context: Context, mission: Mission) -> Session | None:
    session = context.store.latest_of(mission.id)
    if session is None or isinstance(session.status, Queued):  # what waits in line has no container yet
        return None
    return session if is_live(session.status) and session.is_contained else None


def _commits_to_come(context: Context, session: Session) -> int | None:
    """As many as the log of the private git directory tells of: an agent's word, read as plain text."""
    log = _read_inside(context.folder(session.id).path, ("git", "logs", "HEAD"))
    if log is None:
        return None
    return sum(line.partition(b"\t")[2].startswith((b"commit", b"merge")) for line in log.split(b"\n"))


def _read_inside(folder: Path, parts: tuple[str, ...]) -> bytes | None:
    """The beginning of a regular file, no link followed on the way; None for anything else."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with contextlib.ExitStack() as stack:
        try:
            held = os.open(folder, flags | os.O_DIRECTORY)
            stack.callback(os.close, held)
            for number, part in enumerate(parts, 1):
                held = os.open(part, flags | (os.O_DIRECTORY if number < len(parts) else 0), dir_fd=held)
                stack.callback(os.close, held)
            is_file = stat.S_ISREG(os.fstat(held).st_mode)
            return os.read(held, _REFLOG_BYTES) if is_file else None
        except OSError:
            return None
