"""An existing branch that a person names, local or of a remote, and where it parted from the main branch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches

from scopecraft.errors import Ambiguous, BranchBusy, NotFound
from scopecraft.model.text import clean_line
from scopecraft.worktrees.lock import repository_lock
from scopecraft.worktrees.lookup import Found, find
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.snapshot import snapshot

_MAIN_REFS = (
    "refs/remotes/*/HEAD",
    "refs/remotes/*/main",
    "refs/remotes/*/master",
    "refs/heads/main",
    "refs/heads/master",
)


@dataclass(frozen=True, slots=True)
class Picked:
    """A branch by its local name; `remote` is the tracking branch that it is to be made from, where it is not there."""

    name: str
    commit: str
    remote: str | None = None


def pick_branch(repo: Repository, wanted: str) -> Picked:
    """What `wanted` names: `fix`, `origin/fix`, or either in full (`refs/heads/fix`, `refs/remotes/origin/fix`).

    Raises NotFound, naming branches of a similar name, and Ambiguous, naming the candidates.
    """
    local, tracking = _branches(repo)
    here = local.get(wanted.removeprefix("refs/heads/"))
    there = tracking.get(wanted.removeprefix("refs/remotes/"))
    if here is not None and there is not None:
        raise _ambiguous(wanted, [f"refs/heads/{wanted}", f"refs/remotes/{wanted}"])
    if here is not None:
        return Picked(wanted.removeprefix("refs/heads/"), here)
    if there is not None:
        return _of_remote(wanted.removeprefix("refs/remotes/"), *there, local)
    named = [name for name, (short, _) in tracking.items() if short == wanted]
    if len(named) > 1:
        raise _ambiguous(wanted, named)
    if named:
        return _of_remote(named[0], *tracking[named[0]], local)
    raise _unknown(wanted, [*local, *tracking])


def free_branch(repo: Repository, picked: Picked) -> Found | None:
    """The branch where it is there, once nobody works on it; None for one that is to be made.

    Raises BranchBusy for a main branch and for one that a worktree holds.
    """
    seen = snapshot(repo)
    shown = clean_line(picked.name)
    if picked.name in seen.main_branches:
        raise BranchBusy(f"{shown} is a main branch, and missions never work on one", "name another branch")
    holder = seen.on_branch(picked.name)
    if holder is not None and not holder.is_missing and not holder.is_half_made:
        path = clean_line(str(holder.path))
        hint = "switch to another branch there" if holder.is_main else f"work there: --worktree {path}"
        raise BranchBusy(f"the branch {shown} is checked out in {path}", hint)
    return find(repo, branch=picked.name, slug="")


def make_branch(repo: Repository, name: str, commit: str) -> None:
    """A new branch at the commit, which tracks nothing. Raises BranchBusy when it is there at another one."""
    absent = "0" * len(commit)
    with repository_lock(repo.common_dir) as held:
        git = replace(repo.git, inherit=(held,))
        there = git.run("rev-parse", "--verify", "--quiet", f"refs/heads/{name}", check=False)
        if there.exit_code == 0 and there.stdout.decode().strip() != commit:
            raise BranchBusy(f"the branch {clean_line(name)} exists already", "choose another task name")
        if there.exit_code != 0:
            git.run("update-ref", "-m", "branch: created by scopecraft", f"refs/heads/{name}", commit, absent)


def drop_ref(repo: Repository, ref: str, commit: str) -> None:
    """Take away a ref that still stands where it was made; any other stays."""
    repo.git.run("update-ref", "-d", ref, commit, check=False)


def parted_from_main(repo: Repository, commit: str) -> str:
    """The newest commit that it shares with the project's main branch; itself where they share none.

    The main branch is what the remotes say, else `main` or `master`, else HEAD.
    """
    listing = repo.git.text("for-each-ref", "--format=%(objectname) %(symref)", *_MAIN_REFS)
    rows = [line.partition(" ") for line in listing.split("\n") if line]
    mains = {commit_id for commit_id, _, _ in rows}
    # the local branch of a main branch by another name
    shorts = {target.split("/", 3)[3] for _, _, target in rows if target.count("/") >= 3}
    if shorts:
        names = [f"refs/heads/{short}" for short in sorted(shorts)]
        mains |= set(repo.git.text("for-each-ref", "--format=%(objectname)", *names).split())
    result = repo.git.run("merge-base", commit, *sorted(mains or {"HEAD"}), check=False)
    return result.stdout.decode("ascii").strip() if result.exit_code == 0 else commit


def _branches(repo: Repository) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """Local branches with their commits; tracking branches (`origin/fix`) with their own short names and commits."""
    format_ = "--format=%(refname) %(objectname) %(symref)"
    remotes = sorted(repo.git.text("remote").split("\n"), key=len, reverse=True)
    local: dict[str, str] = {}
    tracking: dict[str, tuple[str, str]] = {}
    for line in filter(None, repo.git.text("for-each-ref", format_, "refs/heads", "refs/remotes").split("\n")):
        ref, commit, target = line.split(" ", 2)
        if ref.startswith("refs/heads/"):
            local[ref.removeprefix("refs/heads/")] = commit
        elif not target:
            name = ref.removeprefix("refs/remotes/")
            remote = next((remote for remote in remotes if remote and name.startswith(f"{remote}/")), None)
            if remote is not None:
                tracking[name] = name.removeprefix(f"{remote}/"), commit
    return local, tracking


def _of_remote(name: str, short: str, commit: str, local: dict[str, str]) -> Picked:
    if short in local and local[short] != commit:
        raise Ambiguous(
            f"{clean_line(short)} and {clean_line(name)} are at different commits",
            f"bring them together, or name the local one: --branch {clean_line(short)}",
        )
    return Picked(short, commit, None if short in local else name)


def _ambiguous(wanted: str, candidates: list[str]) -> Ambiguous:
    listed = clean_line(", ".join(sorted(candidates)))
    return Ambiguous(f"{clean_line(wanted, 80)!r} names several branches: {listed}", "name one of them in full")


def _unknown(wanted: str, names: list[str]) -> NotFound:
    close = get_close_matches(wanted, names, n=3, cutoff=0.5)
    listed = clean_line(", ".join(close))
    hint = f"did you mean: {listed}?" if close else "is it on a remote? git fetch first; git branch --all lists them"
    return NotFound(f"there is no branch {clean_line(wanted, 80)!r}", hint)
