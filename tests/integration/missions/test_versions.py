"""What artifacts were: each version whole or not there, whoever is killed and whatever the artifact is called."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scopecraft.config.paths import Home, make_home
from scopecraft.errors import NotFound, Refused
from scopecraft.missions.folder import create_mission, folder_of
from scopecraft.missions.versions import (
    Version,
    agent_version,
    artifact_hash,
    content_file,
    keep_version,
    read_version,
    version_named,
    versions_of,
)
from scopecraft.model.clock import to_text
from scopecraft.model.ids import new_mission_id
from scopecraft.model.mission import Mission
from tests.support.sessions import AT, LATER


@pytest.fixture
def home(clean_environment: Path) -> Home:
    home = Home(clean_environment / "scopecraft")
    make_home(home)
    return home


@pytest.fixture
def mission(home: Home) -> Mission:
    now = datetime.now(UTC)
    at = to_text(now)
    mission = Mission(
        id=new_mission_id(now), title="x", slug="x", type="feature", workflow_id="oneshot", current_step=0,
        status="ready", project="shop", branch="feature/x", base="0" * 40, worktree="/w", created_at=at, updated_at=at,
    )  # fmt: skip
    create_mission(home, mission, "do it")
    return mission


def artifacts(home: Home, mission: Mission) -> Path:
    return folder_of(home, mission) / "artifacts"


def read(home: Home, mission: Mission, version: Version) -> bytes:
    with read_version(home, mission, version) as pieces:
        return b"".join(pieces)


def test_each_content_is_kept_once_and_read_back_by_its_number(home: Home, mission: Mission) -> None:
    file = artifacts(home, mission) / "plan.md"
    file.write_bytes(b"one\n")
    first = keep_version(home, mission, "plan.md", by="planner/claude", at=AT, run_id="r-1")
    assert first == Version("plan.md", 1, "planner/claude", AT, hashlib.sha256(b"one\n").hexdigest(), 4, "r-1")
    assert keep_version(home, mission, "plan.md", by="ann", at=LATER) == first
    file.write_bytes(b"two\n")
    second = keep_version(home, mission, "plan.md", by="ann", at=LATER)
    file.write_bytes(b"one\n")
    third = keep_version(home, mission, "plan.md", by="ann", at=LATER)
    kept = versions_of(home, mission, "plan.md")
    assert kept == (first, second, third)
    assert [read(home, mission, version) for version in kept] == [b"one\n", b"two\n", b"one\n"]
    assert agent_version(kept) == first
    assert version_named(home, mission, "plan.md", 2) == second
    with pytest.raises(NotFound) as raised:
        version_named(home, mission, "plan.md", 9)
    assert raised.value.hint == "it has: 1, 2, 3"


def test_a_folder_of_versions_is_read_with_ls_and_cat(home: Home, mission: Mission) -> None:
    keep_version(home, mission, "raw-input.md", by="ann", at=AT)
    folder = folder_of(home, mission) / "versions" / "raw-input.md"
    assert sorted(path.name for path in folder.iterdir()) == ["0001.about.json", "0001.md"]
    assert (folder / "0001.md").read_text() == "do it"
    assert '"by": "ann"' in (folder / "0001.about.json").read_text()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_artifacts_whose_names_lie_within_each_other_keep_apart(home: Home, mission: Mission) -> None:
    """An agent may write a file, and later a folder in its place, with files named as versions are."""
    place = artifacts(home, mission)
    long = ("x" * 200, "y" * 200)
    names = ["a", "a/0001", "a/0001.about.json", "a-b", "/".join(long), "/".join((*long, "z")), "ü" * 127]
    for name in names:
        for other in place.iterdir():
            subprocess.run(["rm", "-rf", str(other)], check=True)
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(name)
        keep_version(home, mission, name, by="ann", at=AT)
    for name in names:
        (version,) = versions_of(home, mission, name)
        assert read(home, mission, version) == name.encode()
    assert len({content_file(home, mission, versions_of(home, mission, name)[0]).parent for name in names}) == 7


def test_what_is_not_there_has_neither_version_nor_hash(home: Home, mission: Mission) -> None:
    assert keep_version(home, mission, "plan.md", by="ann", at=AT) is None
    assert artifact_hash(home, mission, "plan.md") is None
    assert not (folder_of(home, mission) / "versions").exists()


def test_the_hash_is_that_of_the_bytes(home: Home, mission: Mission) -> None:
    content = os.urandom(200_000)
    (artifacts(home, mission) / "blob").write_bytes(content)
    assert artifact_hash(home, mission, "blob") == hashlib.sha256(content).hexdigest()


def test_a_trap_is_neither_kept_nor_hashed(home: Home, mission: Mission) -> None:
    (artifacts(home, mission) / "x.md").symlink_to("../mission.json")
    os.mkfifo(artifacts(home, mission) / "pipe.md")
    with (artifacts(home, mission) / "huge.md").open("wb") as file:
        file.truncate(10 * 1024**3)
    for name in ("x.md", "pipe.md", "huge.md"):
        with pytest.raises(Refused):
            keep_version(home, mission, name, by="ann", at=AT)
        with pytest.raises(Refused):
            artifact_hash(home, mission, name)
        assert versions_of(home, mission, name) == ()


def test_a_version_that_was_damaged_hides_no_other_and_is_not_written_over(home: Home, mission: Mission) -> None:
    file = artifacts(home, mission) / "plan.md"
    for number in (1, 2):
        file.write_text(str(number))
        keep_version(home, mission, "plan.md", by="ann", at=AT)
    (folder_of(home, mission) / "versions" / "plan.md" / "0002.about.json").write_text("{")
    file.write_text("3")
    third = keep_version(home, mission, "plan.md", by="ann", at=AT)
    assert third is not None and third.number == 3
    assert [version.number for version in versions_of(home, mission, "plan.md")] == [1, 3]
    assert (folder_of(home, mission) / "versions" / "plan.md" / "0002.md").read_text() == "2"


# Keeps versions of what it writes until it is killed at the given call of the system, counted from the second version.
KILLED = """
import os, signal, sys
from pathlib import Path
from scopecraft.config.paths import Home
from scopecraft.missions.finding import find_mission
from scopecraft.missions.versions import keep_version

home = Home(Path(sys.argv[1]))
mission = find_mission(home, "x", None, partial=False)
file = next(home.missions_active.glob("m-*/artifacts")) / "plan.md"
file.write_text("one")
keep_version(home, mission, "plan.md", by="ann", at="then")
file.write_text("two")
left = int(sys.argv[2])

def audit(event, arguments):
    global left
    if event in ("open", "os.rename", "os.mkdir", "os.remove", "os.listdir"):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(audit)
keep_version(home, mission, "plan.md", by="ann", at="then")
"""


def test_a_process_killed_at_any_moment_leaves_the_versions_as_they_were_or_with_the_new_one(
    home: Home, mission: Mission
) -> None:
    seen = set()
    for moment in range(40):
        folder = folder_of(home, mission) / "versions"
        subprocess.run(["rm", "-rf", str(folder)], check=True)
        done = subprocess.run([sys.executable, "-c", KILLED, str(home.root), str(moment)], check=False)
        kept = versions_of(home, mission, "plan.md")
        contents = [read(home, mission, version) for version in kept]
        assert contents in ([b"one"], [b"one", b"two"])
        seen.add(len(contents))
        again = keep_version(home, mission, "plan.md", by="ann", at=AT)
        assert again is not None and (again.number, read(home, mission, again)) == (2, b"two")
        assert not list(folder.glob("*/.*.tmp")), "what the killed one had begun is gone or used"
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
    else:
        raise AssertionError("it never got to its end")
    assert seen == {1, 2}
