"""Where a value comes from, and how it is said outside a file."""

from __future__ import annotations

import dataclasses

import pytest

from scopecraft.config.keys import field_at, key_of, key_text, known_keys
from scopecraft.config.layers import Effective, layer_of
from scopecraft.config.meaning import kind_sentence, meaning_of, value_text
from scopecraft.config.settings import AgentSettings, Settings
from scopecraft.config.spoken import environment_layer, flag_layer, variable_of
from scopecraft.errors import BadInput, BadSettings

MEMORY = ("container", "memory")


def test_the_later_place_wins_value_by_value() -> None:
    home = layer_of("home", "home.toml", {"container": {"memory": "1g", "cpus": 3}})
    project = layer_of("project", "repo.toml", {"container": {"memory": "2g", "pids": 99}})
    variables = environment_layer({"SCOPECRAFT_SET_CONTAINER__MEMORY": "3g", "OTHER": "x"})
    flags = flag_layer(["container.memory=4g"])
    effective = Effective((home, project, variables, flags))
    assert effective.settings.container.memory == 4 * 1024**3
    assert (effective.settings.container.cpus, effective.settings.container.pids) == (3.0, 99)
    told = [(layer, value.where) for layer, value in effective.said(MEMORY)]
    assert told == [
        ("default", ""),
        ("home", "home.toml"),
        ("project", "repo.toml"),
        ("environment", "$SCOPECRAFT_SET_CONTAINER__MEMORY"),
        ("flag", "--set"),
    ]
    assert effective.origin(("container", "cpus"))[0] == "home"
    assert effective.origin(("container", "network"))[0] == "default"


def test_variables_of_an_agent_are_put_together_and_lists_replaced() -> None:
    home = layer_of("home", "h", {"agents": {"a": {"env": {"ONE": "1", "TWO": "2"}, "arguments": ["-x"]}}})
    flags = flag_layer(["agents.a.env.TWO=zwei", 'agents.a.arguments=["-y", "-z"]'])
    agent = Effective((home, flags)).settings.agent("a")
    assert agent.env == {"ONE": "1", "TWO": "zwei"}
    assert agent.arguments == ("-y", "-z")


def test_a_built_in_agent_that_is_changed_a_little_stays_what_it_is() -> None:
    settings = Effective((layer_of("home", "h", {"agents": {"plain": {"image": "x"}, "new": {}}}),)).settings
    assert settings.agent("plain").dialect == "plain"
    assert settings.agent("new") == AgentSettings()


def test_an_empty_value_takes_back_what_a_weaker_place_says() -> None:
    home = layer_of("home", "h", {"container": {"image": "mine"}})
    assert Effective((home, flag_layer(["container.image="]))).settings.container.image is None


@pytest.mark.parametrize(
    ("variable", "nearest"),
    [
        ("SCOPECRAFT_SET_CONTANER__MEMORY", "SCOPECRAFT_SET_CONTAINER__MEMORY"),
        ("SCOPECRAFT_SET_MEMORY", "SCOPECRAFT_SET_CONTAINER__MEMORY"),
        ("SCOPECRAFT_SET_AGENTS__MINE__MODL", "SCOPECRAFT_SET_AGENTS__MINE__MODEL"),
        ("SCOPECRAFT_SET_", ""),
        ("SCOPECRAFT_SET_AGENTS____MODEL", ""),
    ],
)
def test_a_variable_that_names_no_setting_is_an_error_with_the_nearest_one(variable: str, nearest: str) -> None:
    with pytest.raises(BadSettings) as caught:
        environment_layer({variable: "1"})
    assert variable in caught.value.message
    assert nearest in caught.value.hint


def test_the_name_of_a_variable_below_env_stays_as_it_is_written() -> None:
    layer = environment_layer({"SCOPECRAFT_SET_AGENTS__MINE__ENV__Some__Name": "x"})
    assert list(layer.values) == [("agents", "mine", "env", "Some__Name")]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("container.memory", "no = in it"),
        ("container.memry=8g", "no setting 'container.memry'"),
        ("container.memory=lots", "no size"),
        ("container.cpus=nan", "greater than 0"),
        ("container.cpus=-1", "greater than 0"),
        ("container.cpus=inf", "greater than 0"),
        ("container.caches=pip,npm", "'pip', 'npm' or 'cargo'"),
        ("setup.commands=[unquoted]", "is no TOML"),
        ('setup.commands=["a"]\nx=1', "more than one value"),
        ("agents.a.env=x", "is a table"),
        ("agents.a=x", "no setting"),
        ("=x", "no setting"),
    ],
)
def test_what_cannot_be_set_is_refused_in_one_sentence(word: str, told: str) -> None:
    with pytest.raises((BadInput, BadSettings)) as caught:
        flag_layer([word])
    assert told in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("container.memory=8g", 8 * 1024**3),
        ("container.timeout=1h30m", 5400),
        ("container.timeout=90", 90),
        ("container.cpus=1.5", 1.5),
        ("container.network=none", "none"),
        ("setup.commands=npm ci", ("npm ci",)),
        ("setup.commands=", ()),
        ('setup.commands=["a", "b=c"]', ("a", "b=c")),
        ('agents."a.b".model=x', "x"),
        ("agents.a.env.NAME=a=b", "a=b"),
    ],
)
def test_values_are_written_as_a_person_speaks(word: str, value: object) -> None:
    assert [said.value for said in flag_layer([word]).values.values()] == [value]


def test_an_unknown_key_of_a_file_is_told_with_the_nearest() -> None:
    with pytest.raises(BadSettings) as caught:
        layer_of("home", "my.toml", {"container": {"memry": "1g"}})
    assert caught.value.message == "my.toml: container.memry: is not a setting"
    assert "container.memory" in caught.value.hint


def test_every_key_has_a_name_a_kind_and_a_meaning() -> None:
    keys = known_keys(["claude", "odd name"])
    assert len(keys) > 30
    for key in keys:
        assert key_of(key_text(key)) == key
        assert meaning_of(key) and kind_sentence(key)
        assert field_at(key) is not None


def test_every_key_can_be_said_by_a_variable() -> None:
    for key in known_keys():
        name = variable_of(key)
        with pytest.raises(BadSettings) as caught:
            environment_layer({name: "[" if "tuple" in str(field_at(key)) else ""})
            raise BadSettings(f"{name} can be empty")
        assert "names no setting" not in caught.value.message


def test_the_defaults_are_what_no_place_changes() -> None:
    assert Effective().settings == Settings()
    assert dataclasses.asdict(Settings())["container"]["memory"] == 4 * 1024**3


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("Bytes", 8 * 1024**3, '"8g"'),
        ("Bytes", 1025, '"1025"'),
        ("Seconds", 5403, '"1h30m3s"'),
        ("Seconds", 86400 * 30, '"30d"'),
        ("str", None, "unset"),
        ("tuple[str, ...]", (), "empty"),
        ("tuple[str, ...]", ("a",), '["a"]'),
    ],
)
def test_values_are_shown_as_a_file_has_them(kind: str, value: object, text: str) -> None:
    assert value_text(kind, value) == text
