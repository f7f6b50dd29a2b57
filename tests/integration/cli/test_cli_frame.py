"""`sc` itself: help, versions, wrong usage, odd outputs; each run in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import scopecraft
from scopecraft.cli.commands import COMMANDS
from tests.support.command_line import PROGRAM, environment, on_a_terminal, sc, sc_bytes

HEAVY = ("pydantic", "docker", "libtmux", "watchdog", "sqlite3", "rich", "requests", "orjson", "subprocess")


def modules_after(*arguments: str) -> set[str]:
    """What a call of `sc` has imported when it ends."""
    code = (
        "import sys, scopecraft.cli.main as m\n"
        "try:\n m.main(sys.argv[1:])\n"
        "finally:\n sys.stderr.write('MODULES ' + ' '.join(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60)
    return set(done.stderr.rpartition("MODULES ")[2].split())


def test_help_lists_every_command_by_what_it_is_for() -> None:
    said = sc("--help")
    assert said.code == 0
    for section in ("Start here:", "Work:", "Look:", "Set-up:"):
        assert section in said.out
    for name, row in COMMANDS.items():
        assert f"  {name.ljust(max(map(len, COMMANDS)))}  {row.help}" in said.out


@pytest.mark.parametrize("arguments", [(), ("--help",), ("--version",), ("rnu",)])
def test_help_loads_no_command_and_no_library_but_click(arguments: tuple[str, ...]) -> None:
    loaded = modules_after(*arguments)
    commands = {row.target.partition(":")[0] for row in COMMANDS.values()}
    assert "click" in loaded
    assert not loaded & commands
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_the_line_of_the_list(name: str) -> None:
    said = sc(name, "--help")
    assert said.code == 0, said.err
    assert said.out.startswith(f"Usage: sc {name}")
    assert "-v, --verbose" in said.out


def test_sc_alone_shows_the_help() -> None:
    assert sc() == sc("--help")


def test_the_version_is_told() -> None:
    assert sc("--version").out == f"sc {scopecraft.__version__}\n"


def test_a_mistyped_command_is_guessed() -> None:
    said = sc("dispach")
    assert said.code == 2
    assert said.err.startswith("error: there is no command 'dispach'\nhint: did you mean: dispatch")
    assert said.out == ""


def test_a_mistyped_option_is_guessed() -> None:
    said = sc("projects", "--jsno")
    assert (said.code, said.err) == (2, "error: no such option '--jsno'\nhint: did you mean: --json?\n")


def test_too_many_arguments_point_to_the_help() -> None:
    said = sc("projects", "x")
    assert said.code == 2
    assert said.err.endswith("hint: see: sc projects --help\n")


def test_what_a_person_typed_steers_no_terminal() -> None:
    said = sc("\x1b]0;evil\x07\x9b31m\u202e")
    assert said.code == 2
    assert not set(said.err) & {"\x1b", "\x07", "\x9b", "\u202e"}


def test_verbose_works_before_and_after_the_command() -> None:
    for arguments in (("-v", "projects"), ("projects", "-v")):
        said = sc(*arguments)
        assert said.code == 3
        assert "Traceback" in said.err
        assert said.err.rstrip().endswith("hint: make it with: sc init")
    assert "Traceback" not in sc("projects").err


def test_a_full_disk_behind_the_output_is_one_sentence() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*PROGRAM, "--help"], env=environment(), stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 1
    assert done.stderr.decode() == "error: the disk is full\nhint: free some space and try again\n"


def test_a_reader_that_goes_away_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*PROGRAM, "--help"], env=environment(), stdout=writing, stderr=subprocess.PIPE, timeout=60)
    os.close(writing)
    assert done.stderr == b""


@pytest.mark.parametrize("closed", ["1", "2"])
def test_a_closed_output_is_no_error(closed: str) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {closed}>&-', "sh", *PROGRAM, "--help"],
        env=environment(),
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_terminal_that_cannot_spell_a_name_shows_it_escaped() -> None:
    said = sc_bytes("项目", PYTHONIOENCODING="latin-1")
    assert said.returncode == 2
    assert b"\\u9879" in said.stderr


def test_colour_only_where_somebody_sees_it() -> None:
    assert "\x1b" not in sc("nope").err
    assert "\x1b[" in on_a_terminal("nope")
    assert "\x1b[" not in on_a_terminal("nope", NO_COLOR="1")
