"""A repository with git-lfs: what an agent adds is kept as a person's git-lfs keeps it, or the start is refused."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from tests.support.command_line import sc
from tests.support.repos import commit, git, make_repository

pytestmark = [
    pytest.mark.engine,
    pytest.mark.usefixtures("agent_image"),
    pytest.mark.skipif(shutil.which("git-lfs") is None and "CI" not in os.environ, reason="git-lfs is not installed"),
]
WITHOUT = "scopecraft-test-without-lfs:latest"


@pytest.fixture
def shop(clean_environment: Path) -> Path:
    assert sc("init").code == 0
    shop = make_repository(clean_environment / "shop")
    git(shop, "lfs", "install", "--local")
    commit(shop, ".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
    commit(shop, "old.bin", "old" * 1000)
    assert sc("link", cwd=shop).code == 0
    return shop


@pytest.fixture
def image_without(engine: DockerClient, agent_image: str) -> Iterator[str]:
    container = engine.containers.create(
        agent_image,
        ["/bin/sh", "-c", "rm -f $(command -v git-lfs)"],
        entrypoint=[],
        user="0",
        labels={"scopecraft.test": "lfs"},
    )
    try:
        container.start()
        container.wait()
        container.commit(*WITHOUT.split(":"))
    finally:
        container.remove(force=True)
    yield WITHOUT
    engine.images.remove(WITHOUT, force=True)


def run(task: str, script: str, cwd: Path, *more: str) -> tuple[int, str]:
    said = sc("run", task, "--agent", "plain", *more, "--", "/bin/sh", "-ec", script, cwd=cwd)
    return said.code, said.err + said.out


def test_an_agent_changes_and_adds_large_files(shop: Path) -> None:
    script = "cp old.bin new.bin; printf more >>new.bin; git add new.bin; git commit -qm new; git status --porcelain"
    code, said = run("art", script, shop)
    assert code == 0, said
    digest = hashlib.sha256(b"old" * 1000 + b"more").hexdigest()
    assert f"oid sha256:{digest}" in git(shop, "show", "feature/art:new.bin")
    git(shop, "switch", "-q", "--detach", "feature/art")
    assert (shop / "new.bin").read_bytes() == b"old" * 1000 + b"more"
    session = next((Path(os.environ["SCOPECRAFT_HOME"]) / "sessions").iterdir())
    assert not [name for name in ("git", "lfs", "objects") if (session / name).exists()]


def test_an_image_without_git_lfs_is_refused_with_what_to_do(shop: Path, image_without: str) -> None:
    code, said = run("art", "true", shop, "--set", f"container.image={image_without}")
    assert code == 3
    assert f"the image {image_without} has no git-lfs" in said
    assert "hint: sc image build" in said
    assert sc("path", "art", cwd=shop).code == 3


def test_a_task_that_comes_back_from_the_trash_has_no_changes(shop: Path) -> None:
    code, said = run("fix", "true", shop)
    assert code == 0, said
    for words in (("rm", "fix", "--yes"), ("restore", "fix")):
        done = sc(*words, cwd=shop)
        assert done.code == 0, done.err
        assert "not in all as it was" not in done.err
    assert sc("diff", "fix", cwd=shop).out == ""
