"""What a hostile agent does to reach the host through git: each attack is run in a real container.

`canary` is a program that writes a file: where the file appears, the attack worked. Where it is cheap, the attack is
shown to be real on something that is not defended, so that these tests can fail.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import FrameType

import pytest
from docker import DockerClient
from docker.types import Mount

from scopecraft.errors import CommitsRefused, UnsafeTree
from scopecraft.worktrees.checkout import state_of, worktree_git
from scopecraft.worktrees.harvest import Harvest, read_harvest
from scopecraft.worktrees.pointer import read_pointer
from scopecraft.worktrees.private import PrivateFacts
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.takeback import TakeBack, take_back
from tests.support.container_git import BRANCH, LABEL, MISSION, AgentSession, Place, fill, host_git, make_place
from tests.support.wait import until

pytestmark = pytest.mark.engine


@dataclass(frozen=True, slots=True)
class Canary:
    """`program` writes `sign`; both lie on the host, and the program is as good as any that an agent would name."""

    program: Path
    sign: Path

    @property
    def sang(self) -> bool:
        """Whether something ran the program since the last look."""
        was_there = self.sign.exists()
        self.sign.unlink(missing_ok=True)
        return was_there


@pytest.fixture
def canary(tmp_path: Path) -> Canary:
    program, sign = tmp_path / "canary.sh", tmp_path / "CANARY"
    program.write_text(f"#!/bin/sh\ntouch '{sign}'\ncat 2>/dev/null\nexit 0\n")
    program.chmod(0o755)
    return Canary(program, sign)


def plain_git_of_a_person(place: Place) -> None:
    """What people type, and what prompts and editors run."""
    for command in ("status", "diff", "add -A -n", "log -1", "branch", "stash list"):
        host_git(place.worktree, *command.split(), check=False)
    for command in ("status", "log --all -p -5", "branch -a", "gc -q"):
        host_git(place.main, *command.split(), check=False)


def our_git(place: Place) -> None:
    """What scopecraft does in the worktree."""
    pointer = read_pointer(place.worktree)
    state_of(place.worktree, pointer)
    git = worktree_git(place.worktree, pointer)
    git.run("status", "--porcelain")
    git.run("diff", "--stat", check=False)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Breaks off what takes longer: a hang is a successful attack."""

    def late(signal_number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"took longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def codes(taken: TakeBack) -> list[str]:
    return [alert.code for alert in taken.alerts]


def evil_config(canary: Canary) -> str:
    """Shell lines that put every known trigger into the git configuration in reach."""
    run = canary.program
    settings = {
        "core.fsmonitor": run,
        "core.hooksPath": "/session/git/hooks",
        "core.sshCommand": run,
        "core.pager": run,
        "core.editor": run,
        "core.alternateRefsCommand": run,
        "diff.external": run,
        "diff.evil.textconv": run,
        "merge.evil.driver": run,
        "filter.evil.clean": run,
        "filter.evil.smudge": run,
        "filter.evil.process": run,
        "credential.helper": run,
        "uploadpack.packObjectsHook": run,
        "gpg.program": run,
        "alias.status": f"!{run}",
        "extensions.partialClone": "origin",
        "remote.origin.url": f"ext::{run}",
        "remote.origin.promisor": "true",
        "protocol.ext.allow": "always",
        "include.path": "/session/git/more",
    }
    # written last and by hand: the first command after some of these fails or runs them
    lines = "\n".join(
        "[" + (f'{key.split(".")[0]} "{key.split(".")[1]}"' if key.count(".") == 2 else key.split(".")[0]) + "]\n"
        f"\t{key.rsplit('.', 1)[1]} = {value}"
        for key, value in settings.items()
    )
    return f"""
        mkdir -p /session/git/hooks
        for hook in post-index-change reference-transaction pre-commit post-checkout pre-auto-gc fsmonitor-watchman
        do printf '#!/bin/sh\\n{run}\\n' >/session/git/hooks/$hook; chmod +x /session/git/hooks/$hook; done
        printf '*.txt filter=evil diff=evil merge=evil\\n* filter=evil\\n' >.gitattributes
        cp /session/git/config /session/git/config.worktree
        cat >>/session/git/config <<'EVIL'
{lines}
EVIL
        """


def test_g1_hooks_and_config_of_the_private_directory_never_run_on_the_host(place: Place, canary: Canary) -> None:
    session = place.session()
    session.run(f"echo x >x; git add x; git commit -q -m x\n{evil_config(canary)}")
    taken = session.take_back()
    our_git(place)
    plain_git_of_a_person(place)
    assert not canary.sang
    assert taken.branch_tip == place.tip()
    for name in ("config", "hooks", "config.worktree"):
        assert b"canary" not in b"".join(
            path.read_bytes() for path in (place.main / ".git").rglob(f"{name}*") if path.is_file()
        )


def test_g1_is_real_where_the_main_git_directory_is_mounted(
    place: Place, canary: Canary, engine: DockerClient, agent_image: str
) -> None:
    engine.containers.run(
        agent_image,
        ["git", "-C", str(place.worktree), "config", "core.fsmonitor", str(canary.program)],
        entrypoint=[],
        mounts=[Mount(str(path), str(path), type="bind") for path in (place.main, place.worktree)],
        labels={LABEL: "attack"},
        user=f"{os.geteuid()}:{os.getegid()}",
        remove=True,
    )
    host_git(place.worktree, "status", check=False)
    assert canary.sang


def test_g2_the_pointer_is_the_mountpoint_so_renaming_it_away_fails(place: Place, canary: Canary) -> None:
    ran = place.session().run(
        f"""for tree in {place.worktree} /workspace; do
            mv $tree/.git $tree/.gitX; rm -rf $tree/.git; mkdir $tree/.git
            umount $tree/.git; mount -o remount,rw $tree/.git
            git init -q --separate-git-dir $tree/evil $tree; git -C $tree config core.fsmonitor {canary.program}
        done; ls -ld {place.worktree}/.git""",
        check=False,
    )
    assert "busy" in ran.output
    our_git(place)
    host_git(place.worktree, "status")
    assert not canary.sang
    assert read_pointer(place.worktree).startswith(b"gitdir: " + bytes(place.main))


def test_g3_objects_of_the_main_repository_cannot_be_destroyed(place: Place) -> None:
    ran = place.session().run(
        """objects=$(cat /session/git/objects/info/alternates)
        rm -rf $objects/?? $objects/pack; touch $objects/x; chmod -R 777 $objects; mv $objects /tmp/x
        cd $objects && find . -type f -exec truncate -s 0 {} + ; git gc -q --prune=now; git repack -a -d -q; true""",
        check=False,
    )
    assert "Read-only file system" in ran.output
    assert place.main_git("fsck", "--full", "--strict") == ""
    assert place.session("r-2").run("git fsck --full --strict; git log --format=%s").output == "first\n"


def test_g4_prune_inside_does_not_touch_other_missions(place: Place) -> None:
    other = place.root / "other"
    place.main_git("worktree", "add", "-q", "-b", "feature/other", str(other))
    session = place.session()
    session.run(
        "git worktree prune --expire=now; git worktree list; git gc -q --prune=now; git pack-refs --all --prune"
    )
    session.take_back()
    assert host_git(other, "status", "--porcelain", "-b") == "## feature/other"
    assert len(place.main_git("worktree", "list").splitlines()) == 3


NESTED = """
    echo x >x; git add x; git commit -q -m x
    mkdir -p {sub}; cd {sub}; git init -q; git config user.email a@b; git config user.name n
    echo text >file.txt; echo '* filter=evil' >.gitattributes; git add .; git commit -q -m sub
    cd "$OLDPWD"; printf '[submodule "s"]\\n\\tpath = {sub}\\n\\turl = ./x\\n\\tignore = none\\n' >.gitmodules
    git add .gitmodules {sub} 2>/dev/null; git commit -q -m sub
    git -C {sub} config filter.evil.clean {run}; git -C {sub} config core.fsmonitor {run}
    echo changed >>{sub}/file.txt
"""


def test_g5_a_repository_behind_a_gitlink_is_moved_away_before_a_person_runs_git(place: Place, canary: Canary) -> None:
    session = place.session()
    session.run(NESTED.format(sub="deep/sub", run=canary.program))
    our_git(place)
    assert not canary.sang
    taken = session.take_back()
    assert sorted(codes(taken)) == ["gitlink_added", "nested_repository"]
    plain_git_of_a_person(place)
    assert not canary.sang
    moved = list((session.folder / "nested").iterdir())
    assert [path.name for path in moved] == ["001-deep-sub-.git"]
    assert (moved[0] / "objects").is_dir()  # nothing is deleted
    assert taken.commits == 2
    # nor does looking around where it is now
    host_git(moved[0], "status", check=False)
    assert not canary.sang
    # the attack is real: this is what a person would have met
    (moved[0] / "HEAD.moved").rename(moved[0] / "HEAD")
    moved[0].rename(place.worktree / "deep/sub/.git")
    our_git(place)
    assert not canary.sang
    host_git(place.worktree, "status")
    assert canary.sang


@pytest.mark.parametrize(
    "disguise",
    [
        "mv sub/.git .evil; echo 'gitdir: ../.evil' >sub/.git",
        "mv sub/.git .evil; ln -s ../.evil sub/.git",
        "mv sub/.git sub/.GIT",
        "mv sub/.git .GIT",
        "chmod 000 sub",
    ],
    ids=["file", "link", "upper case", "upper case at the top", "locked folder"],
)
def test_g5_a_nested_repository_in_disguise_is_found(place: Place, canary: Canary, disguise: str) -> None:
    session = place.session()
    session.run(f"{NESTED.format(sub='sub', run=canary.program)}\n{disguise}")
    taken = session.take_back()
    assert "nested_repository" in codes(taken)
    (place.worktree / "sub").chmod(0o700)
    plain_git_of_a_person(place)
    our_git(place)
    assert not canary.sang
    assert [path for path in place.worktree.rglob("*") if path.name.lower() == ".git"] == [place.worktree / ".git"]


def test_g5_a_link_to_a_persons_repository_is_moved_and_that_repository_left_alone(
    place: Place, engine: DockerClient, tmp_path: Path
) -> None:
    theirs = make_place(engine, tmp_path / "theirs", main="project").main
    session = place.session()
    session.run(f"mkdir sub; ln -s {theirs}/.git sub/.git")
    taken = session.take_back()
    assert codes(taken) == ["nested_repository"]
    assert host_git(theirs, "log", "--format=%s") == "first"


def test_g5_a_persons_own_nested_repository_stays_unless_it_was_touched(place: Place, canary: Canary) -> None:
    for name in ("quiet", "touched"):
        host_git(place.worktree, "init", "-q", name)
    until_older_than_slack(place.worktree)
    session = place.session()
    session.run(f"git -C /workspace/touched --git-dir=.git config core.fsmonitor {canary.program}")
    taken = session.take_back()
    assert codes(taken) == ["nested_repository"]
    assert (place.worktree / "quiet/.git/HEAD").exists()
    assert not (place.worktree / "touched/.git").exists()


def until_older_than_slack(worktree: Path) -> None:
    """Times of files are believed to a second; wait until what was made just now is older."""
    probe = worktree.parent / "probe"
    newest = max(path.lstat().st_ctime_ns for path in worktree.rglob("*"))

    def is_older() -> bool:
        probe.touch()
        return probe.stat().st_ctime_ns - newest > 1_200_000_000

    until(is_older, 10)


def test_g5_a_folder_shaped_like_a_bare_repository_is_pointed_out(place: Place, canary: Canary) -> None:
    session = place.session()
    session.run(
        f"""git init -q t; cd t; echo x >x; git add x; git -c user.name=n -c user.email=a@b commit -q -m x; cd ..
        mv t/.git trap; rm -r t; printf '\\tworktree = ..\\n\\tfsmonitor = {canary.program}\\n' >>trap/config
        mkdir trap2; echo 'ref: refs/heads/x' >trap2/HEAD; echo ../trap >trap2/commondir"""
    )
    host_git(place.worktree / "trap", "status", check=False)
    assert canary.sang  # the attack is real for whoever goes there
    taken = session.take_back()
    assert codes(taken) == ["bare_repository"]
    assert "trap" in taken.alerts[0].text
    assert "trap2" in taken.alerts[0].text
    our_git(place)
    plain_git_of_a_person(place)
    assert not canary.sang


def test_g6_the_hosts_git_never_opens_the_private_directory(place: Place, canary: Canary) -> None:
    session = place.session()
    session.run(f"echo x >x.txt; git add x.txt; git commit -q -m x\n{evil_config(canary)}\necho y >>x.txt")
    host_git(place.worktree, f"--git-dir={session.folder}/git", "--work-tree=.", "status", check=False)
    assert canary.sang  # the attack is real: this is what must not be done
    taken = session.take_back()
    assert not canary.sang
    assert taken.branch_tip == place.tip()
    plain_git_of_a_person(place)
    assert not canary.sang


def test_g7_only_the_missions_branch_moves_whatever_the_agent_names(place: Place) -> None:
    before = place.main_git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/main", "refs/tags")
    session = place.session()
    taken = session.work(
        f"""echo x >x; git add x; git commit -q -m x
        git branch -f main HEAD; git tag v1; git update-ref refs/heads/feature/other HEAD
        git update-ref refs/scopecraft/m-ffffffffffffffff/tip HEAD; git commit -q --amend -m rewritten
        git update-ref refs/replace/$(git rev-parse main~1) HEAD; git pack-refs --all
        git switch -q main; git branch -m master; git branch -m {BRANCH} main"""
    )
    now = place.main_git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/main", "refs/tags")
    assert now == before
    names = place.main_git("for-each-ref", "--format=%(refname)").splitlines()
    own = f"refs/scopecraft/{MISSION}/"
    assert [name for name in names if not name.startswith(own)] == [f"refs/heads/{BRANCH}", "refs/heads/main"]
    assert taken.alerts


FILES_OF_GIT = {
    "a loose object": "$(git rev-parse HEAD | sed 's#^\\(..\\)#/session/git/objects/\\1/#')",
    "a ref": f"/session/git/refs/heads/{BRANCH}",
    "HEAD": "/session/git/HEAD",
    "the index": "/session/git/index",
    "a pack index": "/session/git/objects/pack/pack-0123456789012345678901234567890123456789.idx",
    "alternates": "/session/git/objects/info/alternates",
    "packed-refs": "/session/git/packed-refs",
    "the config": "/session/git/config",
    "shallow": "/session/git/shallow",
}
TRAPS = {
    "a pipe": "mkfifo $file",
    "a link out": "ln -s /etc/passwd $file",
    "a huge file": "truncate -s 100G $file",
}


@pytest.mark.parametrize(
    ("where", "trap"),
    [
        *((where, "a pipe") for where in FILES_OF_GIT),
        *((where, "a link out") for where in ("a ref", "HEAD", "the index", "alternates")),
        *((where, "a huge file") for where in ("a loose object", "a ref", "packed-refs", "alternates")),
    ],
)
def test_g8_pipes_links_and_huge_files_in_the_private_directory_hang_nobody(
    place: Place, where: str, trap: str
) -> None:
    """Which of these spoil the commits is git's matter inside; the host answers soon, and loses nothing."""
    session = place.session()
    session.run(
        f"""echo x >x; git add x; git commit -q -m x
        file={FILES_OF_GIT[where]}; rm -f $file; mkdir -p $(dirname $file); {TRAPS[trap]}"""
    )
    _shorten_harvest(session, seconds=2)
    with deadline(60):
        taken = _take_back_or_nothing(session)
        plain_git_of_a_person(place)
    assert taken.branch_tip == place.tip()
    assert taken.moved or taken.refused
    assert place.main_git("fsck", "--no-dangling") == ""


def test_a_harvest_that_hangs_ends_by_itself_in_an_image_with_few_tools(place: Place) -> None:
    """`timeout` is missing there, or what it starts goes on ignoring the signals that were ignored before."""
    session = place.session()
    session.run("rm /session/git/packed-refs; mkfifo /session/git/packed-refs")
    _shorten_harvest(session, seconds=2)
    began = time.monotonic()
    ran = session.run(
        """mkdir /tmp/bin; for tool in git sleep rm mkdir cat cp mv head grep sed sort; do
            ln -s $(command -v $tool) /tmp/bin; done
        trap '' TERM INT HUP; PATH=/tmp/bin exec /bin/sh /session/harvest/harvest.sh""",
        seconds=40,
        check=False,
    )
    assert ran.exit_code != 0
    assert time.monotonic() - began < 25


def _shorten_harvest(session: AgentSession, *, seconds: int) -> None:
    settings = session.folder / "harvest/settings"
    text = settings.read_text()
    settings.write_text(
        "\n".join(line for line in text.splitlines() if "seconds=" not in line) + f"\nseconds={seconds}\n"
    )


def _take_back_or_nothing(session: AgentSession) -> TakeBack:
    try:
        harvest = session.harvest(seconds=15)
    except CommitsRefused:
        harvest = None
    return take_back(session.place.repo, session.private.facts, harvest)


@pytest.mark.parametrize("name", ["report", "pack", "."])
@pytest.mark.parametrize(
    "trap",
    ["mkfifo $file", "ln -s /etc/passwd $file", "ln -s /dev/zero $file", "mkdir $file", "truncate -s 100G $file"],
    ids=["pipe", "link", "device", "folder", "huge"],
)
def test_g8_pipes_links_and_huge_files_in_place_of_a_harvest_hang_nobody(place: Place, name: str, trap: str) -> None:
    session = place.session()
    out = "/session/out/harvest"
    session.run(
        f"""echo x >x; git add x; git commit -q -m x; /bin/sh /session/harvest/harvest.sh
        file={out}/{name}; [ {name} != . ] || file={out}; rm -rf $file; {trap}"""
    )
    with deadline(60):
        try:
            harvest = read_harvest(session.private.facts.harvest_folder)
        except CommitsRefused:
            harvest = None
        taken = take_back(place.repo, session.private.facts, harvest)
    assert taken.refused is not None
    assert taken.branch_tip == place.tip() == session.private.tip
    # a fresh harvest mends it
    assert session.take_back().commits == 1


def test_g8_pipes_in_the_worktree_hang_nobody(place: Place) -> None:
    session = place.session()
    session.run(
        "rm README.md; mkfifo README.md pipe .gitattributes src/.gitignore .gitmodules; truncate -s 1T src/app.py"
    )
    with deadline(60):
        taken = session.take_back()
        our_git(place)
        plain_git_of_a_person(place)
    assert codes(taken) == ["special_file"]
    assert taken.refused is None
    assert place.git("status", "--porcelain").splitlines() == [" M README.md", " M src/app.py"]


def test_g9_objects_of_other_repositories_cannot_be_read_through_the_host(
    place: Place, engine: DockerClient, tmp_path: Path
) -> None:
    secret = make_place(engine, tmp_path / "secret", main="project").main
    fill(secret, {"key": "very secret\n"})
    host_git(secret, "add", "key")
    host_git(secret, "commit", "-q", "-m", "key")
    blob = host_git(secret, "rev-parse", "HEAD:key")
    session = place.session()
    session.run(
        f"""echo {secret}/.git/objects >>/session/git/objects/info/alternates
        echo {secret}/.git >/session/git/commondir; echo '/etc' >>/session/git/objects/info/alternates
        rm /session/git/commondir
        tree=$(printf '100644 blob {blob}\\tkey\\n' | git mktree --missing)
        commit=$(git commit-tree -p HEAD -m steal $tree)
        echo $commit $(git rev-parse main) >/session/git/info/grafts; git replace -f main $commit
        git update-ref HEAD $commit"""
    )
    taken = _take_back_or_nothing(session)
    assert taken.branch_tip == session.private.tip == place.tip()
    assert host_git(place.main, "cat-file", "-e", blob, check=False) == ""
    result = subprocess.run(["git", "cat-file", "-e", blob], cwd=place.main, check=False, capture_output=True)
    assert result.returncode != 0
    assert place.main_git("fsck", "--no-dangling") == ""
    assert place.main_git("log", "--format=%s", "main") == "first"


def test_g9_is_refused_even_when_the_container_packs_it_by_hand(place: Place) -> None:
    """A commit whose tree names an object that nobody brought: the pack is whole by itself, its history is not."""
    session = place.session()
    session.run(
        """set -e; tree=$(printf '100644 blob 1234567890123456789012345678901234567890\\tkey\\n' | git mktree --missing)
        commit=$(git commit-tree -p HEAD -m steal $tree)
        /bin/sh /session/harvest/harvest.sh; cd /session/out/harvest
        printf '%s\\n' $commit $tree | git --git-dir=/session/git pack-objects -q --stdout >pack
        sed -i "s/^head .*/head $commit/; s/^tree .*/tree $tree/" report; rm -f tip.pack"""
    )
    taken = take_back(place.repo, session.private.facts, read_harvest(session.private.facts.harvest_folder))
    assert taken.refused is not None
    assert place.tip() == session.private.tip


def test_g10_a_second_mount_of_the_worktree_without_the_pointer_is_no_way_out(place: Place, canary: Canary) -> None:
    session = place.session()
    ran = session.run(
        f"""cd /workspace; mkdir evil; git init -q evil; git -C evil config core.fsmonitor {canary.program}
        for git in /workspace/.git {place.worktree}/.git; do
            rm -f $git; mv $git gone; echo 'gitdir: evil/.git' >$git; ln -sfn evil/.git $git; mv evil/.git $git
        done 2>&1; cat /workspace/.git""",
        check=False,
    )
    assert ran.output.rstrip().endswith("gitdir: /session/git")
    session.take_back()
    our_git(place)
    plain_git_of_a_person(place)
    assert not canary.sang


def test_g10_is_real_without_the_pointer_and_then_the_host_refuses_to_go_in(
    place: Place, canary: Canary, engine: DockerClient, agent_image: str
) -> None:
    pointer = read_pointer(place.worktree)
    engine.containers.run(
        agent_image,
        ["/bin/sh", "-c", f"cd /workspace; rm .git; git init -q; git config core.fsmonitor {canary.program}"],
        entrypoint=[],
        mounts=[Mount("/workspace", str(place.worktree), type="bind")],
        labels={LABEL: "attack"},
        user=f"{os.geteuid()}:{os.getegid()}",
        remove=True,
    )
    host_git(place.worktree, "status", check=False)
    assert canary.sang
    with pytest.raises(UnsafeTree):
        worktree_git(place.worktree, pointer)
    assert not canary.sang
    shutil.rmtree(place.worktree / ".git")


EVIL_TREES = {
    ".git": "040000 tree {tree}\\t.git",
    ".GIT": "040000 tree {tree}\\t.GIT",
    "hidden .git": "040000 tree {tree}\\t.g\\342\\200\\214it",
    "GIT~1": "040000 tree {tree}\\tGIT~1",
    "..": "040000 tree {tree}\\t..",
    "evil .gitmodules": "100644 blob {modules}\\t.gitmodules",
}


@pytest.mark.parametrize("name", EVIL_TREES)
def test_trees_that_break_out_at_checkout_are_refused(place: Place, name: str) -> None:
    session = place.session()
    entry = EVIL_TREES[name].format(tree="'$tree'", modules="'$modules'")
    taken = session.work(
        f"""tree=$(git rev-parse HEAD^{{tree}})
        modules=$(printf '[submodule "../../x"]\\n\\tpath = x\\n\\turl = -uevil\\n' | git hash-object -w --stdin)
        evil=$(printf '{entry}\\n' | git mktree)
        git update-ref HEAD $(git commit-tree -p HEAD -m evil $evil)"""
    )
    assert taken.refused is not None
    assert place.tip() == session.private.tip
    assert not list((place.main / ".git/objects/pack").iterdir())


@pytest.mark.parametrize(
    "damage",
    [
        "printf x >>$file",
        "printf garbage >$file",
        "cp $other $file",
        "rm $file",
    ],
    ids=["trailing bytes", "garbage", "another object's bytes", "missing"],
)
def test_damaged_objects_never_reach_the_main_repository(place: Place, damage: str) -> None:
    session = place.session()
    session.run(
        f"""echo one >one; git add one; git commit -q -m one; echo two >two; git add two; git commit -q -m two
        path() {{ git rev-parse $1 | sed 's#^\\(..\\)#/session/git/objects/\\1/#'; }}
        file=$(path HEAD:one); other=$(path HEAD:two); chmod u+w $file; {damage}"""
    )
    taken = _take_back_or_nothing(session)
    assert place.main_git("fsck", "--no-dangling") == ""
    assert taken.refused is not None or damage.startswith("printf x")
    assert not list((place.main / ".git/objects").glob("tmp_*"))


def test_a_thousand_refs_and_a_huge_ref_are_survived(place: Place) -> None:
    session = place.session()
    session.run(
        """id=$(git rev-parse HEAD)
        for i in $(seq 3000); do echo "create refs/heads/x$i $id"; done | git update-ref --stdin
        echo x >x; git add x; git commit -q -m x
        head -c 10000000 /dev/zero | tr '\\0' a >/session/git/refs/heads/huge"""
    )
    with deadline(60):
        taken = session.take_back()
    assert taken.commits == 1
    assert "refs_left_out" in codes(taken)
    assert len(taken.kept_refs) <= 2001


def test_a_pack_that_unfolds_into_gigabytes_does_not_fill_memory(place: Place) -> None:
    session = place.session()
    session.run("truncate -s 300M big; git -c core.bigFileThreshold=1m add big; git commit -q -m big", seconds=120)
    harvest = session.harvest(seconds=120)
    assert (harvest.folder / "pack").stat().st_size < 2_000_000
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        commits, largest_git_kib = apart.submit(_taken_apart, place.repo, session.private.facts, harvest).result()
    assert commits == 1
    assert largest_git_kib < 250_000


def _taken_apart(repo: Repository, facts: PrivateFacts, harvest: Harvest) -> tuple[int, int]:
    """In a process of its own, whose children are only what taking back started."""
    taken = take_back(repo, facts, harvest)
    return taken.commits, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
