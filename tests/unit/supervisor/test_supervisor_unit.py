from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scopecraft.config.paths import Home
from scopecraft.supervisor.unit import Unit, unit_path, unit_text

UNIT = Unit(
    home=Path("/home/ann/.scopecraft"),
    argv=("/usr/bin/python3", "-m", "scopecraft", "serve"),
    environment={"SCOPECRAFT_HOME": "/home/ann/.scopecraft", "PATH": "/usr/bin"},
    grace_seconds=20,
)


def lines(unit: Unit) -> list[str]:
    return [line for line in unit_text(unit).splitlines() if line and not line.startswith("#")]


def test_no_session_ends_with_the_unit() -> None:
    assert {"KillMode=process", "OOMPolicy=continue", "TimeoutStopSec=30"} <= set(lines(UNIT))


def test_only_a_crash_starts_it_again() -> None:
    assert {"Restart=on-failure", "RestartPreventExitStatus=2 3"} <= set(lines(UNIT))


def test_odd_paths_are_one_word_and_mean_themselves() -> None:
    odd = replace(
        UNIT, argv=('/opt/a "b" $HOME 100%\\',), environment={"PATH": "/a b:/c%h"}, home=Path("/x%y\nKillMode=z")
    )
    assert 'ExecStart="/opt/a \\"b\\" $$HOME 100%%\\\\"' in lines(odd)
    assert 'Environment="PATH=/a b:/c%%h"' in lines(odd)
    assert "KillMode=z" not in lines(odd)


@pytest.mark.parametrize(
    ("home", "environ", "expected"),
    [
        ("/home/ann/.scopecraft", {}, "/home/ann/.config/systemd/user/scopecraft.service"),
        ("/home/ann/.scopecraft", {"XDG_CONFIG_HOME": "/c"}, "/c/systemd/user/scopecraft.service"),
        ("/home/ann/.scopecraft", {"XDG_CONFIG_HOME": "c"}, "/home/ann/.config/systemd/user/scopecraft.service"),
        ("/srv/b", {}, f"/home/ann/.config/systemd/user/scopecraft-{Home(Path('/srv/b')).label}.service"),
    ],
)
def test_each_home_has_a_unit_of_its_own(home: str, environ: dict[str, str], expected: str) -> None:
    assert unit_path(Home(Path(home)), {"HOME": "/home/ann", **environ}) == Path(expected)
