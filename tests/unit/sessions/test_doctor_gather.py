"""The doctor answers in time, whatever hangs, and always in the same order."""

from __future__ import annotations

import threading
import time

from scopecraft.errors import GitFailed
from scopecraft.sessions.doctor import Finding, gather, something_is_missing


def good(name: str) -> list[Finding]:
    return [Finding(name, "ok", "fine")]


def test_findings_come_in_the_order_of_the_checks() -> None:
    second_is_done = threading.Event()

    def first() -> list[Finding]:
        second_is_done.wait(5)
        return good("home")

    def second() -> list[Finding]:
        second_is_done.set()
        return good("git")

    assert [finding.name for finding in gather({"home": first, "git": second}, 5)] == ["home", "git"]


def test_a_check_that_hangs_is_told_within_the_deadline() -> None:
    never = threading.Event()
    began = time.monotonic()

    def hangs() -> list[Finding]:
        never.wait(30)
        return []

    found = gather({"disk": hangs, "home": lambda: good("home")}, 0.2)
    assert time.monotonic() - began < 5
    assert [(finding.name, finding.level) for finding in found] == [("disk", "warn"), ("home", "ok")]
    assert "0.2 s" in found[0].text
    never.set()


def test_a_needed_tool_that_hangs_counts_as_missing() -> None:
    never = threading.Event()

    def hangs() -> list[Finding]:
        never.wait(30)
        return []

    assert something_is_missing(gather({"engine": hangs}, 0.05))
    never.set()


def test_a_check_that_fails_is_told_like_any_error() -> None:
    def fails() -> list[Finding]:
        raise GitFailed("git said no", "try this")

    assert gather({"git": fails}, 5) == [Finding("git", "warn", "git said no", "try this")]
