"""What an agent does to its own folders must not stand in the way of the person."""

from __future__ import annotations

import io
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from tests.support.command_line import Said, sc

pytestmark = [pytest.mark.engine]


def run(workplace: Path, script: str, *more: str) -> Said:
    return sc("run", "fine", "--agent", "plain", *more, "--", "sh", "-c", script, cwd=workplace)


def session_folder(workplace: Path) -> Path:
    latest = json.loads(sc("ls", "--json", cwd=workplace).out)[0]
    return Path(os.environ["SCOPECRAFT_HOME"]) / "sessions" / str(latest["id"])


def test_folders_too_deep_to_walk_are_removed_all_the_same(workplace: Path) -> None:
    deep = "cd /session/git; i=0; while [ $i -lt 1500 ]; do mkdir a && cd -P a || exit 1; i=$((i+1)); done"
    said = run(workplace, deep)
    assert said.code == 0, said.err
    assert not (session_folder(workplace) / "git").exists()
    assert run(workplace, "true").code == 0


def test_locked_folders_are_removed_all_the_same(workplace: Path) -> None:
    said = run(workplace, "mkdir -p /session/git/x/y; chmod 0 /session/git/x/y /session/git/x")
    assert said.code == 0, said.err
    assert not (session_folder(workplace) / "git").exists()


def test_what_the_person_asked_for_cannot_be_rewritten(workplace: Path) -> None:
    said = run(
        workplace,
        "cd /mission/artifacts; echo evil >raw-input.md; rm -f raw-input.md; echo fine >mine.md",
        "-m",
        "do it",
    )
    assert said.code == 0, said.err
    (artifacts,) = Path(os.environ["SCOPECRAFT_HOME"]).glob("missions/active/*/artifacts")
    assert (artifacts / "raw-input.md").read_text() == "do it"
    assert (artifacts / "mine.md").read_text() == "fine\n"


CONFLICT = (
    "git config user.name A; git config user.email a@example.com; echo a >f; git add f; git commit -qm a;"
    " git switch -qc other HEAD~1; echo b >f; git add f; git commit -qm b; git switch -q -; git merge -q other; true"
)


def test_a_start_that_fails_keeps_a_half_done_merge(workplace: Path) -> None:
    settings = Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"
    assert run(workplace, CONFLICT).code == 0
    settings.write_text('[container]\nnetwork = "no-such-network"\n')
    assert run(workplace, "true").code == 1
    settings.unlink()
    said = run(workplace, "git status")
    assert "You have unmerged paths" in said.out


def test_a_person_who_went_on_alone_is_not_thrown_back(workplace: Path) -> None:
    assert run(workplace, CONFLICT).code == 0
    worktree = Path(sc("path", "fine", cwd=workplace).out.strip())
    (worktree / "f").write_text("mine\n")
    subprocess.run(["git", "add", "f"], cwd=worktree, check=True)
    subprocess.run(["git", "commit", "-q", "-m", "I settled it"], cwd=worktree, check=True)
    assert run(workplace, "true").code == 0
    log = subprocess.run(["git", "log", "-1", "--format=%s", "feature/fine"], cwd=workplace, capture_output=True)
    assert log.stdout == b"I settled it\n"


@pytest.fixture
def image_without_git(engine: DockerClient, agent_image: str) -> Iterator[str]:
    recipe = f"FROM {agent_image}\nRUN rm /usr/bin/git\n".encode()
    engine.images.build(fileobj=io.BytesIO(recipe), tag="scopecraft-test-nogit", rm=True, forcerm=True)
    yield "scopecraft-test-nogit"
    engine.images.remove("scopecraft-test-nogit", force=True)


def test_an_image_without_git_can_do_its_work(workplace: Path, image_without_git: str) -> None:
    settings = Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"
    settings.write_text(f'[container]\nimage = "{image_without_git}"\n')
    said = run(workplace, "git --version || echo none >made.txt")
    assert said.code == 0, said.err
    worktree = Path(sc("path", "fine", cwd=workplace).out.strip())
    assert (worktree / "made.txt").read_text() == "none\n"
