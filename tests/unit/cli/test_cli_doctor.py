"""How the doctor's findings look."""

from __future__ import annotations

from scopecraft.cli.doctor import finding_lines
from scopecraft.cli.terminal import cells
from scopecraft.sessions.doctor import Finding


def shown(*findings: Finding, width: int = 0) -> list[str]:
    return finding_lines(list(findings), width=width, colour=False)


def test_the_line_that_mends_stands_below_its_finding() -> None:
    lines = shown(Finding("git", "missing", "git is not installed", "apt-get install git"))
    assert lines[0] == "missing  git  git is not installed"
    assert lines[1].strip() == "-> apt-get install git"


def test_a_warning_without_a_remedy_says_so() -> None:
    assert shown(Finding("runtime", "warn", "old"))[1].strip() == "-> there is no remedy at hand"


def test_what_is_well_needs_no_remedy() -> None:
    assert shown(Finding("git", "ok", "fine"), Finding("gVisor", "info", "not at hand")) == [
        "ok       git     fine",
        "info     gVisor  not at hand",
        "",
        "all is well",
    ]


def test_the_last_line_counts() -> None:
    assert shown(Finding("a", "missing", "x"), Finding("b", "warn", "y"))[-1].startswith("1 missing, 1 to look at")


def test_a_line_to_copy_is_never_broken() -> None:
    line = "echo " + "x" * 100
    assert shown(Finding("git", "missing", "text " * 30, line), width=60)[-3].strip() == f"-> {line}"
    assert all(cells(line) <= 60 for line in shown(Finding("git", "ok", "text " * 30), width=60))


def test_odd_words_steer_no_terminal() -> None:
    text = "\n".join(shown(Finding("x", "warn", "a\x1b[2J\u202e", "b\x9b")))
    assert not set(text) & {"\x1b", "\x9b", "\u202e"}
