"""A pull request (GitHub, Gitea) or merge request (GitLab): its newest commit, fetched with a person's own access."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from scopecraft.errors import Ambiguous, GitFailed, NotFound, StorageFailed
from scopecraft.model.text import clean_line
from scopecraft.worktrees.checkout import operation_in, worktree_git
from scopecraft.worktrees.git import Git, GitResult, failure
from scopecraft.worktrees.pointer import admin_dir, verify_pointer
from scopecraft.worktrees.repository import Repository

ASK_SECONDS = 60
FETCH_SECONDS = 1800
_PATTERNS = ("refs/pull/{}/head", "refs/merge-requests/{}/head")
# How a person reaches their remotes. The seam drops these everywhere else.
_ACCESS = re.compile(r"GIT_(?:SSH|SSH_COMMAND|SSH_VARIANT|ASKPASS|SSL_\w+|PROXY_\w+|HTTP_\w+)")
_PASSWORD = re.compile(r"(?<=://)[^/@\s]+@")
_USELESS = ("hint:", "Please make sure you have", "and the repository exists")

Waiting = Callable[[int], None]  # hears from time to time how many seconds it takes already
TakenIn = Literal["there", "forwarded", "own work", "rewritten", "in the way"]


@dataclass(frozen=True, slots=True)
class Fetched:
    """`name` is what the host calls it; `head` its newest commit, kept by `ref`."""

    name: str
    head: str
    ref: str


def choose_remote(repo: Repository, name: str | None) -> str:
    """The named remote, else `origin`, else the only one. Raises NotFound and Ambiguous."""
    remotes = [line for line in repo.git.text("remote").split("\n") if line]
    listed = clean_line(", ".join(remotes))
    if name is not None:
        if name not in remotes:
            raise NotFound(f"there is no remote {clean_line(name, 80)!r}", f"remotes: {listed or 'none'}")
        return name
    if "origin" in remotes or len(remotes) == 1:
        return "origin" if "origin" in remotes else remotes[0]
    if not remotes:
        raise NotFound(f"{clean_line(str(repo.path))} has no remote", "git remote add origin URL")
    raise Ambiguous(f"there are several remotes: {listed}", "name one with --remote")


def fetch_pull_request(repo: Repository, remote: str, number: int, *, into: str, waiting: Waiting) -> Fetched:
    """Fetch it into the ref `into`, and no other ref. Raises NotFound, and GitFailed with what git said."""
    # where a person would stand: an address may be a relative path
    git = with_access(replace(repo.git, directory=repo.path, waiting=waiting))
    names = [pattern.format(number) for pattern in _PATTERNS]
    listing = _ask(git, remote, number, ASK_SECONDS, "ls-remote", "--quiet", "--", remote, *names)
    there = {name for _, _, name in (line.partition("\t") for line in listing.split("\n"))}
    found = next((name for name in names if name in there), None)
    if found is None:
        raise NotFound(
            f"{clean_line(remote)} has no pull request {number}",
            "is it another remote's? Name that with --remote. A bare git server keeps none",
        )
    options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--refmap=")
    _ask(git, remote, number, FETCH_SECONDS, "fetch", *options, "--", remote, f"+{found}:{into}")
    # a tag of a commit is no head, so there is nothing to peel
    return Fetched(found, repo.git.text("rev-parse", "--verify", f"{into}^{{commit}}"), into)


def take_in(repo: Repository, worktree: Path, branch: str, *, before: str, after: str) -> TakenIn:
    """Bring the branch from the pull request's commit `before` to `after`, if nothing of its own is in the way."""
    tip = repo.git.text("rev-parse", "--verify", f"refs/heads/{branch}")
    if repo.git.succeeds("merge-base", "--is-ancestor", after, tip):
        return "there"
    if not repo.git.succeeds("merge-base", "--is-ancestor", tip, after):
        return "rewritten" if tip == before else "own work"
    pointer = verify_pointer(worktree, repo.common_dir)
    git = worktree_git(worktree, pointer)
    head = git.run("symbolic-ref", "--quiet", "HEAD", check=False).stdout
    if operation_in(admin_dir(pointer)) or os.fsdecode(head).strip() != f"refs/heads/{branch}":
        return "in the way"
    options = ("--ff-only", "--quiet", "--no-stat", "--no-autostash", "--no-verify-signatures")
    return "forwarded" if git.succeeds("merge", *options, after) else "in the way"


def with_access(git: Git) -> Git:
    """With what the caller's environment says about reaching remotes, which the seam drops everywhere else."""
    persons = {name: value for name, value in os.environ.items() if _ACCESS.fullmatch(name)}
    return git.with_env(**persons).with_config({"fetch.writeCommitGraph": "false", "fetch.output": "compact"})


def _ask(git: Git, remote: str, number: int, seconds: int, *arguments: str) -> str:
    hint = f"does it work by hand? git ls-remote {clean_line(remote)}"
    try:
        result = git.run(*arguments, check=False, timeout_seconds=seconds)
    except GitFailed as error:
        raise GitFailed(
            f"{clean_line(remote)} did not answer about pull request {number} in {seconds} s", hint
        ) from error
    if result.exit_code != 0:
        told = failure(arguments, result)
        if isinstance(told, StorageFailed):
            raise told
        raise GitFailed(f"pull request {number} cannot be fetched from {clean_line(remote)}: {said_by(result)}", hint)
    return os.fsdecode(result.stdout)


def said_by(result: GitResult) -> str:
    """What git and its helpers said, in one line and without passwords of addresses."""
    lines = [line.strip() for line in result.stderr.splitlines()]
    told = [line for line in lines if line and not line.startswith(_USELESS)]
    return clean_line(_PASSWORD.sub("", "; ".join(told[-4:])), 400) or f"exit code {result.exit_code}"
