"""Large files that git-lfs keeps: an agent works with them as a person does, and no raw content gets committed."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from scopecraft.worktrees.pointer import read_pointer
from scopecraft.worktrees.refusal import Needs, refuse_unsupported
from tests.support.container_git import BRANCH, Place, fill

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(shutil.which("git-lfs") is None and "CI" not in os.environ, reason="git-lfs is not installed"),
]


def large(seed: str) -> bytes:
    return seed.encode() * 20_000


def name(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def kept(place: Place, content: bytes) -> Path:
    digest = name(content)
    return place.main / ".git/lfs/objects" / digest[:2] / digest[2:4] / digest


def commit(place: Place, path: str, content: bytes) -> None:
    (place.main / path).write_bytes(content)
    place.main_git("add", path)
    place.main_git("commit", "-q", "-m", path)


@pytest.fixture
def lfs(place: Place) -> Place:
    """Two versions of a large file on main and on the branch; a third one was reset away."""
    place.main_git("lfs", "install")
    fill(place.main, {".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n"})
    place.main_git("add", ".gitattributes")
    commit(place, "a.bin", large("one"))
    commit(place, "a.bin", large("two"))
    commit(place, "a.bin", large("secret"))
    place.main_git("reset", "-q", "--hard", "HEAD~1")
    place.git("merge", "-q", "--ff-only", "main")
    return place


def test_files_old_versions_and_new_ones_are_there_as_on_the_host(lfs: Place) -> None:
    session = lfs.session()
    taken = session.work(
        """git status --porcelain; git lfs ls-files | grep -q 'a.bin'
        [ "$(head -c 3 a.bin)" = two ]; git checkout -q HEAD~1 -- a.bin; [ "$(head -c 3 a.bin)" = one ]
        git checkout -q HEAD -- a.bin; printf 'three%.0s' $(seq 20000) >b.bin; cp b.bin c.bin
        git add b.bin c.bin; git commit -q -m three; git show HEAD:b.bin | grep -q 'oid sha256'
        printf 'four%.0s' $(seq 20000) >staged.bin; git add staged.bin; git lfs status >/dev/null"""
    )
    assert (taken.refused, taken.commits, taken.alerts) == (None, 1, ())
    assert kept(lfs, large("three")).read_bytes() == large("three")
    assert kept(lfs, large("four")).is_file()
    assert lfs.git("status", "--porcelain") == "A  staged.bin"
    assert lfs.main_git("show", f"{BRANCH}:b.bin").splitlines()[1] == f"oid sha256:{name(large('three'))}"
    lfs.git("rm", "-q", "--cached", "staged.bin")
    (lfs.worktree / "staged.bin").unlink()
    (lfs.worktree / "b.bin").unlink()
    lfs.git("checkout", "--", "b.bin")
    assert (lfs.worktree / "b.bin").read_bytes() == large("three")
    second = lfs.session("r-2").run("rm b.bin; git checkout -q -- b.bin; head -c 5 b.bin")
    assert second.output == "three"


def test_what_was_deleted_from_history_is_not_lent(lfs: Place) -> None:
    assert kept(lfs, large("secret")).is_file()
    ran = lfs.session().run("find /session/lfs -type f | sed 's#.*/##'; touch /session/lfs/x 2>/dev/null || echo fixed")
    assert set(ran.output.split()) == {name(large("one")), name(large("two")), "fixed"}


def test_only_whole_files_that_commits_name_are_taken(lfs: Place, tmp_path: Path) -> None:
    """A pointer with false content, a file that nobody committed, links and pipes in their places."""
    other = tmp_path / "other.secret"
    other.write_bytes(large("theirs"))
    session = lfs.session()
    taken = session.work(
        f"""objects=/session/git/lfs/objects; mkdir -p $objects
        place() {{ d=$objects/$(echo $1 | cut -c1-2)/$(echo $1 | cut -c3-4); mkdir -p $d; echo $d/$1; }}
        pointer() {{ printf 'version https://git-lfs.github.com/spec/v1\\noid sha256:%s\\nsize %s\\n' $1 $2; }}
        add() {{ git update-index --add --cacheinfo 100644,$(pointer $2 $3 | git hash-object -w --stdin),$1; }}
        add false.bin {"1" * 64} 4; printf fake >$(place {"1" * 64})
        add link.bin {name(large("theirs"))} {len(large("theirs"))}
        ln -s {other} $(place {name(large("theirs"))})
        add pipe.bin {"2" * 64} 4; mkfifo $(place {"2" * 64})
        add good.bin {name(b"good")} 4; printf good >$(place {name(b"good")})
        printf junk >$(place {name(b"junk")})
        git commit -q -m evil"""
    )
    assert taken.commits == 1
    assert [alert.code for alert in taken.alerts] == ["large_files_refused"]
    assert "1" * 64 in taken.alerts[0].text
    assert kept(lfs, b"good").read_bytes() == b"good"
    objects = lfs.main / ".git/lfs/objects"
    names = {path.name for path in objects.rglob("*") if path.is_file()}
    assert names == {name(large(seed)) for seed in ("one", "two", "secret")} | {name(b"good")}


def test_no_link_on_the_way_leads_to_other_peoples_large_files(lfs: Place, tmp_path: Path) -> None:
    theirs = large("theirs")
    other = tmp_path / "other/objects" / name(theirs)[:2] / name(theirs)[2:4] / name(theirs)
    other.parent.mkdir(parents=True)
    other.write_bytes(theirs)
    for number, (link, target) in enumerate(
        {
            "lfs": tmp_path / "other",
            "lfs/objects": tmp_path / "other/objects",
            f"lfs/objects/{name(theirs)[:2]}": other.parent.parent,
            f"lfs/objects/{name(theirs)[:2]}/{name(theirs)[2:4]}": other.parent,
        }.items()
    ):
        session = lfs.session(f"r-{number}")
        session.work(
            f"""printf 'version https://git-lfs.github.com/spec/v1\\noid sha256:%s\\nsize %s\\n' \
                {name(theirs)} {len(theirs)} >x.txt; echo {number} >number; git add x.txt number
            git commit -q -m steal; cd /session/git; rm -rf {link}; mkdir -p $(dirname {link}); ln -s {target} {link}"""
        )
        assert not kept(lfs, theirs).exists()


def test_an_lfs_repository_is_recognised_also_below_the_top(place: Place) -> None:
    place.main_git("config", "filter.lfs.clean", "git-lfs clean -- %f")
    fill(place.worktree, {"assets/.gitattributes": "*.psd filter=lfs diff=lfs merge=lfs -text\n"})
    place.git("-c", "filter.lfs.clean=cat", "add", ".")
    assert needs(place).has_large_files


def test_where_the_host_has_no_lfs_its_files_are_plain_pointers_in_and_out(place: Place) -> None:
    for part in ("clean", "smudge", "process"):  # a machine may have it for everybody
        place.main_git("config", f"filter.lfs.{part}", "")
    place.main_git("config", "filter.lfs.required", "false")
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'3' * 64}\nsize 4\n"
    fill(place.worktree, {".gitattributes": "*.bin filter=lfs -text\n", "a.bin": pointer})
    place.git("add", ".")
    place.git("commit", "-q", "-m", "pointers")
    assert not needs(place).has_large_files
    taken = place.session().work(
        "git status --porcelain; echo x >x; git add x; git commit -q -m x; cat a.bin >/dev/null"
    )
    assert taken.commits == 1
    assert place.git("show", "HEAD:a.bin") + "\n" == pointer


def needs(place: Place) -> Needs:
    return refuse_unsupported(place.repo, place.worktree, read_pointer(place.worktree))
