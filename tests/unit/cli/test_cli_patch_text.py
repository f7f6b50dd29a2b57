"""Patches, lists of files and the pager, as a person sees them."""

from __future__ import annotations

import pytest

from scopecraft.cli.changed_files import host_file_lines, quoted, stat_lines, totals
from scopecraft.cli.pager import pager_command
from scopecraft.cli.patch_text import patch_lines
from scopecraft.model.host_files import host_files
from scopecraft.sessions.patch_lines import LONGEST_LINE
from scopecraft.worktrees.difference import FileChange


def test_a_file_that_steers_the_terminal_is_shown_with_its_escapes_written_out() -> None:
    shown = list(patch_lines([b"@@ -1 +1 @@\n+\x1b]52;c;aGk=\x07\n-\xc2\x9b31m\xff\n"], colour=False))
    assert shown == ["@@ -1 +1 @@", "+\\x1b]52;c;aGk=\\x07", "-\\x9b31m\\udcff"]


def test_pieces_that_end_in_the_middle_of_a_line_or_character_make_whole_lines() -> None:
    pieces = [bytes([byte]) for byte in "+grüße\n-weg".encode()]
    assert list(patch_lines(pieces, colour=False)) == ["+grüße", "-weg"]


def test_a_line_without_an_end_is_cut_and_says_how_much_is_missing() -> None:
    shown = list(patch_lines([b"+" + b"x" * 100_000] * 3 + [b"\n-short\n"], colour=False))
    assert len(shown[0]) < LONGEST_LINE + 50
    assert shown[0].endswith(f"({300_003 - LONGEST_LINE:,} more bytes)")
    assert shown[1] == "-short"


def test_a_line_of_a_file_that_looks_like_a_header_is_coloured_as_what_it_is() -> None:
    lines = [b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n--- a/y\n+++ b/y\n"]
    tones = [line.partition("m")[0].removeprefix("\x1b[") for line in patch_lines(lines, colour=True)]
    assert tones == ["1", "1", "1", "36", "31", "32"]


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("src/app.py", "src/app.py"),
        ("grüße und leerzeichen.txt", "grüße und leerzeichen.txt"),
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("line\nbreak\ttab", '"line\\nbreak\\ttab"'),
        ("\x1b[2J", '"\\033[2J"'),
        ("gnp.\u202eexe", '"gnp.\\342\\200\\256exe"'),
        ("\udcff", '"\\377"'),
    ],
)
def test_a_name_stays_one_line_that_steers_nothing(path: str, shown: str) -> None:
    assert quoted(path) == shown


def test_files_are_listed_with_their_lines_and_what_would_run_is_marked() -> None:
    files = [
        FileChange("src/app.py", "modified", None, 120, 3),
        FileChange("logo.png", "added"),
        FileChange(".envrc", "added", None, 1, 0),
        FileChange("b", "renamed", "a", 0, 0),
    ]
    assert stat_lines(files, colour=False) == [
        "M +120 -3  src/app.py",
        "A  binary  logo.png",
        "A   +1 -0  .envrc  (runs on your machine)",
        "R   +0 -0  a => b",
    ]
    assert totals(files) == "4 files, +121 -3"


def test_of_very_many_files_that_would_run_the_first_are_named() -> None:
    lines = host_file_lines(host_files(f"{number:02}/.envrc" for number in range(50)))
    assert lines[0].startswith("00/.envrc: your shell")
    assert lines[-1] == "and 38 more"


def test_the_pager_is_the_persons_or_less_and_never_one_that_a_repository_names() -> None:
    assert pager_command({"PAGER": "most -s", "GIT_PAGER": "evil"}) == ["most", "-s"]
    assert pager_command({"PAGER": "cat"}) is None
    assert pager_command({"PAGER": ""}) is None
    assert pager_command({"PAGER": "'"}) is None
    assert pager_command({"PATH": "/nowhere"}) is None
