"""Versions of tools, judged."""

from __future__ import annotations

import pytest

from scopecraft.sessions.doctor_host import git_finding


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        ("git version 2.39.5", "ok"),
        ("git version 2.47.1 (Apple Git-154)", "ok"),
        ("git version 2.38.0.windows.1", "ok"),
        ("git version 2.34.1", "warn"),
        ("git version 2.25.1", "missing"),
        ("git version 3.0.0", "ok"),
        ("busybox", "warn"),
    ],
)
def test_an_old_git_is_told(answer: str, level: str) -> None:
    assert git_finding(answer).level == level


def test_what_git_prints_steers_no_terminal() -> None:
    assert "\x1b" not in git_finding("git version \x1b[2J").text
