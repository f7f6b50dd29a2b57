"""Small files as a repository's HEAD has them, for repositories without a checkout of their own."""

from __future__ import annotations

import os

from scopecraft.errors import RepositoryRefused
from scopecraft.model.text import clean_line
from scopecraft.worktrees.repository import Repository

_PLAIN = ("100644", "100755")


def committed_file(repository: Repository, name: str, most_bytes: int) -> bytes | None:
    """None where HEAD has no such file. RepositoryRefused for a link, a folder, or more than `most_bytes`."""
    tree = _tree_of_head(repository)
    if tree is None:
        return None
    listed = repository.git.run("ls-tree", "-z", "--long", "--full-tree", tree, "--", name).stdout
    if not listed:
        return None
    mode, _, object_id, size = listed.partition(b"\t")[0].decode("ascii").split()
    told = f"{clean_line(name)} at HEAD of {clean_line(str(repository.path))}"
    if mode not in _PLAIN:
        raise RepositoryRefused(f"{told} is no regular file", "put a plain file there, or remove it")
    if int(size) > most_bytes:
        raise RepositoryRefused(f"{told} is larger than {most_bytes // 1024} KiB", "make it shorter, or remove it")
    return repository.git.run("cat-file", "blob", object_id).stdout


def committed_names(repository: Repository, folder: str) -> list[str]:
    """Of what stands in a folder of HEAD; none where it is no folder there."""
    tree = _tree_of_head(repository)
    if tree is None:
        return []
    prefix = os.fsencode(f"{folder}/")
    listed = repository.git.run("ls-tree", "-z", "--name-only", "--full-tree", tree, "--", f"{folder}/").stdout
    return [os.fsdecode(name.removeprefix(prefix)) for name in listed.split(b"\0") if name.startswith(prefix)]


def _tree_of_head(repository: Repository) -> str | None:
    """None before the first commit."""
    head = repository.git.run("rev-parse", "--verify", "--quiet", "HEAD^{tree}", check=False)
    return head.stdout.decode("ascii").strip() if head.exit_code == 0 else None
