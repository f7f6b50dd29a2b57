"""Pins: all that a mission's worktree holds, as refs under `refs/scopecraft/trash/<mission>/`, written and read back.

branch   the tip of the mission's branch
head     what was checked out, the branch or not
work     a commit like one of git's stashes: its tree is the folder as it was, its parents are the head, what was
         staged, and the files that were read from the disk, byte for byte
lost     a commit whose parents are those that only the reflog still named
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from math import inf
from typing import Any

from scopecraft.errors import GitFailed, NotPinned, ScopecraftError
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.kept import remove_refs
from scopecraft.worktrees.quarantine import Quarantine
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.seeds import Ref, list_refs
from scopecraft.worktrees.survey import Survey, fingerprint
from scopecraft.worktrees.uncommitted import WorkingState, throwaway_store, tree_of, working_state

LARGEST_BYTES = 32 << 20  # what is larger is moved to the trash as a file
_FRUGAL = {"core.bigFileThreshold": "32m"}  # larger ones are streamed, not held in memory
_DURABLE = {"core.fsync": "committed,reference"}  # git itself leaves refs to the next flush of the disk
_WHO = {f"GIT_{who}_{what}": "scopecraft" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
_MODES = frozenset({"100644", "100755", "120000"})


@dataclass(frozen=True, slots=True)
class Pin:
    """Ids of commits. `left` are paths of the worktree that no tree of git can hold; they must be kept beside it.

    `fingerprint` is of the worktree as it was pinned.
    """

    mission_id: str
    branch: str
    branch_tip: str | None
    head: str | None
    head_ref: str | None
    work: str | None
    left: tuple[str, ...] = ()
    files: int = 0
    fingerprint: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Pin:
        """Raises KeyError or TypeError for what `to_dict` did not make."""
        values = {field.name: data[field.name] for field in fields(cls)}
        return cls(**{**values, "left": tuple(data["left"])})


def pin_namespace(mission_id: str) -> str:
    return f"refs/scopecraft/trash/{mission_id}/"


def pin(repo: Repository, mission_id: str, seen: Survey, at: str) -> Pin:
    """Everything that the survey found, kept and read back; an earlier pin of the mission is replaced.

    `at` is the time as scopecraft writes it. Raises NotPinned: then nothing may be removed.
    """
    try:
        with throwaway_store(repo, inside=True) as folder:
            git = repo.git.with_env(GIT_OBJECT_DIRECTORY=str(folder)).with_config(_FRUGAL)
            store = Quarantine(folder, repo.objects_dir, git, until=inf)
            made = _make(repo, store, mission_id, seen, at)
            with store.released():
                _write(repo.git, mission_id, made.refs)
        _verify(repo, mission_id, made)
    except NotPinned:
        raise
    except ScopecraftError as error:
        raise NotPinned(f"the work could not be kept, so nothing was removed: {error.message}", error.hint) from error
    return made.pin


def unpin(repo: Repository, mission_id: str) -> None:
    """Let git forget it, some day."""
    remove_refs(repo.git, [ref.name for ref in list_refs(repo.git, pin_namespace(mission_id))])


@dataclass(frozen=True, slots=True)
class _Made:
    pin: Pin
    refs: Mapping[str, str]
    files: Mapping[str, tuple[str, str]]  # mode and id by path


def _make(repo: Repository, store: Quarantine, mission_id: str, seen: Survey, at: str) -> _Made:
    """All objects, packed once in the quarantine, where git has computed every id of them again."""
    git = store.git.with_env(**_WHO, GIT_AUTHOR_DATE=at, GIT_COMMITTER_DATE=at)
    refs = {name: id_ for name, id_ in (("branch", seen.branch_tip), ("head", seen.head)) if id_}
    state = None
    if seen.admin is not None and seen.head is not None:
        state = _state(repo, store, seen)
        refs["work"] = _stash(git, seen.head, state)
    if seen.lost:
        refs["lost"] = _commit(git, git.text("mktree"), "commits that only the reflog named", seen.lost)
    _pack(store, refs.values(), [id_ for id_ in (seen.branch_tip, seen.head, *seen.lost) if id_])
    found = Pin(
        mission_id=mission_id,
        branch=seen.branch,
        branch_tip=seen.branch_tip,
        head=seen.head,
        head_ref=seen.head_ref,
        work=refs.get("work"),
        left=tuple(item.path for item in state.left) if state else (),
        files=len(state.files) if state else 0,
        fingerprint=fingerprint(seen.worktree, seen.found, state.files) if state and seen.pointer else "",
    )
    return _Made(found, refs, {file.path: (file.mode, file.id) for file in state.files} if state else {})


def _state(repo: Repository, store: Quarantine, seen: Survey) -> WorkingState:
    state = working_state(repo, seen.git(), seen.found, store=store.folder, largest_bytes=LARGEST_BYTES)
    changing = next((item.path for item in state.left if item.why == "changing"), None)
    if changing is not None:
        raise NotPinned(f"{changing} is being written to, so nothing was removed", "who writes there? Try again then")
    return state


def _stash(git: Git, head: str, state: WorkingState) -> str:
    assert state.index_tree is not None
    index = _commit(git, state.index_tree, "what was staged", (head,))
    files = _commit(git, tree_of(git, state.files), "files as they were on the disk", ())
    return _commit(git, state.tree, "the worktree as it was", (head, index, files))


def _commit(git: Git, tree: str, message: str, parents: Iterable[str]) -> str:
    options = [word for parent in parents for word in ("-p", parent)]
    return git.text("commit-tree", tree, "-m", message, *options)


def _pack(store: Quarantine, wanted: Iterable[str], known: Iterable[str]) -> None:
    """One pack of what is new, which git writes through to the disk, and then reads as a whole."""
    folder = store.folder / "pack"
    folder.mkdir(exist_ok=True)
    earlier = [*folder.iterdir()]
    lines = [*wanted, *(f"^{id_}" for id_ in known)]
    packing = ("pack-objects", "--revs", "--window=0", "--non-empty", "--quiet", str(folder / "pack"))
    said = store.git.run(*packing, input="".join(f"{line}\n" for line in lines).encode())
    name = f"pack-{said.stdout.decode().strip()}"
    for file in earlier:
        if file.stem != name:
            file.unlink()
    if (folder / f"{name}.idx").exists():
        store.git.run("verify-pack", str(folder / f"{name}.idx"))


def _write(git: Git, mission_id: str, refs: Mapping[str, str]) -> None:
    own = pin_namespace(mission_id)
    gone = [ref.name for ref in list_refs(git, own) if ref.name.removeprefix(own) not in refs]
    lines = [*(f"update {own}{name} {id_}\n" for name, id_ in refs.items()), *(f"delete {name}\n" for name in gone)]
    git.with_config(_DURABLE).run("update-ref", "--stdin", input="".join(lines).encode())


def _verify(repo: Repository, mission_id: str, made: _Made) -> None:
    """By the repository alone: the refs, every object that they lead to, and each file by path, mode and id."""
    own = pin_namespace(mission_id)
    expected = {Ref(id_, own + name) for name, id_ in made.refs.items()}
    if set(list_refs(repo.git, own)) != expected:
        raise NotPinned("the refs of the pin are not what was written, so nothing was removed", "try again")
    known = [id_ for id_ in (made.pin.branch_tip, made.pin.head) if id_]
    walked = "".join(f"{id_}\n" for id_ in [*made.refs.values(), *(f"^{id_}" for id_ in known)])
    repo.git.run("rev-list", "--objects", "--quiet", "--stdin", input=walked.encode())
    if made.pin.work is not None:
        listed = files_of(repo, made.pin)
        if {file.path: (file.mode, file.id) for file in listed} != made.files:
            raise NotPinned("the pin does not hold the files that were read, so nothing was removed", "try again")


@dataclass(frozen=True, slots=True)
class PinnedFile:
    path: str
    mode: str
    id: str
    size: int


def files_of(repo: Repository, pinned: Pin) -> list[PinnedFile]:
    """The files that were read from the disk. Raises GitFailed where the pin is gone."""
    if pinned.work is None:
        return []
    return _files_in(repo.git, f"{pinned.work}^3")


def _files_in(git: Git, tree: str) -> list[PinnedFile]:
    found = []
    for record in git.records("ls-tree", "-r", "-z", "-l", "--full-tree", tree):
        facts, _, path = os.fsdecode(record).partition("\t")
        mode, _, id_, size = facts.split()
        if mode not in _MODES:
            raise GitFailed(f"the pin holds a {mode} at {path}")
        found.append(PinnedFile(path, mode, id_, int(size)))
    return found


def is_whole(repo: Repository, pinned: Pin) -> bool:
    """Whether its refs still stand, and lead to what they did."""
    own = pin_namespace(pinned.mission_id)
    refs = {ref.name.removeprefix(own): ref.id for ref in list_refs(repo.git, own)}
    wanted = {"branch": pinned.branch_tip, "head": pinned.head, "work": pinned.work}
    return all(refs.get(name) == id_ for name, id_ in wanted.items() if id_)
