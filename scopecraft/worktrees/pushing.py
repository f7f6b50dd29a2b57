"""Pushing a branch with a person's own access, and what a remote is called. Nothing is set in the configuration."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from scopecraft.errors import GitFailed, Refused, StorageFailed
from scopecraft.model.text import clean_line
from scopecraft.worktrees.git import Git, GitResult, failure
from scopecraft.worktrees.pull_request import said_by, with_access
from scopecraft.worktrees.repository import Repository

PUSH_SECONDS = 1800
_QUIET = {
    "push.followTags": "false",
    "push.gpgSign": "false",
    "push.pushOption": "",
    "push.recurseSubmodules": "no",
    "push.useForceIfIncludes": "false",
}
_BEHIND = ("non-fast-forward", "fetch first", "stale info", "remote ref updated since checkout", "needs force")


@dataclass(frozen=True, slots=True)
class Pushed:
    """`before` is the remote's commit as it was known, None for a branch that is new there; `said` are its words."""

    remote: str
    branch: str
    commit: str
    is_news: bool
    said: str = ""


@dataclass(frozen=True, slots=True)
class PushAs:
    """`force`: also where the remote's branch holds other commits, if these are the ones last fetched or pushed."""

    force: bool = False
    waiting: Callable[[int], None] | None = None


def push_branch(repo: Repository, remote: str, branch: str, how: PushAs) -> Pushed:
    """To the branch of the same name. Hooks do not run. Raises Refused where the remote has other commits, GitFailed.

    `remote` is of `choose_remote`.
    """
    git = with_access(replace(repo.git, directory=repo.path, waiting=how.waiting)).with_config(_QUIET)
    ref = f"refs/heads/{branch}"
    commit = git.text("rev-parse", "--verify", f"{ref}^{{commit}}")
    lease = (f"--force-with-lease={ref}:{_known(git, remote, branch)}",) if how.force else ()
    arguments = ("push", "--porcelain", "--no-verify", "--no-progress", *lease, "--", remote, f"{commit}:{ref}")
    try:
        result = git.run(*arguments, check=False, timeout_seconds=PUSH_SECONDS)
    except GitFailed as error:
        raise GitFailed(f"{clean_line(remote)} did not take the push: {error.message}", _hint(remote)) from error
    flag, summary = _outcome(os.fsdecode(result.stdout))
    if result.exit_code != 0 or flag == "!":
        raise _refusal(result, remote, branch, summary, has_lease=how.force)
    return Pushed(remote, branch, commit, flag != "=", _words(result.stderr))


def address_of(repo: Repository, remote: str) -> tuple[str, str]:
    """Where pushes go, after git's rewriting of addresses, and as it was written down."""
    real = repo.git.text("remote", "get-url", "--push", remote)
    for key in (f"remote.{remote}.pushurl", f"remote.{remote}.url"):
        found = repo.git.run("config", "--get", key, check=False)
        if found.exit_code == 0:
            return real, os.fsdecode(found.stdout).removesuffix("\n")
    return real, real


def _known(git: Git, remote: str, branch: str) -> str:
    """The remote's commit as it was last seen; nothing where it was not there."""
    found = git.run("rev-parse", "--verify", "--quiet", f"refs/remotes/{remote}/{branch}", check=False)
    return found.stdout.decode("ascii").strip() if found.exit_code == 0 else ""


def _outcome(report: str) -> tuple[str, str]:
    """Sign and summary of the one branch, from `git push --porcelain`."""
    for line in report.split("\n"):
        parts = line.split("\t")
        if len(parts) >= 3 and len(parts[0]) == 1:
            return parts[0], parts[2]
    return "", ""


def _refusal(result: GitResult, remote: str, branch: str, summary: str, *, has_lease: bool) -> Exception:
    there, shown = clean_line(remote), clean_line(branch)
    if any(word in summary for word in _BEHIND):
        why = "has moved since it was last fetched" if has_lease else "has commits that are not on this one"
        fetched = f"git fetch {there}"
        return Refused(
            f"{shown} on {there} {why}, so nothing was pushed",
            f"look at them: {fetched}   to replace them: {fetched} && sc push --force-with-lease TASK"
            if has_lease
            else f"look at them: {fetched}   to replace what is there: sc push --force-with-lease TASK",
        )
    told = failure(("push",), result)
    if isinstance(told, StorageFailed):
        return told
    said = clean_line(summary, 200) if "rejected" in summary else said_by(result)
    more = f"; {_words(result.stderr)}" if "rejected" in summary and _words(result.stderr) else ""
    return GitFailed(f"{shown} cannot be pushed to {there}: {said}{more}", _hint(remote))


def _words(stderr: str) -> str:
    """What the remote itself said, in one safe line."""
    lines = [line.removeprefix("remote:").strip() for line in stderr.splitlines() if line.startswith("remote:")]
    return clean_line("; ".join(line for line in lines if line), 300)


def _hint(remote: str) -> str:
    return f"does it work by hand? git ls-remote {clean_line(remote)}"
