"""A whole run on Podman's socket: of root, and of an ordinary user without root anywhere."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.test_ordinary_user import give
from tests.support.command_line import PROGRAM, Said, environment
from tests.support.people import becoming
from tests.support.podman import IMAGE, Podman
from tests.support.repos import git, make_repository
from tests.support.wait import until

pytestmark = pytest.mark.engine

Sc = Callable[..., Said]
SETTINGS = f'[container]\nimage = "{IMAGE}"\nnetwork = "none"\n'


@pytest.fixture
def shop(clean_environment: Path, podman: Podman) -> Path:
    folder = make_repository(clean_environment / "shop")
    give(clean_environment, *podman.owner)
    return folder


@pytest.fixture
def sc(shop: Path, podman: Podman) -> Iterator[Sc]:
    def run(*words: str) -> Said:
        who = becoming(*podman.owner) if podman.is_rootless else []
        env = environment(DOCKER_HOST=podman.address)
        done = subprocess.run(
            [*who, *PROGRAM, *words], cwd=shop, env=env, stdin=subprocess.DEVNULL, capture_output=True
        )
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode())

    for words in (("init",), ("link",)):
        said = run(*words)
        assert said.code == 0, said.err
    settings = Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"
    settings.write_text(SETTINGS)
    yield run
    for row in json.loads(run("ls", "--json").out):
        if row["state"] != "ended":
            run("stop", row["id"], "--now")


def test_a_run_leaves_its_commit_and_nothing_of_anybody_else(sc: Sc, shop: Path, podman: Podman) -> None:
    script = 'id -u; mkdir deep; echo 1 >deep/file; git add deep; git commit -qm "Go deep"; echo loose >loose'
    ran = sc("run", "fine", "--agent", "plain", "--", "/bin/sh", "-ec", script)
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[0].endswith(" 0")  # root inside is the person outside
    worktree = Path(sc("path", "fine").out.strip())
    paths = [worktree, *worktree.rglob("*")]
    assert {(path.lstat().st_uid, path.lstat().st_gid) for path in paths} == {podman.owner}
    log = subprocess.run(
        ["git", "-c", "safe.directory=*", "log", "--format=%s", "feature/fine"],
        cwd=shop, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert log.stdout.splitlines() == ["Go deep", "start"]
    with podman.client() as client:
        assert client.containers(all=True) == []


def test_ends_are_told_apart_and_a_window_is_a_terminal_inside(sc: Sc, shop: Path, podman: Podman) -> None:
    failed = sc("run", "fails", "--agent", "plain", "--", "sh", "-c", "exit 7")
    assert (failed.code, "exited with code 7" in failed.err) == (1, True), failed.err
    limited = sc("run", "late", "--agent", "plain", "--timeout", "2s", "--", "sleep", "600")
    assert (limited.code, "time" in limited.err) == (1, True), limited.err
    _check_window(sc, shop, podman)


def _check_window(sc: Sc, shop: Path, podman: Podman) -> None:
    script = "tty -s; id -u >who; git add who; git commit -qm Made; echo loose >loose; read -r _; exit 7"
    try:
        opened = sc("dispatch", "window", "--container", "--agent", "plain", "--", "/bin/sh", "-ec", script)
        assert opened.code == 0, opened.err
        worktree = Path(sc("path", "window").out.strip())
        until((worktree / "loose").exists, 30)
        assert sc("send", "--anyway", "window", "go on").code == 0
        until(lambda: json.loads(sc("ls", "--json").out)[0]["state"] == "ended", 30, every=0.2)
        assert json.loads(sc("ls", "--json").out)[0]["status"]["outcome"]["exit_code"] == 7
        assert git(worktree, "-c", "safe.directory=*", "show", "feature/window:who") == "0"
        with podman.client() as client:
            assert client.containers(all=True) == []
    finally:
        for socket in shop.parent.glob("run/scopecraft/*/tmux"):
            subprocess.run(["tmux", "-S", str(socket), "kill-server"], check=False, capture_output=True)
