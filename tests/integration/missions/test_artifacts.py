"""Artifacts of a writer that does its worst: what is listed, what is read, and that nothing else ever is."""

from __future__ import annotations

import os
import resource
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scopecraft.config.paths import Home, make_home
from scopecraft.errors import BadName, NotFound, Refused
from scopecraft.missions import artifacts
from scopecraft.missions.artifacts import list_artifacts, open_artifact
from scopecraft.missions.folder import create_mission
from scopecraft.model.clock import to_text
from scopecraft.model.ids import new_mission_id
from scopecraft.model.mission import Mission

SECRET = "the person's own key"


@pytest.fixture
def home(clean_environment: Path) -> Home:
    home = Home(clean_environment / "scopecraft")
    make_home(home)
    (clean_environment / "home" / "id_rsa").write_text(SECRET)
    return home


@pytest.fixture
def mission() -> Mission:
    now = datetime.now(UTC)
    at = to_text(now)
    return Mission(
        id=new_mission_id(now), title="x", slug="x", type="feature", workflow_id="oneshot", current_step=0,
        status="ready", project="shop", branch="feature/x", base="0" * 40, worktree="/w", created_at=at, updated_at=at,
    )  # fmt: skip


@pytest.fixture
def folder(home: Home, mission: Mission) -> Path:
    return create_mission(home, mission, "do it") / "artifacts"


def read(home: Home, mission: Mission, name: str) -> bytes:
    with open_artifact(home, mission, name) as pieces:
        return b"".join(pieces)


def names(home: Home, mission: Mission) -> dict[str, str]:
    return {artifact.name: artifact.refusal for artifact in list_artifacts(home, mission)}


def test_what_was_written_is_listed_and_read_byte_for_byte(home: Home, mission: Mission, folder: Path) -> None:
    content = b"\x00\xff\r\n" + os.urandom(200_000)
    (folder / "notes").mkdir()
    (folder / "notes" / "plan.md").write_bytes(content)
    (folder / "empty").touch()
    found = list_artifacts(home, mission)
    assert [(artifact.name, artifact.size, artifact.refusal) for artifact in found] == [
        ("empty", 0, ""),
        ("notes/plan.md", len(content), ""),
        ("raw-input.md", 5, ""),
    ]
    assert read(home, mission, "notes/plan.md") == content
    assert read(home, mission, "empty") == b""


def test_a_link_to_a_persons_file_is_not_followed(home: Home, mission: Mission, folder: Path) -> None:
    (folder / "x.md").symlink_to(Path.home() / "id_rsa")
    (folder / "relative.md").symlink_to("../mission.json")
    for name in ("x.md", "relative.md"):
        assert names(home, mission)[name].startswith("a link")
        with pytest.raises(Refused, match="is a link"):
            read(home, mission, name)


def test_nor_is_a_folder_on_the_way_that_is_a_link(home: Home, mission: Mission, folder: Path) -> None:
    (folder / "keys").symlink_to(Path.home())
    (folder / "deep").mkdir()
    (folder / "deep" / "up").symlink_to("../..")
    assert names(home, mission) == {
        "deep/up": "a link, and those of agents are not followed",
        "keys": "a link, and those of agents are not followed",
        "raw-input.md": "",
    }
    for name in ("keys/id_rsa", "deep/up/mission.json"):
        with pytest.raises(Refused, match="is a link"):
            read(home, mission, name)


def test_nor_the_folder_of_artifacts_itself(home: Home, mission: Mission, folder: Path) -> None:
    folder.rename(folder.with_name("old"))
    folder.symlink_to(Path.home())
    assert list_artifacts(home, mission) == ()
    with pytest.raises(NotFound, match="has no artifacts"):
        read(home, mission, "id_rsa")


def _socket(path: Path) -> None:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.close()


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (os.mkfifo, "a pipe"),
        (_socket, "a socket"),
        (lambda path: os.mknod(path, 0o20666, os.makedev(1, 5)), "a device"),
        (Path.mkdir, None),
    ],
    ids=["pipe", "socket", "endless device", "folder"],
)
def test_nobody_waits_for_what_is_no_file(
    home: Home, mission: Mission, folder: Path, make: Callable[[Path], None], what: str | None
) -> None:
    try:
        make(folder / "odd")
    except PermissionError:
        pytest.skip("making a device needs root")
    assert names(home, mission).get("odd") == what
    began = time.monotonic()
    with pytest.raises(Refused, match=what or "a folder"):
        read(home, mission, "odd")
    assert time.monotonic() - began < 2


def test_a_file_that_is_endless_by_a_hole_is_refused_and_costs_nothing(
    home: Home, mission: Mission, folder: Path
) -> None:
    with (folder / "huge.md").open("wb") as file:
        file.truncate(10 * 1024**3)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "at most 64 MiB are read" in names(home, mission)["huge.md"]
    with pytest.raises(Refused, match="10737418240 bytes long"):
        read(home, mission, "huge.md")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_a_long_one_is_never_held_as_a_whole(home: Home, mission: Mission, folder: Path) -> None:
    with (folder / "long.md").open("wb") as file:
        file.truncate(artifacts.LONGEST_ARTIFACT)
    with open_artifact(home, mission, "long.md") as pieces:
        assert max(len(piece) for piece in pieces) <= 1 << 16


def test_one_that_grows_while_it_is_read_ends_where_it_ended(home: Home, mission: Mission, folder: Path) -> None:
    (folder / "growing").write_bytes(b"x" * 100_000)
    with open_artifact(home, mission, "growing") as pieces:
        total = 0
        for piece in pieces:
            total += len(piece)
            with (folder / "growing").open("ab") as file:
                file.write(b"y" * 100_000)
    assert total == 100_000


def test_one_that_is_cut_while_it_is_read_ends_early(home: Home, mission: Mission, folder: Path) -> None:
    (folder / "cut").write_bytes(b"x" * 200_000)
    with open_artifact(home, mission, "cut") as pieces:
        first = next(pieces)
        os.truncate(folder / "cut", 10)
        assert b"".join(pieces) == b""
    assert len(first) == 1 << 16


@pytest.mark.parametrize(
    "name", ["../mission.json", "%2e%2e/mission.json", "/etc/passwd", "x\0y", "nul", "x" * 5000, ".."]
)
def test_a_name_that_leads_elsewhere_is_refused(home: Home, mission: Mission, folder: Path, name: str) -> None:
    with pytest.raises(BadName):
        read(home, mission, name)


def test_odd_names_are_listed_and_not_read(home: Home, mission: Mission, folder: Path) -> None:
    for name in (b"\x1b]0;x\x07", b"\xff\xfe", b"a\nb", b".hidden", b"con"):
        (Path(os.fsdecode(os.fsencode(folder) + b"/" + name))).touch()
    found = names(home, mission)
    assert len(found) == 6
    assert {name for name, refusal in found.items() if not refusal} == {"raw-input.md"}


def test_one_that_is_not_there_names_those_that_are(home: Home, mission: Mission, folder: Path) -> None:
    with pytest.raises(NotFound) as error:
        read(home, mission, "plan.md")
    assert error.value.hint == "it has: raw-input.md"


def test_a_forest_of_folders_is_looked_at_for_a_while_only(home: Home, mission: Mission, folder: Path) -> None:
    for number in range(1200):
        (folder / f"d{number}" / "e").mkdir(parents=True)
    deep = folder / "deep"
    for _ in range(20):
        deep.mkdir()
        deep /= "d"
    for number in range(1200):
        (folder / f"f{number}").touch()
    assert len(list_artifacts(home, mission)) <= artifacts.MOST_ARTIFACTS
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    list_artifacts(home, mission)
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


def test_a_locked_folder_hides_only_itself(home: Home, mission: Mission, folder: Path) -> None:
    (folder / "locked").mkdir(mode=0)
    assert "raw-input.md" in names(home, mission)
    (folder / "locked").chmod(0o700)
