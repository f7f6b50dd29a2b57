"""The submodules of a worktree: made with it from what the main checkout has, found again for a session.

Only submodules that the main checkout has are made: their git directories are copied by hard links, and no URL that a
commit names is ever asked. The others stay empty folders, as git leaves them. A submodule's own git directory stands in
`modules/` of its worktree's administrative folder.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from scopecraft.atomic import storage_failed
from scopecraft.errors import GitFailed, RepositoryRefused, UnsafeTree
from scopecraft.model.text import clean_line
from scopecraft.worktrees.alternates import alternates_file, object_stores
from scopecraft.worktrees.filters import overrides
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.index import may_name
from scopecraft.worktrees.pointer import admin_dir, read_pointer
from scopecraft.worktrees.repository import Repository

_DEPTH = 10  # of submodules in each other
MOST = 100  # that a session mounts
_ON_HOST = "sc dispatch works: its session runs on the host"


@dataclass(frozen=True, slots=True)
class Submodule:
    """One that is checked out. `path` is relative to the worktree of the project, also for one inside another.

    `pointer` is the content of its `.git`, with an absolute path; `name` is what `.gitmodules` calls it.
    """

    path: str
    name: str
    worktree: Path
    pointer: bytes
    parent: str  # the path of the one that it is in; empty for the project itself

    @property
    def key(self) -> str:
        """Of its folders: as long for any path, and the same in each session."""
        return sha256(os.fsencode(self.path)).hexdigest()[:12]

    @property
    def git_dir(self) -> Path:
        return admin_dir(self.pointer)

    def repository(self, project: Repository) -> Repository:
        """Opened by what the host knows, not by what stands in the worktree."""
        return Repository(
            path=self.worktree,
            common_dir=self.git_dir,
            objects_dir=self.git_dir / "objects",
            is_bare=False,
            object_format=project.object_format,
            main_worktree=self.worktree,
            is_submodule=True,
        )

    def git(self) -> Git:
        git = Git(self.worktree, git_dir=self.git_dir, work_tree=self.worktree, pointer=self.pointer)
        return git.with_config(overrides(git, self.worktree))


@dataclass(frozen=True, slots=True)
class _Link:
    """What the index of a worktree says of a submodule."""

    path: str
    name: str
    commit: str


def fill_submodules(common_dir: Path, worktree: Path, pointer: bytes) -> tuple[str, ...]:
    """Check out in a new worktree what the main checkout has; paths of those that stay empty.

    A submodule that another one has is made too. Raises GitFailed, StorageFailed and UnsafeTree.
    """
    # asked for what its index holds only, which runs no filter
    git = Git(worktree, git_dir=admin_dir(pointer), work_tree=worktree, pointer=pointer)
    try:
        return tuple(_fill(git, common_dir / "modules", admin_dir(pointer) / "modules", worktree, 0))
    except OSError as error:
        raise storage_failed(error, worktree) from error
    except GitFailed as error:
        raise GitFailed(f"a submodule could not be checked out: {error.message}", error.hint) from error


def find_submodules(worktree: Path, pointer: bytes) -> tuple[Submodule, ...]:
    """Those that are checked out, each before those inside it; their pointers name absolute paths afterwards.

    Raises RepositoryRefused for one with a `.git` folder of its own, for too many, and UnsafeTree.
    """
    git = Git(worktree, git_dir=admin_dir(pointer), work_tree=worktree, pointer=pointer)
    found = tuple(_find(git, worktree, Path(), admin_dir(pointer), 0))
    if len(found) > MOST:
        raise RepositoryRefused(f"{len(found)} submodules are checked out, and {MOST} are mounted at most", _ON_HOST)
    return found


def put_on_branch(submodule: Submodule, branch: str, mission_id: str) -> str:
    """The branch that it is on: so that its commits have a name, a detached HEAD becomes the mission's branch.

    No file changes. What a branch of that name was before is kept under `refs/scopecraft/<mission>/old/`.
    """
    git = replace(submodule.git(), work_tree=None)
    head = git.run("symbolic-ref", "--quiet", "HEAD", check=False)
    if head.exit_code == 0:
        return os.fsdecode(head.stdout).strip().removeprefix("refs/heads/")
    try:
        _name_head(git, branch, mission_id)
    except GitFailed:
        # a branch of the submodule's own stands in the way: `feature` where `feature/x` should be
        branch = f"scopecraft-{mission_id}"
        _name_head(git, branch, mission_id)
    return branch


def _name_head(git: Git, branch: str, mission_id: str) -> None:
    commit = git.text("rev-parse", "--verify", "HEAD^{commit}")
    name = f"refs/heads/{branch}"
    before = git.run("rev-parse", "--verify", "--quiet", name, check=False).stdout.decode("ascii").strip()
    if before and before != commit:
        git.run("update-ref", f"refs/scopecraft/{mission_id}/old/{before}", before)
    git.run("update-ref", "-m", "scopecraft: the mission's branch", name, commit)
    git.run("symbolic-ref", "-m", "scopecraft: onto the mission's branch", "HEAD", name)


def is_in_place(path: str, worktree: Path) -> bool:
    """Whether a submodule is still a folder of the worktree, no link on the way: an agent may have moved it."""
    place = worktree / path
    return place.is_dir() and place.resolve() == worktree.resolve() / path


def share_with_main(git_dir: Path, *, admin: Path, common_dir: Path, ref: str, kept_as: str) -> None:
    """Bring a ref of a worktree's submodule into that of the main checkout, which has a git directory of its own.

    Without it a merge of the mission's branch there would name a commit that only the worktree has.
    """
    main = common_dir / "modules" / git_dir.relative_to(admin / "modules")
    if (main / "HEAD").is_file():
        fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
        Git(main, git_dir=main, work_tree=main).run(*fetch, str(git_dir), f"+{ref}:{kept_as}", check=False)


def _fill(git: Git, source: Path, target: Path, worktree: Path, depth: int) -> Iterator[str]:
    for link in _links(git):
        place = worktree / link.path
        if depth == _DEPTH or not _is_made(source / link.name, target / link.name, place, link):
            yield link.path
            continue
        inner = Git(place, git_dir=target / link.name, work_tree=place)
        inner = inner.with_config(overrides(inner, place))
        empty = _fill(inner, source / link.name / "modules", target / link.name / "modules", place, depth + 1)
        yield from (f"{link.path}/{path}" for path in empty)


def _is_made(source: Path, git_dir: Path, place: Path, link: _Link) -> bool:
    """Whether the main checkout has it, with the commit that is wanted."""
    origin = Git(source, git_dir=source, work_tree=source)
    if not (source / "HEAD").is_file() or not origin.succeeds("cat-file", "-e", link.commit + "^{commit}"):
        return False
    _copy_git_dir(source, git_dir)
    inner = Git(place, git_dir=git_dir, work_tree=place)
    inner.run("update-ref", "--no-deref", "HEAD", link.commit)
    inner.run("config", "core.worktree", str(place))
    (place / ".git").write_bytes(b"gitdir: " + os.fsencode(git_dir) + b"\n")
    inner.with_config(overrides(inner, place)).run("checkout", "--quiet", "--detach", "--force", link.commit)
    return True


def _copy_git_dir(source: Path, git_dir: Path) -> None:
    """With its settings, refs and objects, these by hard links; without hooks, reflogs and an index. Raises OSError."""
    git_dir.mkdir(parents=True)
    for part in ("objects", "lfs"):
        if (source / part).is_dir():
            shutil.copytree(source / part, git_dir / part, copy_function=_link, ignore=shutil.ignore_patterns("tmp*"))
    for part in ("refs", "info"):
        if (source / part).is_dir():
            shutil.copytree(source / part, git_dir / part)
    for part in ("packed-refs", "config", "shallow", "HEAD"):
        if (source / part).is_file():
            shutil.copyfile(source / part, git_dir / part)
    alternates = git_dir / "objects" / "info" / "alternates"
    if alternates.exists():  # a relative one would mean another place here
        alternates.unlink()
        alternates.write_bytes(alternates_file(object_stores(source / "objects")[1:]))


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)


def _find(git: Git, worktree: Path, above: Path, admin: Path, depth: int) -> Iterator[Submodule]:
    for link in _links(git):
        place = worktree / link.path
        if depth == _DEPTH or not os.path.lexists(place / ".git"):
            continue
        path = str(above / link.path)
        if (place / ".git").is_dir():
            raise RepositoryRefused(
                f"the submodule {clean_line(path)} has a .git folder of its own, which an agent could write in",
                f"git submodule absorbgitdirs in {clean_line(str(worktree))} moves it to where git keeps them",
            )
        git_dir = admin / "modules" / link.name
        pointer = _absolute(place, git_dir)
        found = Submodule(path, link.name, place, pointer, "" if above == Path() else str(above))
        yield found
        yield from _find(found.git(), place, above / link.path, git_dir, depth + 1)


def _absolute(place: Path, git_dir: Path) -> bytes:
    """The pointer that it should have; written there when git wrote a relative one. Raises UnsafeTree for another."""
    content = read_pointer(place)
    named = os.fsdecode(content).removeprefix("gitdir: ").removesuffix("\n")
    wanted = b"gitdir: " + os.fsencode(git_dir) + b"\n"
    if content == wanted:
        return wanted
    if not git_dir.is_dir() or os.path.realpath(place / named) != os.path.realpath(git_dir):
        raise UnsafeTree(
            f"the .git of the submodule {clean_line(str(place))} does not name {clean_line(str(git_dir))}",
            "look at it before you run git there; 'git submodule update' in the worktree mends an honest accident",
        )
    (place / ".git").write_bytes(wanted)
    return wanted


def _links(git: Git) -> list[_Link]:
    """Of the index, in its order: what an agent wrote into the worktree's own `.gitmodules` does not count."""
    if git.git_dir is not None and not may_name(git.git_dir, ".gitmodules"):
        return []
    listing = git.run(
        "config", "--blob", ":.gitmodules", "--null", "--get-regexp", r"^submodule\..*\.path$", check=False
    )
    entries = (entry.partition("\n") for entry in os.fsdecode(listing.stdout).split("\0") if entry)
    names = {path: key.removeprefix("submodule.").removesuffix(".path") for key, _, path in entries}
    safe = {path: name for path, name in names.items() if _is_safe(path) and _is_safe(name)}
    if not safe:
        return []
    links: list[_Link] = []
    for record in git.records("ls-files", "--stage", "-z", "--", *(f":(literal){path}" for path in safe)):
        facts, _, path = os.fsdecode(record).partition("\t")
        mode, commit, _ = facts.split(" ")
        if mode == "160000" and path in safe:
            links.append(_Link(path, safe[path], commit))
    return links


def _is_safe(name: str) -> bool:
    """A relative path that stays inside. Git refuses others as names too."""
    return bool(name) and not name.startswith(("/", "-")) and not {"..", ".", "", ".git"} & set(name.split("/"))
