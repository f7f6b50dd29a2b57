"""Objects that a worktree's index names and no commit does: staged work, which an agent finds staged too."""

from __future__ import annotations

import re
from pathlib import Path

from scopecraft.worktrees.borrowed import packing
from scopecraft.worktrees.git import Git

_GITLINK = b"160000"
_NULL = re.compile(rb"0+")


def staged_objects(git: Git) -> tuple[str, ...]:
    """`git` is the worktree's. Nothing of its files is read, so no filter of the configuration runs."""
    found: dict[bytes, None] = {}
    unmerged = False
    fields = git.records("diff-index", "--cached", "--raw", "-z", "--no-renames", "HEAD", "--")
    for change, _ in zip(fields, fields, strict=True):  # of one iterator: by twos
        _, mode, _, id_, status = change.split(b" ")
        unmerged = unmerged or status == b"U"
        if mode != _GITLINK and not _NULL.fullmatch(id_):
            found[id_] = None
    if unmerged:  # a stash that did not fit leaves such, and no state that would be refused
        for entry in git.records("ls-files", "--unmerged", "-z"):
            found[entry.split(b"\t", 1)[0].split(b" ")[1]] = None
    if not found:
        return ()
    # what is only meant to be added (`git add -N`) has no object
    listing = git.run("cat-file", "--batch-check=%(objectname) %(objecttype)", input=b"\n".join(found) + b"\n").stdout
    lines = (line.split(" ") for line in listing.decode("ascii", "replace").splitlines())
    return tuple(words[0] for words in lines if words[1:] in (["blob"], ["tree"]))


def pack_staged(git: Git, objects_dir: Path, into: Path) -> None:
    """A pack of them in the store `into`; `objects_dir` is the repository's own."""
    if ids := staged_objects(git):
        listing = "".join(f"{id_}\n" for id_ in ids).encode()
        with packing(git, objects_dir, into.parent) as apart:
            done = apart.run("pack-objects", "--window=0", "--quiet", str(into / "pack" / "pack"), input=listing)
        for part in (into / "pack").glob(f"pack-{done.stdout.decode('ascii').strip()}.*"):
            part.chmod(0o444)
