"""`sc config`: what holds and why, changed without damage, and nothing secret shown."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support.command_line import on_a_terminal, sc
from tests.support.repos import make_repository

HOSTILE = "\x1b]52;c;c3RvbGVu\x07\x1b[2J\x9b2K\u202egpj\nSETTING  all is well"


@pytest.fixture
def shop(clean_environment: Path) -> Path:
    folder = make_repository(clean_environment / "shop")
    assert sc("init").code == 0
    assert sc("link", cwd=folder).code == 0
    return folder


def settings_file() -> Path:
    return Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"


def test_a_new_home_differs_from_nothing(shop: Path) -> None:
    said = sc("config", cwd=shop)
    assert (said.code, said.out) == (0, "")
    assert "default" in said.err
    everything = sc("config", "--all", cwd=shop).out
    assert "container.memory" in everything and '"4g"' in everything


def test_each_value_is_listed_with_where_it_comes_from(shop: Path) -> None:
    settings_file().write_text('[container]\nmemory = "8g"\ncpus = 1\n[agents.a]\nmodel = "m"\n')
    said = sc("config", cwd=shop, SCOPECRAFT_SET_CONTAINER__CPUS="3")
    rows = [line.split() for line in said.out.splitlines()[1:]]
    assert rows == [
        ["container.memory", '"8g"', "home", str(settings_file())],
        ["container.cpus", "3.0", "environment", "$SCOPECRAFT_SET_CONTAINER__CPUS"],
        ["agents.a.model", '"m"', "home", str(settings_file())],
    ]
    listed = json.loads(sc("config", "--json", cwd=shop).out)
    assert listed[0] == {
        "key": "container.memory",
        "value": 8 * 1024**3,
        "layer": "home",
        "where": str(settings_file()),
    }


def test_what_is_set_can_be_got_explained_and_taken_back(shop: Path) -> None:
    settings_file().write_text("# mine\n[container]  # boxes\ncpus = 3  # enough\n")
    assert sc("config", "set", "container.cpus", "4", cwd=shop).code == 0
    assert settings_file().read_text() == "# mine\n[container]  # boxes\ncpus = 4  # enough\n"
    assert sc("config", "get", "container.cpus", cwd=shop).out == "4.0\n"
    explained = sc("config", "explain", "container.cpus", cwd=shop).out
    assert "Processor cores of one session." in explained
    assert "default     2.0" in explained and f"* home        4.0   {settings_file()}" in explained
    as_json = json.loads(sc("config", "explain", "container.cpus", "--json", cwd=shop).out)
    assert (as_json["wins"], as_json["default"], as_json["kind"]) == ("home", 2.0, "number")
    assert sc("config", "unset", "container.cpus", cwd=shop).code == 0
    assert sc("config", "get", "container.cpus", cwd=shop).out == "2.0\n"
    again = sc("config", "unset", "container.cpus", cwd=shop)
    assert again.code == 3 and "is not set" in again.err


def test_lists_are_set_as_in_toml_and_printed_line_by_line(shop: Path) -> None:
    assert sc("config", "set", "agents.tests.command", '["sh", "-c", "make test"]', cwd=shop).code == 0
    assert sc("config", "get", "agents.tests.command", cwd=shop).out == "sh\n-c\nmake test\n"
    assert sc("config", "set", "agents.tests.arguments", "--fast", cwd=shop).code == 0
    assert sc("config", "get", "agents.tests.arguments", "--json", cwd=shop).out.count("--fast") == 1
    assert sc("config", "unset", "agents.tests", cwd=shop).code == 0
    assert "agents" not in settings_file().read_text()


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("container.memry", "8g", "container.memory"),
        ("container.memory", "lots", "no size"),
        ("container.memory", "", "no size"),
        ("container.image", "", "sc config unset"),
        ("container.cpus", "-1", "greater than 0"),
        ("container.caches", '["pip", "conda"]', "'cargo'"),
        ("agents.x.env", "A", "table"),
        ("container", "x", "no setting"),
        ("agents.x.env.", "x", "no setting"),
    ],
)
def test_a_bad_value_is_refused_before_anything_is_written(shop: Path, key: str, value: str, told: str) -> None:
    settings_file().write_text("# mine\n")
    said = sc("config", "set", key, value, cwd=shop)
    assert said.code == 2, said
    assert told in said.err
    assert settings_file().read_text() == "# mine\n"


def test_a_file_that_is_damaged_already_is_not_written_over(shop: Path) -> None:
    settings_file().write_text("[container\n")
    said = sc("config", "set", "container.cpus", "3", cwd=shop)
    assert said.code == 2 and "not valid TOML" in said.err
    assert settings_file().read_text() == "[container\n"


def editor(folder: Path, script: str) -> str:
    program = folder / "editor"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


def test_an_edit_replaces_the_file(shop: Path, clean_environment: Path) -> None:
    said = sc("config", "edit", cwd=shop, EDITOR=editor(clean_environment, 'echo "default_agent = \\"plain\\"" >>"$1"'))
    assert said.code == 0, said.err
    assert sc("config", "get", "default_agent", cwd=shop).out == "plain\n"
    assert settings_file().stat().st_mode & 0o777 == 0o600


def test_an_edit_that_cannot_be_used_is_kept_aside_and_the_old_settings_stay(
    shop: Path, clean_environment: Path
) -> None:
    settings_file().write_text("# mine\n")
    said = sc("config", "edit", cwd=shop, EDITOR=editor(clean_environment, 'echo "cpus = lots # my text" >>"$1"'))
    assert said.code == 2
    assert settings_file().read_text() == "# mine\n"
    kept = [file for file in settings_file().parent.iterdir() if "rejected" in file.name]
    assert [file.read_text() for file in kept] == ["# mine\ncpus = lots # my text\n"]
    assert str(kept[0]) in said.err
    assert not list(settings_file().parent.glob(".edit-*"))


@pytest.mark.parametrize("script", ["exit 1", "kill $$"])
def test_an_editor_that_fails_changes_nothing(shop: Path, clean_environment: Path, script: str) -> None:
    said = sc("config", "edit", cwd=shop, VISUAL=editor(clean_environment, f'echo "x" >>"$1"; {script}'))
    assert said.code == 1 and "nothing was changed" in said.err
    assert not settings_file().exists()
    assert sc("config", "edit", cwd=shop, VISUAL="/no/such/editor").code == 1


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [("'vi", 2, "EDITOR is no command"), (" ", 2, "vi needs a terminal"), ("rm", 1, "left no file")],
)
def test_an_editor_that_is_none_is_one_sentence(shop: Path, words: str, code: int, told: str) -> None:
    said = sc("config", "edit", cwd=shop, EDITOR=words, VISUAL="")
    assert (said.code, told in said.err, said.out) == (code, True, ""), said.err
    assert not settings_file().exists()


def test_keys_and_tokens_are_never_printed(shop: Path) -> None:
    secrets = settings_file().with_name("secrets.env")
    secrets.write_text("MY_KEY=sk-in-the-file-0123456789\n")
    secrets.chmod(0o600)
    settings_file().write_text(
        '[agents.a]\narguments = ["--key", "sk-in-the-file-0123456789"]\n'
        'env = { API_TOKEN = "tok-987654321", LEVEL = "info" }\n'
    )
    for words in (
        ("config",),
        ("config", "--all"),
        ("config", "--json"),
        ("config", "--all", "--json"),
        ("config", "get", "agents.a.env.API_TOKEN"),
        ("config", "get", "agents.a.env"),
        ("config", "get", "agents.a.env", "--json"),
        ("config", "get", "agents.a.arguments"),
        ("config", "get", "agents.a.arguments", "--json"),
        ("config", "explain", "agents.a.env.API_TOKEN"),
        ("config", "explain", "agents.a.arguments", "--json"),
    ):
        said = sc(*words, cwd=shop)
        assert said.code == 0, said
        assert "tok-987654321" not in said.out + said.err, words
        assert "sk-in-the-file" not in said.out + said.err, words
    assert sc("config", "get", "agents.a.env.LEVEL", cwd=shop).out == "info\n"


@pytest.mark.parametrize(
    "words",
    [
        ("config",),
        ("config", "get", "container.image"),
        ("config", "explain", "container.image"),
        ("config", "trust", "--yes"),
    ],
)
def test_what_a_repository_says_steers_no_terminal(shop: Path, words: tuple[str, ...]) -> None:
    text = json.dumps(HOSTILE, ensure_ascii=True)
    (shop / ".scopecraft.toml").write_text(
        f"[container]\nimage = {text}\n[agents.{text}]\nmodel = {text}\n[setup]\ncommands = [{text}]\n"
    )
    assert sc("config", "trust", "--yes", cwd=shop).code == 0
    (settings_file().parent / "settings.toml").write_text(f"[container]\nnetwork = {text}\n")
    shown = on_a_terminal(*words, cwd=shop)
    assert "]52" in shown
    for unsafe in ("\x1b]", "\x07", "\x1b[2J", "\x9b", "\u202e"):
        assert unsafe not in shown, repr(shown)
    if "get" not in words:  # which prints the value as it is, for programs
        assert "\nSETTING  all is well" not in shown.replace("\r", "")


def test_the_paths_of_both_files(shop: Path) -> None:
    assert sc("config", "path", cwd=shop).out == f"{settings_file()}\n"
    assert sc("config", "path", "--project", cwd=shop).out == f"{shop}/.scopecraft.toml\n"


def test_the_repositorys_file_takes_only_what_is_a_repositorys(shop: Path) -> None:
    file = shop / ".scopecraft.toml"
    assert sc("config", "set", "--project", "container.memory", "8g", cwd=shop).code == 0
    assert file.read_text() == '[container]\nmemory = "8g"\n'
    assert file.stat().st_mode & 0o777 == 0o644
    assert sc("config", "get", "container.memory", cwd=shop).out == "8g\n"
    said = sc("config", "set", "--project", "engine.host", "tcp://x", cwd=shop)
    assert said.code == 2 and f"{file}: engine.host: a repository cannot set this" in said.err
    assert file.read_text() == '[container]\nmemory = "8g"\n'


def test_whoever_sets_what_another_place_overrides_is_told(shop: Path) -> None:
    said = sc("config", "set", "container.cpus", "3", cwd=shop, SCOPECRAFT_SET_CONTAINER__CPUS="5")
    assert said.code == 0
    assert "$SCOPECRAFT_SET_CONTAINER__CPUS" in said.err


def test_a_variable_that_names_no_setting_is_told_by_every_command_that_reads_them(shop: Path) -> None:
    said = sc("run", "x", "-m", "x", cwd=shop, SCOPECRAFT_SET_CONTAINR__MEMORY="8g")
    assert said.code == 2
    assert "SCOPECRAFT_SET_CONTAINR__MEMORY names no setting" in said.err
    assert "SCOPECRAFT_SET_CONTAINER__MEMORY" in said.err


def test_trust_shows_and_without_a_terminal_or_yes_confirms_nothing(shop: Path) -> None:
    assert "brings no settings" in sc("config", "trust", cwd=shop).err
    (shop / ".scopecraft.toml").write_text('[container]\nimage = "theirs"\n')
    said = sc("config", "trust", cwd=shop)
    assert said.code == 3 and '! container.image = "theirs"' in said.err
    assert "not in effect" in sc("config", cwd=shop).err
    assert sc("config", "trust", "--yes", cwd=shop).code == 0
    assert '"theirs"' in sc("config", cwd=shop).out
    again = sc("config", "trust", cwd=shop)
    assert again.code == 0 and "brings are confirmed" in again.err and "nothing to do" in again.err
    assert sc("config", "untrust", cwd=shop).code == 0
    assert '"theirs"' not in sc("config", cwd=shop).out


def test_a_hint_outside_of_any_repository_works_where_project_takes_no_name(
    shop: Path, clean_environment: Path
) -> None:
    other = make_repository(clean_environment / "other")
    assert sc("link", cwd=other).code == 0
    said = sc("config", "set", "--project", "container.memory", "8g", cwd=clean_environment)
    assert said.code == 3 and "go into the repository first" in said.err


def test_outside_a_home_it_is_told_what_to_do(clean_environment: Path) -> None:
    said = sc("config", cwd=clean_environment)
    assert said.code == 3 and "sc init" in said.err
