"""One value is changed, and nothing else in the file."""

from __future__ import annotations

import re
import tomllib

import pytest

from scopecraft.config.editing import with_value, without

FILE = """\
# mine, and I want to keep it
default_agent = "claude"   # the usual one

[container]   # boxes
# more than enough
memory = "4g"  # see above
cpus = 2

[agents.reviewer]
env = { A = "1" }   # inline
"""


def test_comments_and_order_stay() -> None:
    changed = with_value(FILE, ("container", "memory"), "8g")
    assert changed == FILE.replace('"4g"', '"8g"')


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (("default_agent",), "plain"),
        (("container", "network"), "none"),
        (("setup", "commands"), ["a", "b"]),
        (("agents", "reviewer", "model"), "opus"),
        (("agents", "reviewer", "env", "B"), "2"),
        (("agents", "a new.one", "env", "B"), "x\ny"),
        (("trash", "keep"), "1d"),
    ],
)
@pytest.mark.parametrize(
    "file",
    [FILE, "", "\n# only words\n", 'container = { cpus = 3 }\nagents.x.model = "m"\n', FILE.replace("\n", "\r\n")],
    ids=["usual", "empty", "words", "inline", "crlf"],
)
def test_a_value_goes_in_wherever_it_belongs(file: str, key: tuple[str, ...], value: object) -> None:
    changed = with_value(file, key, value)
    found = tomllib.loads(changed)
    for part in key:
        found = found[part]
    assert found == value
    assert [comment for comment in re.findall(r"#.*", file) if comment not in changed] == []


def test_taking_out_leaves_the_rest() -> None:
    assert tomllib.loads(without(FILE, ("container", "memory")) or "")["container"] == {"cpus": 2}
    assert "agents" not in tomllib.loads(without(FILE, ("agents", "reviewer")) or "")
    assert without(FILE, ("container", "image")) is None
    assert without(FILE, ("default_agent", "x")) is None
    assert without("", ("trash", "keep")) is None
