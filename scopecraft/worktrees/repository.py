"""A repository as git itself describes it, and the commit that a mission begins at."""

from __future__ import annotations

import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scopecraft.errors import GitFailed, NotFound, RepositoryRefused
from scopecraft.model.text import clean_line
from scopecraft.worktrees.git import Git, GitResult, failure

ObjectFormat = Literal["sha1", "sha256"]


@dataclass(frozen=True, slots=True)
class Repository:
    """The main repository, from wherever in it or in its worktrees it was opened; paths are absolute and real.

    `path` is what a person calls the project: the top of the main checkout, or the folder of a bare repository.
    """

    path: Path
    common_dir: Path
    objects_dir: Path
    is_bare: bool
    object_format: ObjectFormat
    main_worktree: Path | None
    is_submodule: bool = False  # its configuration names a worktree, without which git does not even start

    @property
    def git(self) -> Git:
        """Git on its refs and objects; no checkout is read."""
        return Git(self.common_dir, git_dir=self.common_dir, work_tree=self.common_dir if self.is_submodule else None)


@dataclass(frozen=True, slots=True)
class Base:
    """The commit that a branch begins at, and the name by which it was found."""

    commit: str
    name: str


@dataclass(frozen=True, slots=True)
class _Place:
    git_dir: Path
    common_dir: Path
    objects_dir: Path
    object_format: ObjectFormat
    is_bare: bool
    top_level: Path | None


def open_repository(path: Path) -> Repository:
    """The repository that a folder belongs to; from a worktree, its main repository. A submodule is its own.

    Raises RepositoryRefused for no folder, no repository, a `.git` that points nowhere, somebody else's repository.
    """
    try:
        folder = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise RepositoryRefused(
            f"there is no folder {_shown(path)}", "was it moved or deleted? sc link registers where it is now"
        ) from error
    if not folder.is_dir():
        raise RepositoryRefused(f"not a folder: {_shown(path)}", "name the folder that holds the repository")
    place = _place_of(folder)
    if place.git_dir == place.common_dir:
        return _repository(place, is_bare=place.is_bare, main=place.top_level or _main_worktree(place))
    main = Git(place.common_dir, git_dir=place.common_dir)
    is_bare = main.text("rev-parse", "--is-bare-repository") == "true"
    return _repository(place, is_bare=is_bare, main=_main_worktree(place))


def resolve_base(repo: Repository, base: str | None) -> Base:
    """The commit of a branch, tag or id; without one, of the repository's HEAD.

    Raises NotFound for an unknown base, RepositoryRefused where there is no commit to begin at.
    """
    if base is not None:
        commit = _commit_of(repo, base) if base and "\0" not in base else None
        if commit is None:
            raise NotFound(
                f"there is no commit {clean_line(base, 80)!r} in {_shown(repo.path)}",
                "name a branch, a tag or a commit: git branch --all lists the branches",
            )
        return Base(commit, base)
    commit = _commit_of(repo, "HEAD")
    if commit is None:
        raise _no_head(repo)
    return Base(commit, "HEAD")


def _commit_of(repo: Repository, name: str) -> str | None:
    arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}")
    result = repo.git.run(*arguments, check=False)
    if result.exit_code == 0:
        return result.stdout.decode("ascii").strip()
    if not repo.common_dir.joinpath("HEAD").is_file():
        raise RepositoryRefused(f"there is no repository at {_shown(repo.path)} any more", "was it moved or deleted?")
    return None


def _no_head(repo: Repository) -> RepositoryRefused:
    some = repo.git.text("for-each-ref", "--count=1", "--format=%(refname:short)", "refs/heads", "refs/remotes")
    if some:
        return RepositoryRefused(
            f"HEAD of {_shown(repo.path)} names a branch without a commit", f"name a base: --base {clean_line(some)}"
        )
    return RepositoryRefused(
        f"{_shown(repo.path)} has no commit yet",
        "make a first commit: git commit --allow-empty -m start",
    )


def _place_of(folder: Path) -> _Place:
    result = _ask(Git(folder))
    if result.stdout.count(b"\n") < 5:
        # inside a `.git` folder, in a bare repository, or in a folder that an agent shaped like one
        holder = next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), None)
        if holder is not None:
            result = _ask(Git(holder))
        elif (bare := _bare_above(folder)) is not None:
            # the last -c wins; git's check of who owns the repository stays, which --git-dir would skip
            result = _ask(Git(bare), "-c", "safe.bareRepository=all")
    if result.stdout.count(b"\n") < 5:
        raise _refusal(folder, result)
    return _parse(result.stdout.decode("utf-8", "surrogateescape"), folder)


def _ask(git: Git, *before: str) -> GitResult:
    questions = (
        *("rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir", "--git-path", "objects"),
        *("--show-object-format", "--is-bare-repository", "--show-toplevel"),
    )
    return git.run(*before, *questions, check=False)


def _parse(answer: str, folder: Path) -> _Place:
    lines = answer.removesuffix("\n").split("\n")
    if len(lines) > 6 or lines[3] not in ("sha1", "sha256"):
        raise RepositoryRefused(f"a repository whose path holds a line break: {_shown(folder)}", "move it elsewhere")
    return _Place(
        git_dir=Path(lines[0]).resolve(),
        common_dir=Path(lines[1]).resolve(),
        objects_dir=Path(lines[2]).resolve(),
        object_format="sha1" if lines[3] == "sha1" else "sha256",
        is_bare=lines[4] == "true",
        top_level=Path(lines[5]).resolve() if len(lines) > 5 else None,
    )


def _repository(place: _Place, *, is_bare: bool, main: Path | None) -> Repository:
    checkout = None if is_bare else main
    return Repository(
        path=checkout or _front(place.common_dir),
        common_dir=place.common_dir,
        objects_dir=place.objects_dir,
        is_bare=is_bare,
        object_format=place.object_format,
        main_worktree=checkout,
    )


def _main_worktree(place: _Place) -> Path | None:
    """Of a repository that was opened from elsewhere; None where git keeps no note of it (--separate-git-dir)."""
    configured = Git(place.common_dir, git_dir=place.common_dir).run("config", "core.worktree", check=False)
    if configured.exit_code == 0:
        return (place.common_dir / configured.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")).resolve()
    return place.common_dir.parent if place.common_dir.name == ".git" else None


def _front(common_dir: Path) -> Path:
    """`project` for the layout `project/.bare` with `project/.git` as a file that names it."""
    pointer = common_dir.parent / ".git"
    try:
        target = pointer.read_text(errors="surrogateescape") if pointer.is_file() else ""
    except OSError:
        target = ""
    named = common_dir.parent / target.removeprefix("gitdir:").strip()
    return common_dir.parent if target and named.resolve() == common_dir else common_dir


def _bare_above(folder: Path) -> Path | None:
    for parent in (folder, *folder.parents):
        if (parent / "HEAD").is_file() and (parent / "objects").is_dir() and (parent / "refs").is_dir():
            return parent
    return None


def _refusal(folder: Path, result: GitResult) -> RepositoryRefused | GitFailed:
    if "dubious ownership" in result.stderr:
        return _not_yours(folder)
    pointer = next((p / ".git" for p in (folder, *folder.parents) if (p / ".git").is_file()), None)
    if pointer is not None:
        return RepositoryRefused(
            f"{_shown(pointer)} names a repository that is not there",
            "was the repository moved? 'git worktree repair' in it mends its worktrees",
        )
    if "not a git repository" in result.stderr or "cannot use bare repository" in result.stderr:
        return RepositoryRefused(f"not a git repository: {_shown(folder)}", "name another folder, or run 'git init'")
    error = failure(("rev-parse",), result)
    return GitFailed(f"{_shown(folder)} cannot be read as a repository: {error.message}", "git fsck says more")


def _not_yours(folder: Path) -> RepositoryRefused:
    uid = folder.stat().st_uid
    try:
        owner = pwd.getpwuid(uid).pw_name
    except KeyError:
        owner = f"uid {uid}"
    return RepositoryRefused(
        f"{_shown(folder)} belongs to {owner}, and git refuses other people's repositories",
        f"run sc as {owner}, or trust it: git config --global --add safe.directory {_shown(folder)}",
    )


def _shown(path: Path) -> str:
    return clean_line(str(path))
