"""The settings file and the list of projects."""

from __future__ import annotations

from pathlib import Path

import pytest

from scopecraft.config.layers import load_settings
from scopecraft.config.paths import Home, home_of, make_home, runtime_folder
from scopecraft.config.projects import link_project, load_projects
from scopecraft.config.secrets import Secrets, gather_secrets, read_secrets_file
from scopecraft.config.settings import BUILT_IN
from scopecraft.errors import BadInput, BadSettings, StateUnreadable, StorageFailed

AT = "2026-01-01T00:00:00.000Z"


@pytest.fixture
def home(clean_environment: Path) -> Home:
    home = home_of({"SCOPECRAFT_HOME": str(clean_environment / "scopecraft")})
    make_home(home)
    return home


def test_without_a_file_everything_has_a_default(home: Home) -> None:
    settings = load_settings(home)
    assert settings.default_agent == "claude"
    assert settings.agent("plain").dialect == "plain"
    assert settings.container.network == "bridge"


def test_a_person_may_write_sizes_and_times_as_they_speak(home: Home) -> None:
    home.settings_file.write_text('[container]\nmemory = "2GiB"\ntimeout = "30m"\n')
    settings = load_settings(home)
    assert settings.container.memory == 2 * 1024**3
    assert settings.container.timeout == 1800


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("nonsense = 1", "nonsense: is not a setting"),
        ("[container]\ncpus = 'many'", "container.cpus"),
        ("[container]\ntimeout = 'soon'", "no length of time"),
        ("[agents.x]\ncommand = 3", "agents.x.command"),
        ("[alerts]\ndangerous = ['fine', 'prod-(']", "alerts.dangerous.1: 'prod-(' is no regular expression"),
        ("[alerts]\ndangerous = [7]", "alerts.dangerous.0"),
        ("not toml at all", "not valid TOML"),
    ],
)
def test_a_bad_line_is_named_with_the_file(home: Home, text: str, named: str) -> None:
    home.settings_file.write_text(text)
    with pytest.raises(BadSettings) as caught:
        load_settings(home)
    assert named in caught.value.message
    assert str(home.settings_file) in caught.value.message


def test_an_unknown_agent_is_told_with_the_choices(home: Home) -> None:
    home.settings_file.write_text('[agents.mine]\ndialect = "plain"\n')
    with pytest.raises(BadInput) as caught:
        load_settings(home).agent("other")
    assert caught.value.hint == f"agents: {', '.join(sorted({*BUILT_IN, 'mine'}))}"


def test_a_repository_is_linked_once_and_names_stay_apart(home: Home) -> None:
    first, is_new = link_project(home, path=Path("/a/shop"), common_dir=Path("/a/shop/.git"), at=AT)
    again, is_new_again = link_project(home, path=Path("/a/shop"), common_dir=Path("/a/shop/.git"), at=AT)
    other, _ = link_project(home, path=Path("/b/shop.git"), common_dir=Path("/b/shop.git"), at=AT)
    assert is_new and not is_new_again and first == again
    assert [project.name for project in load_projects(home)] == ["shop", "shop-2"]
    assert other.name == "shop-2"


def test_a_damaged_list_of_projects_is_moved_aside_not_overwritten(home: Home) -> None:
    (home.config / "projects.json").write_bytes(b"\0\0\0")
    with pytest.raises(StateUnreadable, match="moved to"):
        load_projects(home)
    kept = [path for path in home.config.iterdir() if path.name.startswith("projects.json.")]
    assert [path.read_bytes() for path in kept] == [b"\0\0\0"]
    assert load_projects(home) == []


def test_secrets_come_from_the_file_and_the_environment_wins(home: Home) -> None:
    home.secrets_file.write_text("# mine\nexport A_KEY='from file'\nB_KEY=b=c\n")
    home.secrets_file.chmod(0o600)
    found = gather_secrets(home, {"A_KEY": "from here"}, ["A_KEY", "B_KEY", "C_KEY"])
    assert found.values == {"A_KEY": "from here", "B_KEY": "b=c"}


def test_a_secrets_file_that_others_may_read_is_refused(home: Home) -> None:
    home.secrets_file.write_text("A_KEY=x\n")
    home.secrets_file.chmod(0o644)
    with pytest.raises(BadSettings, match="others may read"):
        read_secrets_file(home)


def test_known_secrets_are_taken_out_of_text() -> None:
    text = Secrets({"KEY": "sk-12345678", "SHORT": "abc"}).redact("it said sk-12345678 and abc")
    assert text == "it said [secret KEY] and abc"


def test_making_the_home_twice_changes_nothing(home: Home) -> None:
    assert make_home(home) == []
    assert {path.stat().st_mode & 0o777 for path in home.folders()} == {0o700}


def test_sockets_of_a_deep_home_stand_in_a_short_private_folder(clean_environment: Path) -> None:
    deep = Home(clean_environment / ("deep/" * 60))
    folder = runtime_folder(deep, {"XDG_RUNTIME_DIR": str(clean_environment / "run")})
    assert len(str(folder / "tmux")) < 100
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_runtime_folder_of_somebody_else_is_refused(clean_environment: Path, home: Home) -> None:
    run = clean_environment / "run"
    (run / "scopecraft").mkdir(mode=0o777)
    (run / "scopecraft").chmod(0o777)
    with pytest.raises(StorageFailed, match="not a private folder"):
        runtime_folder(home, {"XDG_RUNTIME_DIR": str(run)})
