"""Commits made in the object database, in a person's name: merges, squashes, and commits replayed on another."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scopecraft.errors import GitFailed, RepositoryRefused, StorageFailed
from scopecraft.worktrees.git import Git, failure
from scopecraft.worktrees.merge_tree import Conflict, merge_trees, tree_of_commit

_PERSON = re.compile(r"(.*?) ?<([^<>]*)> (\d+) ([+-]\d{4})")
# of commits that only lend a merge its base, and that nothing keeps
_NOBODY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "scopecraft"), ("EMAIL", "scopecraft@localhost"), ("DATE", "@0 +0000"))
}


@dataclass(frozen=True, slots=True)
class NewCommit:
    tree: str
    parents: tuple[str, ...]
    message: bytes


@dataclass(frozen=True, slots=True)
class Replayed:
    """`tip` is the last of the new commits; with conflicts, `stopped_at` is the commit that could not be replayed."""

    tip: str
    stopped_at: str | None = None
    conflicts: tuple[Conflict, ...] = ()


def require_identity(git: Git) -> None:
    """Raises RepositoryRefused where git's configuration does not say who the person is; a guess is none."""
    strict = git.with_config({"user.useConfigOnly": "true"})
    if not all(strict.succeeds("var", f"GIT_{who}_IDENT") for who in ("AUTHOR", "COMMITTER")):
        raise RepositoryRefused(
            "git does not know your name and e-mail address, which a commit carries",
            "git config --global user.name 'Your Name'; git config --global user.email you@example.com",
        )


def make_commit(git: Git, commit: NewCommit, **env: str) -> str:
    """The id; nothing points to it yet. Signed where the person's `commit.gpgSign` says so. Raises GitFailed."""
    return _make(git, commit, env, ("-S",) if _is_signing(git) else ())


def _make(git: Git, commit: NewCommit, env: Mapping[str, str], options: tuple[str, ...] = ()) -> str:
    parents = [word for parent in commit.parents for word in ("-p", parent)]
    made = git.with_env(**env).run("commit-tree", *options, commit.tree, *parents, input=commit.message, check=False)
    if made.exit_code == 0:
        return made.stdout.decode("ascii").strip()
    told = failure(("commit-tree",), made)
    if options and not isinstance(told, StorageFailed):
        why = told.message.partition(": ")[2]
        raise GitFailed(f"the commit cannot be signed: {why}", "does it by hand? git commit -S --allow-empty")
    raise told


def replay(git: Git, commits: list[str], onto: str) -> Replayed:
    """Each commit again on top of `onto`, with its author and message; what is there already is left out.

    `git` is of `merging_git`. Of a merge the change from its first parent counts.
    """
    tip = onto
    for commit in commits:
        raw = git.run("cat-file", "commit", commit).stdout
        headers, _, message = raw.partition(b"\n\n")
        said = dict(reversed([line.partition(b" ")[::2] for line in headers.split(b"\n")]))  # the first of a name
        merged = merge_trees(git, *_as_heads(git, commit, os.fsdecode(said.get(b"parent", b"")), tip))
        if merged.conflicts:
            return Replayed(tip, commit, merged.conflicts)
        if merged.tree == tree_of_commit(git, tip):
            continue
        with_encoding = git.with_config({"i18n.commitEncoding": os.fsdecode(said.get(b"encoding", b"UTF-8"))})
        tip = make_commit(with_encoding, NewCommit(merged.tree, (tip,), message), **_author(said[b"author"]))
    return Replayed(tip)


def _as_heads(git: Git, commit: str, parent: str, onto: str) -> tuple[str, str]:
    """Two commits whose merge base is the parent: git before 2.40 cannot be told the base of a merge."""
    base = parent or _make(git, NewCommit(_empty_tree(git), (), b"base\n"), _NOBODY)
    ours = _make(git, NewCommit(tree_of_commit(git, onto), (base,), b"ours\n"), _NOBODY)
    theirs = NewCommit(tree_of_commit(git, commit), (base,), b"theirs\n")
    return ours, _make(git, theirs, _NOBODY)


def _empty_tree(git: Git) -> str:
    return git.run("mktree", input=b"").stdout.decode("ascii").strip()


def _author(line: bytes) -> dict[str, str]:
    found = _PERSON.fullmatch(os.fsdecode(line))
    if found is None:
        return {}
    name, email, seconds, zone = found.groups()
    return {"GIT_AUTHOR_NAME": name or email, "GIT_AUTHOR_EMAIL": email, "GIT_AUTHOR_DATE": f"@{seconds} {zone}"}


def _is_signing(git: Git) -> bool:
    """By the person's configuration; the seam itself says no to it, for all other calls."""
    plain = Git(Path(git.git_dir or git.directory), git_dir=git.git_dir)
    listed = plain.run("config", "--null", "--show-scope", "--get-all", "commit.gpgSign", check=False).stdout
    fields = os.fsdecode(listed).split("\0")
    said = [value for scope, value in zip(fields[::2], fields[1::2], strict=False) if scope != "command"]
    return bool(said) and said[-1].casefold() in ("", "true", "yes", "on", "1")
