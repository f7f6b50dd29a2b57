"""A few KB that would cost the host gigabytes, or hours, when they are taken back."""

from __future__ import annotations

import hashlib
import resource
import subprocess
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from scopecraft.errors import CommitsRefused
from scopecraft.worktrees.breadth import check_breadth
from scopecraft.worktrees.facts import PrivateFacts
from scopecraft.worktrees.harvest import Harvest
from scopecraft.worktrees.quarantine import quarantine
from scopecraft.worktrees.repository import Repository, open_repository
from scopecraft.worktrees.takeback import TakeBack, take_back
from tests.support.container_git import Place, host_git, make_repository

MIB = 1 << 20


def test_a_delta_that_unfolds_into_gigabytes_is_refused_before_it_has_them(tmp_path: Path) -> None:
    """Deltas are made in memory, so they cannot be streamed as large files are."""
    pack = tmp_path / "evil.pack"
    pack.write_bytes(delta_bomb(copies=120))
    assert pack.stat().st_size < 20_000
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        refused, largest_git_kib = apart.submit(_import_apart, make_repository(tmp_path / "main"), pack).result()
    assert "over limit" in refused
    assert largest_git_kib < 250_000


EMPTY_TREE = "$(git hash-object -t tree -w --stdin </dev/null)"
TREES = {
    # ten trees in ten trees and so on: a name for each way there
    "wide": """tree=$(git rev-parse HEAD^{tree})
        for level in 1 2 3 4 5 6 7 8 9; do
            tree=$(for i in 0 1 2 3 4 5 6 7 8 9; do printf '040000 tree %s\\tn%s\\n' $tree $i; done | git mktree)
        done""",
    "without a file": f"""tree={EMPTY_TREE}
        for level in 1 2 3 4 5 6 7 8 9; do
            tree=$(for i in 0 1 2 3 4 5 6 7 8 9; do printf '040000 tree %s\\tn%s\\n' $tree $i; done | git mktree)
        done""",
    "deep": f"""tree={EMPTY_TREE}; name=$(printf %0100d 0)
        for level in $(seq 45); do tree=$(printf '040000 tree %s\\t%s\\n' $tree $name | git mktree); done""",
}


@pytest.mark.engine
@pytest.mark.parametrize("shape", TREES)
@pytest.mark.parametrize("where", ["committed", "staged"])
def test_a_tree_of_a_billion_paths_costs_the_host_nothing(place: Place, shape: str, where: str) -> None:
    session = place.session()
    session.run("echo good >good; git add good; git commit -q -m good")
    session.run(f"set -e; {TREES[shape]}; git update-ref refs/bomb $(git commit-tree -p HEAD -m bomb $tree)")
    if where == "committed":
        session.run("git update-ref HEAD refs/bomb; git update-ref -d refs/bomb")
        harvest = session.harvest()
    else:
        harvest = replace(session.harvest(), staged_tree=session.run("git rev-parse refs/bomb^{tree}").output.strip())
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        taken, own_kib, git_kib = apart.submit(_taken_apart, place.repo, session.private.facts, harvest).result(60)
    assert "commits_refused" in [alert.code for alert in taken.alerts]
    assert "paths" in (taken.refused or "")
    assert taken.commits == (0 if where == "committed" else 1)
    assert (own_kib < 250_000, git_kib < 250_000) == (True, True)
    assert place.tip() == taken.branch_tip


def test_a_large_project_may_have_more_than_the_limit_says(tmp_path: Path) -> None:
    main = make_repository(tmp_path / "main")
    git = open_repository(main).git
    large = _wide_tree(main, levels=5)
    more = _mktree(main, f"040000 tree {large}\ta\n040000 tree {large}\tb\n")
    check_breadth(git, more, base=large, timeout_seconds=60)
    with pytest.raises(CommitsRefused):
        check_breadth(git, more, base="HEAD", timeout_seconds=60)


def _mktree(main: Path, entries: str) -> str:
    made = subprocess.run(["git", "mktree"], cwd=main, input=entries, capture_output=True, text=True, check=True)
    return made.stdout.strip()


def _wide_tree(main: Path, *, levels: int) -> str:
    """Ten times as many paths with each level."""
    tree = host_git(main, "rev-parse", "HEAD^{tree}")
    for _ in range(levels):
        tree = _mktree(main, "".join(f"040000 tree {tree}\tn{number}\n" for number in range(10)))
    return tree


def delta_bomb(*, copies: int) -> bytes:
    """A pack of 16 MiB of zeros, and a second object that is almost all of the first one, so many times."""
    base = bytes(16 * MIB)
    delta = _size(len(base)) + _size(copies * 0xFFFFFF) + b"\xf0\xff\xff\xff" * copies
    name = hashlib.sha1(b"blob %d\0" % len(base) + base).digest()
    parts = (
        b"PACK" + (2).to_bytes(4) + (2).to_bytes(4),
        _header(3, len(base)) + zlib.compress(base, 9),
        _header(7, len(delta)) + name + zlib.compress(delta, 9),
    )
    content = b"".join(parts)
    return content + hashlib.sha1(content).digest()


def _header(kind: int, size: int) -> bytes:
    first, size = (kind << 4) | (size & 15), size >> 4
    return bytes([first | 128]) + _size(size) if size else bytes([first])


def _size(number: int) -> bytes:
    out = b""
    while number >= 128:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def _import_apart(main: Path, pack: Path) -> tuple[str, int]:
    """In a process of its own, whose children are only the gits that it starts."""
    refused = ""
    with quarantine(open_repository(main), main / "none") as store, pack.open("rb") as file:
        try:
            store.import_pack(file)
        except CommitsRefused as error:
            refused = error.message
    return refused, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def _taken_apart(repo: Repository, facts: PrivateFacts, harvest: Harvest) -> tuple[TakeBack, int, int]:
    taken = take_back(repo, facts, harvest)
    return taken, _peak_kib(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def _peak_kib() -> int:
    """Of this program alone: `ru_maxrss` of a process counts what it was before it became this one too."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])
