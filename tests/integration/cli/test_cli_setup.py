"""`sc init`, `sc link` and `sc projects` in a fresh home."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.command_line import sc


@pytest.fixture
def home() -> Path:
    assert sc("init").code == 0
    return Path(os.environ["SCOPECRAFT_HOME"])


@pytest.fixture
def repository(clean_environment: Path) -> Path:
    return make_repository(clean_environment / "shop")


def make_repository(path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(path)], check=True)
    subprocess.run(["git", "-C", str(path), "commit", "-q", "--allow-empty", "-m", "start"], check=True)
    return path


def everything_below(folder: Path) -> dict[str, tuple[int, int, int]]:
    return {
        str(path): (status.st_mode, status.st_mtime_ns, status.st_ino)
        for path in [folder, *sorted(folder.rglob("*"))]
        for status in [path.lstat()]
    }


def test_init_makes_a_private_home(home: Path) -> None:
    assert {path.name for path in home.iterdir()} >= {"config", "missions", "sessions", "worktrees", "events"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in [home, *home.rglob("*")])


def test_init_again_changes_nothing(home: Path) -> None:
    before = everything_below(home)
    said = sc("init")
    assert (said.code, said.out) == (0, "")
    assert "nothing to do" in said.err
    assert everything_below(home) == before


@pytest.mark.parametrize("place", ["/dev/null/home", "/proc/home", "/dev/null"])
def test_a_home_that_cannot_be_made_is_one_sentence(place: str) -> None:
    said = sc("init", SCOPECRAFT_HOME=place)
    assert said.code == 1
    assert said.err.startswith("error: cannot write /")
    assert "internal" not in said.err


def test_a_home_of_an_impossible_name_is_one_sentence() -> None:
    said = sc("init", SCOPECRAFT_HOME="/tmp/" + "x" * 300)
    assert said.code == 1
    assert "internal" not in said.err


@pytest.mark.parametrize("command", ["projects", "link"])
def test_without_a_home_a_command_names_init(command: str) -> None:
    said = sc(command)
    assert said.code == 3
    assert said.err.endswith("hint: make it with: sc init\n")


def test_a_linked_repository_is_listed(home: Path, repository: Path) -> None:
    assert sc("link", str(repository)).code == 0
    said = sc("projects")
    assert said.out.splitlines()[1].split()[:2] == ["shop", str(repository)]


def test_linking_again_or_from_inside_changes_nothing(home: Path, repository: Path) -> None:
    sc("link", str(repository))
    before = (home / "config" / "projects.json").read_bytes()
    inside = repository / "src"
    inside.mkdir()
    for said in (sc("link", str(repository)), sc("link", cwd=inside)):
        assert said.code == 0
        assert "linked already, as shop" in said.err
    assert (home / "config" / "projects.json").read_bytes() == before


def test_two_repositories_of_the_same_name_get_two_names(home: Path, repository: Path) -> None:
    other = repository.parent / "elsewhere"
    other.mkdir()
    sc("link", str(repository))
    sc("link", str(make_repository(other / "shop")))
    assert [row["name"] for row in json.loads(sc("projects", "--json").out)] == ["shop", "shop-2"]


def test_a_folder_without_a_repository_is_refused(home: Path, clean_environment: Path) -> None:
    said = sc("link", cwd=clean_environment)
    assert said.code == 3
    assert said.err.startswith("error: not a git repository")
    assert "\nhint: " in said.err
    assert sc("link", "/no/such/folder").code == 3


def test_a_repository_that_went_away_is_told(home: Path, repository: Path) -> None:
    sc("link", str(repository))
    repository.rename(repository.with_name("moved"))
    assert "not there any more" in sc("projects").out
    assert json.loads(sc("projects", "--json").out)[0]["is_there"] is False


def test_git_missing_is_exit_4(home: Path, repository: Path) -> None:
    said = sc("link", str(repository), PATH="/nonexistent")
    assert said.code == 4
    assert said.err.startswith("error: git is not installed")


def test_a_repository_of_a_hostile_name_steers_no_terminal(home: Path, clean_environment: Path) -> None:
    evil = make_repository(clean_environment / "a\x1b]52;c;aGk=\x07\x9b2J\u202eb")
    for said in (sc("link", str(evil)), sc("projects"), sc("projects", "--json")):
        assert said.code == 0
        assert not set(said.out + said.err) & {"\x1b", "\x07", "\x9b", "\u202e"}
    assert json.loads(sc("projects", "--json").out)[0]["path"] == str(evil)


def test_a_repository_whose_path_is_not_utf8_is_refused(home: Path, clean_environment: Path) -> None:
    path = os.fsdecode(os.fsencode(clean_environment) + b"/caf\xe9")
    make_repository(Path(path))
    said = sc("link", path)
    assert said.code == 2
    assert said.err.startswith("error: the path is not UTF-8: ")
    assert "caf\\udce9" in said.err


def test_a_damaged_list_of_projects_is_moved_aside_and_told(home: Path) -> None:
    (home / "config" / "projects.json").write_text('{"projects": [')
    said = sc("projects")
    assert said.code == 1
    assert "was moved to" in said.err
    assert sc("projects").code == 0
