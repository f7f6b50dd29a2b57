"""One small file as a repository's HEAD has it, for repositories without a checkout of their own."""

from __future__ import annotations

from scopecraft.errors import RepositoryRefused
from scopecraft.model.text import clean_line
from scopecraft.worktrees.repository import Repository

_PLAIN = ("100644", "100755")


def committed_file(repository: Repository, name: str, most_bytes: int) -> bytes | None:
    """None where HEAD has no such file. RepositoryRefused for a link, a folder, or more than `most_bytes`."""
    head = repository.git.run("rev-parse", "--verify", "--quiet", "HEAD^{tree}", check=False)
    if head.exit_code != 0:
        return None
    tree = head.stdout.decode("ascii").strip()
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
