from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from scopecraft.errors import BranchBusy
from scopecraft.worktrees.checkout import worktree_git
from scopecraft.worktrees.lookup import Found, find
from scopecraft.worktrees.repository import Repository, open_repository, resolve_base
from scopecraft.worktrees.worktree import Created, CreateRequest, create
from tests.support.engine import unavailable
from tests.support.repos import commit, git, make_repository, traces
from tests.support.wait import until

ROOT = Path(__file__).parents[3]
BRANCH = "feature/x-01A"
_CREATE = """
import sys
from pathlib import Path
from scopecraft.worktrees.repository import open_repository, resolve_base
from scopecraft.worktrees.worktree import CreateRequest, create
repo = open_repository(Path(sys.argv[1]))
print("ready", flush=True)
base = resolve_base(repo, None).commit
request = CreateRequest(Path(sys.argv[2]), sys.argv[3], base, "killed", sys.argv[4] == "True")
create(repo, request)
"""


def start_create(project: Path, tree: Path, *, existing: bool = False) -> subprocess.Popen[bytes]:
    arguments = [str(project), str(tree), BRANCH, str(existing)]
    return subprocess.Popen(
        [sys.executable, "-c", _CREATE, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def kill_all(process: subprocess.Popen[bytes]) -> None:
    """As when the machine stops: the process and every descendant, at once."""
    doomed = [process.pid]
    for pid in doomed:
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            for listing in Path(f"/proc/{pid}/task").glob("*/children"):  # git starts filters from a thread
                doomed += [int(child) for child in listing.read_text().split()]
    for pid in doomed:
        with_pid(pid, signal.SIGKILL)
    process.communicate()


def with_pid(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def make(repo: Repository, tree: Path, *, existing: bool = False) -> Created:
    base = resolve_base(repo, None).commit
    return create(repo, CreateRequest(tree, BRANCH, base, "scopecraft: again", existing_branch=existing))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "project", files=40)


@pytest.fixture
def held(project: Path, tmp_path: Path) -> Path:
    """The project with a checkout that stands still in its middle until the pipe in this folder is written."""
    folder = tmp_path / "filter"
    folder.mkdir()
    os.mkfifo(folder / "go")
    script = folder / "slow.sh"
    script.write_text(f"#!/bin/sh\ntouch {folder}/started\nread line < {folder}/go\ncat\n")
    script.chmod(0o755)
    commit(project, ".gitattributes", "file-20.txt filter=slow\n")
    git(project, "config", "filter.slow.smudge", str(script))
    return folder


def whole(made: Created) -> None:
    seam = worktree_git(made.path, made.pointer)
    assert seam.text("status", "--porcelain") == ""
    assert seam.text("symbolic-ref", "--short", "HEAD") == BRANCH
    assert (made.path / "file-39.txt").is_file()


def released(project: Path, held: Path) -> None:
    git(project, "config", "--unset", "filter.slow.smudge")
    (held / "started").unlink()


@pytest.mark.parametrize("existing", [False, True])
def test_a_machine_that_stops_in_the_middle_costs_nothing(
    project: Path, held: Path, tmp_path: Path, existing: bool
) -> None:
    if existing:
        git(project, "branch", BRANCH)
    before = traces(project)
    process = start_create(project, tmp_path / "tree", existing=existing)
    until((held / "started").exists, 30)
    kill_all(process)
    assert (tmp_path / "tree").exists()
    released(project, held)
    repo = open_repository(project)
    head = git(project, "rev-parse", "main")
    assert find(repo, branch=BRANCH, slug="x-01A") == (Found(BRANCH, head, None) if existing else None)
    made = make(repo, tmp_path / "tree", existing=existing)
    assert made.is_new_branch is not existing
    whole(made)
    git(project, "worktree", "remove", "--force", "--force", str(made.path))
    if not existing:
        git(project, "branch", "--delete", BRANCH)
    assert traces(project)[:2] == before[:2]


def test_a_killed_sc_leaves_the_lock_to_git_until_that_has_ended(project: Path, held: Path, tmp_path: Path) -> None:
    process = start_create(project, tmp_path / "tree")
    until((held / "started").exists, 30)
    process.kill()
    process.communicate()
    second = start_create(project, tmp_path / "tree")
    assert second.stdout is not None
    assert second.stdout.readline() == b"ready\n"
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(0.5)
    git(project, "config", "--unset", "filter.slow.smudge")
    (held / "go").write_text("on\n")
    _, error = second.communicate(timeout=60)
    assert second.returncode == 0, error.decode()
    listing = git(project, "worktree", "list", "--porcelain")
    assert listing.count(f"branch refs/heads/{BRANCH}") == 1
    assert "locked scopecraft: killed" in listing
    assert git(tmp_path / "tree", "status", "--porcelain") == ""


def test_kills_at_any_moment_are_healed_by_the_next_create(project: Path, tmp_path: Path) -> None:
    repo = open_repository(project)
    before = traces(project)
    for number in range(25):
        process = start_create(project, tmp_path / "tree")
        assert process.stdout is not None
        process.stdout.readline()
        try:
            process.communicate(timeout=0.002 * number)
        except subprocess.TimeoutExpired:
            kill_all(process)
        seen = find(repo, branch=BRANCH, slug="x-01A")
        if seen is None or seen.path is None:
            whole(make(repo, tmp_path / "tree", existing=seen is not None))
        else:
            assert git(seen.path, "status", "--porcelain") == ""
        git(project, "worktree", "remove", "--force", "--force", str(tmp_path / "tree"))
        git(project, "branch", "--delete", BRANCH)
        assert traces(project)[:2] == before[:2]
    # what may stay is a folder in which git had not written anything yet: it could be a person's, and hurts nobody
    assert [file for file in (project / ".git").glob("worktrees/*/*") if file.is_dir() or file.stat().st_size] == []


def test_ctrl_c_in_the_middle_leaves_nothing(project: Path, held: Path, tmp_path: Path) -> None:
    before = traces(project)
    process = start_create(project, tmp_path / "worktrees" / "tree")
    until((held / "started").exists, 30)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert traces(project) == before
    assert not (tmp_path / "worktrees").exists()


def test_a_stump_that_git_does_not_list_is_swept_and_a_strangers_is_not(project: Path, tmp_path: Path) -> None:
    admin = project / ".git/worktrees"
    for name, reason in {"ours": "scopecraft: being made\n", "theirs": "initializing\n"}.items():
        (admin / name).mkdir(parents=True)
        (admin / name / "locked").write_text(reason)
    make(open_repository(project), tmp_path / "tree")
    assert {path.name for path in admin.iterdir()} == {"theirs", "tree"}


def test_an_entry_with_which_git_cannot_even_list_is_swept(project: Path, tmp_path: Path) -> None:
    tree, stump = tmp_path / "tree", project / ".git/worktrees/tree"
    stump.mkdir(parents=True)
    (stump / "locked").write_text(f"scopecraft: being made, its branch at {git(project, 'rev-parse', 'main')}\n")
    (stump / "gitdir").write_text(f"{tree}/.git\n")
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {stump}\n")
    git(project, "branch", BRANCH)
    repo = open_repository(project)
    assert find(repo, branch=BRANCH, slug="x-01A") == Found(BRANCH, git(project, "rev-parse", "main"), None)
    whole(make(repo, tree, existing=True))


def test_a_lock_file_of_a_killed_git_on_the_branch_is_swept(project: Path, tmp_path: Path) -> None:
    lock_file = project / f".git/refs/heads/{BRANCH}.lock"
    lock_file.parent.mkdir()
    lock_file.touch()
    whole(make(open_repository(project), tmp_path / "tree"))


@pytest.mark.parametrize("how", ["folder", "folder and what holds it", "unlocked"])
def test_a_worktree_deleted_by_hand_is_made_again_and_others_stay(project: Path, tmp_path: Path, how: str) -> None:
    repo = open_repository(project)
    tree = tmp_path / "home" / "worktrees" / "tree"
    other = tmp_path / "other"
    git(project, "worktree", "add", "--quiet", "-b", "other", str(other))
    shutil.rmtree(other)
    made = make(repo, tree)
    if how == "unlocked":
        git(project, "worktree", "unlock", str(tree))
    shutil.rmtree(tree if how == "folder" else tmp_path / "home")
    assert find(repo, branch=BRANCH, slug="x-01A") == Found(BRANCH, made.head, None)
    whole(make(repo, tree, existing=True))
    assert f"worktree {other}\n" in git(project, "worktree", "list", "--porcelain")


def test_a_worktree_deleted_elsewhere_frees_its_branch(project: Path, tmp_path: Path) -> None:
    repo = open_repository(project)
    make(repo, tmp_path / "old")
    shutil.rmtree(tmp_path / "old")
    whole(make(repo, tmp_path / "new", existing=True))


def test_a_missing_folder_that_a_person_locked_is_theirs(project: Path, tmp_path: Path) -> None:
    disk = tmp_path / "usb" / "tree"
    git(project, "worktree", "add", "--quiet", "-b", BRANCH, str(disk))
    git(project, "worktree", "lock", "--reason", "on my stick", str(disk))
    shutil.rmtree(disk)
    before = traces(project)
    with pytest.raises(BranchBusy, match="on my stick"):
        make(open_repository(project), tmp_path / "tree", existing=True)
    assert traces(project) == before


_FULL = """
import sys
from pathlib import Path
from scopecraft.errors import StorageFailed
from scopecraft.worktrees.repository import open_repository, resolve_base
from scopecraft.worktrees.worktree import CreateRequest, create
repo = open_repository(Path(sys.argv[1]))
small = Path(sys.argv[2])
try:
    create(repo, CreateRequest(small / "deep" / "tree", "feature/x-01A", resolve_base(repo, None).commit, "full"))
except StorageFailed as error:
    print(f"{error.message} | {error.hint} | {[path.name for path in small.iterdir()]}")
"""


def test_a_full_disk_is_said_and_leaves_nothing(project: Path, tmp_path: Path) -> None:
    commit(project, "big.bin", "0123456789abcdef" * 65536)
    small = tmp_path / "small"
    small.mkdir()
    before = traces(project)
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*namespace, "mount", "-t", "tmpfs", "none", str(small)], check=False).returncode != 0:
        unavailable("no mount namespaces here")
    script = 'mount -t tmpfs -o size=256k none "$2" && exec "$0" -c "$3" "$1" "$2"'
    command = [*namespace, "sh", "-c", script, sys.executable, str(project), str(small), _FULL]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert "unable to write file big.bin" in done.stdout.decode()
    assert "disk full" in done.stdout.decode()
    assert done.stdout.decode().endswith("| []\n")
    assert traces(project) == before
