"""A person who is not root: whatever agents make in the worktree belongs to that person."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import PROGRAM, Said, environment
from tests.support.engine import unavailable
from tests.support.people import becoming
from tests.support.repos import make_repository
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.tmux, pytest.mark.usefixtures("agent_image")]

IS_ROOT = os.getuid() == 0
USER = 54321 if IS_ROOT else os.getuid()  # one without a line in passwd, as in many containers
GROUP = USER if IS_ROOT else os.getgid()
SOCKET = Path("/var/run/docker.sock")


def as_user(*argv: str, cwd: Path) -> Said:
    """Run it as an ordinary user who may use the engine."""
    words = [*(becoming(USER, GROUP, groups=SOCKET.stat().st_gid) if IS_ROOT else ()), *argv]
    done = subprocess.run(words, cwd=cwd, env=environment(), stdin=subprocess.DEVNULL, capture_output=True)
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def shop(clean_environment: Path) -> Iterator[Path]:
    """A linked repository; everything in the test's folder belongs to the user."""
    folder = make_repository(clean_environment / "shop")
    give(clean_environment, USER, GROUP)
    for words in (("init",), ("link",)):
        said = sc(*words, cwd=folder)
        assert said.code == 0, said.err
    yield folder
    for row in json.loads(sc("ls", "--json", cwd=folder).out):
        if row["state"] != "ended":
            sc("stop", row["id"], "--now", cwd=folder)
    for socket in (clean_environment / "run").glob("scopecraft/*/tmux"):
        as_user("tmux", "-S", str(socket), "kill-server", cwd=folder)


def sc(*words: str, cwd: Path) -> Said:
    return as_user(*PROGRAM, *words, cwd=cwd)


def give(folder: Path, user: int, group: int) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, group, follow_symlinks=False)


def not_theirs(folder: Path) -> list[str]:
    """What does not belong to the user."""
    paths = [folder, *folder.rglob("*")]
    return [str(path) for path in paths if (path.lstat().st_uid, path.lstat().st_gid) != (USER, GROUP)]


def test_a_run_and_a_dispatch(shop: Path, clean_environment: Path) -> None:
    script = 'id -u; mkdir deep; echo "1" >deep/file; git add deep; git commit -qm "Go deep"; echo loose >loose'
    ran = sc("run", "fine", "--agent", "plain", "--", "/bin/sh", "-ec", script, cwd=shop)
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[0].endswith(f" {USER}")  # a time stands before it
    worktree = Path(sc("path", "fine", cwd=shop).out.strip())
    assert (worktree / "loose").read_text() == "loose\n"

    opened = sc("dispatch", "fine", "--agent", "plain", "--", "/bin/sh", "-c", "id -u >>loose; exec cat", cwd=shop)
    assert opened.code == 0, opened.err
    assert sc("stop", "fine", cwd=shop).code == 0
    assert (worktree / "loose").read_text() == f"loose\n{USER}\n"

    assert not_theirs(clean_environment) == []
    said = as_user("git", "log", "--format=%s %an", "feature/fine", cwd=shop)
    assert said.out.splitlines() == ["Go deep Tester", "start Tester"]
    assert as_user("git", "status", "--porcelain", cwd=worktree).out == "?? loose\n"
    assert as_user("git", "commit", "-qam", "By hand", "--allow-empty", cwd=worktree).code == 0
    shutil.rmtree(worktree)  # nothing in it resists


def test_a_window_whose_agent_is_in_a_container(shop: Path, clean_environment: Path) -> None:
    script = "tty -s; id -u >who; git add who; git commit -qm Made; echo loose >loose; read -r _; exit 7"
    words = ("--container", "--agent", "plain", "--", "/bin/sh", "-ec", script)
    opened = sc("dispatch", "fine", *words, cwd=shop)
    assert opened.code == 0, opened.err
    worktree = Path(sc("path", "fine", cwd=shop).out.strip())
    until((worktree / "loose").exists, 30)
    assert sc("send", "--anyway", "fine", "go on", cwd=shop).code == 0
    until(lambda: json.loads(sc("ls", "--json", cwd=shop).out)[0]["state"] == "ended", 30, every=0.2)
    assert json.loads(sc("ls", "--json", cwd=shop).out)[0]["status"]["outcome"]["exit_code"] == 7
    assert as_user("git", "show", "feature/fine:who", cwd=shop).out == f"{USER}\n"
    assert not_theirs(clean_environment) == []


def test_a_home_of_somebody_else_is_refused(shop: Path, clean_environment: Path) -> None:
    if not IS_ROOT:
        unavailable("only root can give a folder to somebody else")
    home = Path(os.environ["SCOPECRAFT_HOME"])
    give(home, 0, 0)
    for words in (("ls",), ("run", "fine", "--agent", "plain", "--", "true")):
        said = sc(*words, cwd=shop)
        assert said.code not in (0, 130), said.out
        assert said.err.startswith("error: ") and "internal error" not in said.err, said.err
    give(home, USER, GROUP)
