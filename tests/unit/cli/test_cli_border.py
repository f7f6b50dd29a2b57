"""Whatever goes wrong is one sentence, a hint and an exit code."""

from __future__ import annotations

import errno
import sqlite3

import click
import pytest

from scopecraft.cli.border import guarded, translated
from scopecraft.cli.command import Invocation
from scopecraft.errors import EngineUnavailable, NotFound


def outcome(call: object, capsys: pytest.CaptureFixture[str], *, verbose: bool = False) -> tuple[int, str]:
    code = guarded(call, Invocation(verbose=verbose))  # type: ignore[arg-type]
    return code, capsys.readouterr().err


def raising(error: BaseException) -> object:
    def call() -> None:
        raise error

    return call


def test_an_error_of_ours_is_told_with_its_hint_and_code(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = outcome(raising(NotFound("no session is called 'x'", "see: sc ls")), capsys)
    assert (code, said) == (3, "error: no session is called 'x'\nhint: see: sc ls\n")


def test_without_a_hint_there_is_no_hint_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(raising(EngineUnavailable("no engine")), capsys) == (4, "error: no engine\n")


def test_terminal_commands_in_a_message_are_written_out(capsys: pytest.CaptureFixture[str]) -> None:
    _, said = outcome(raising(NotFound("no \x1b]52;c;aGk=\x07 \u202e", "\x9b2J")), capsys)
    assert said == "error: no \\x1b]52;c;aGk=\\x07 \\u202e\nhint: \\x9b2J\n"


def test_a_fault_of_ours_is_one_sentence_and_says_how_to_see_more(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = outcome(raising(KeyError("handle")), capsys)
    assert code == 1
    assert said.startswith("error: internal error: KeyError: 'handle'\nhint: ")
    assert "-v" in said
    assert "Traceback" not in said


def test_the_traceback_is_there_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    _, said = outcome(raising(KeyError("a\x1bb")), capsys, verbose=True)
    assert "Traceback" in said
    assert "\x1b" not in said


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt(), click.Abort()])
def test_ctrl_c_is_130_without_a_word(interrupt: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(raising(interrupt), capsys) == (130, "")


def test_a_command_says_its_exit_code_by_returning_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(lambda: 3, capsys) == (3, "")
    assert outcome(lambda: None, capsys) == (0, "")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permission denied"),
        (errno.ENAMETOOLONG, "too long"),
    ],
)
def test_what_the_system_refuses_is_told_with_the_path(number: int, words: str) -> None:
    found = translated(OSError(number, "File name too long", "/home/x/scopecraft.db"))
    assert "/home/x/scopecraft.db" in found.message
    assert words in found.message
    assert found.exit_code == 1


def test_a_path_of_any_bytes_can_be_told() -> None:
    assert "caf" in translated(OSError(errno.EACCES, "no", b"/caf\xe9")).message


def test_a_wrong_option_is_told_in_the_same_form() -> None:
    context = click.Context(click.Command("run"), info_name="sc run")
    found = translated(click.UsageError("Missing argument 'TASK'.", ctx=context))
    assert (found.message, found.hint, found.exit_code) == ("missing argument 'TASK'", "see: sc run --help", 2)


def test_a_missing_choice_is_one_line_that_names_them() -> None:
    shell = click.Argument(["shell"], type=click.Choice(["bash", "zsh"]))
    context = click.Context(click.Command("completion", params=[shell]), info_name="sc completion")
    found = translated(click.MissingParameter(ctx=context, param=shell))
    assert "\n" not in found.message and found.message.endswith("Choose from: bash, zsh")


def test_an_error_without_words_still_has_a_sentence() -> None:
    assert translated(AssertionError()).message == "internal error: AssertionError"
    assert translated(sqlite3.OperationalError("odd\nsecond line")).message.endswith(": odd")
