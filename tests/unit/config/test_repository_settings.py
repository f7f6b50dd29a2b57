"""What a repository may set, and what a person is warned of."""

from __future__ import annotations

import json

import pytest

from scopecraft.config.keys import default_of, key_text, known_keys
from scopecraft.config.repository_file import MOST_BYTES, danger_of, is_allowed, of_bytes, project_layer
from scopecraft.errors import BadSettings

WITHOUT_DANGER = {
    "checks.timeout",
    "worktrees.branch_template",
    "agents.<name>.model",
    "container.memory",
    "container.cpus",
    "container.pids",
    "container.tmp_size",
    "container.output_limit",
    "container.timeout",
    "container.stop_grace",
    "container.result_grace",
    "setup.timeout",
    "setup.ports",
}


def test_every_setting_that_a_repository_may_set_was_judged() -> None:
    """A new setting of these sections has to be put on one side or the other."""
    allowed = {".".join(key) for key in known_keys(["<name>"]) if is_allowed(key)}
    assert {name for name in allowed if danger_of(tuple(name.split("."))) is None} == WITHOUT_DANGER


def _any_value(key: tuple[str, ...]) -> str:
    default = default_of(key)
    return json.dumps(list(default) if isinstance(default, tuple) else default if default is not None else 60)


@pytest.mark.parametrize("key", [key for key in known_keys() if not is_allowed(key)], ids=key_text)
def test_what_is_a_persons_own_is_refused_with_file_and_key(key: tuple[str, ...]) -> None:
    values = {
        "engine.host": '"tcp://x"',
        "github.api": '"https://x"',
        "http.project": '"shop"',
        "tmux.server": '"mine"',
        "trash.keep": "60",
        "worktrees.free_floor": "1",
    }
    text = f"{key_text(key)} = {values.get(key_text(key), _any_value(key))}\n"
    with pytest.raises(BadSettings) as caught:
        project_layer(of_bytes(text.encode(), "/shop/.scopecraft.toml"))
    assert caught.value.message == f"/shop/.scopecraft.toml: {key_text(key)}: a repository cannot set this"


def test_one_variable_of_an_agent_is_as_dangerous_as_all() -> None:
    assert danger_of(("agents", "x", "env", "PATH")) == danger_of(("agents", "x", "env"))


@pytest.mark.parametrize("text", [b"\xff\xfe", b"[[[", b"a" * (MOST_BYTES + 1), b"x = " + b"[" * 5000, b"secrets = 1"])
def test_rubbish_is_refused_in_one_sentence(text: bytes) -> None:
    with pytest.raises(BadSettings) as caught:
        project_layer(of_bytes(text, "/shop/.scopecraft.toml"))
    assert caught.value.message.startswith("/shop/.scopecraft.toml")
