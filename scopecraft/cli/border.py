"""The border between our code and a person: whatever goes wrong becomes one sentence, a hint and an exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable

import click

from scopecraft.cli.command import Invocation
from scopecraft.cli.say import complain, say
from scopecraft.errors import ScopecraftError, StorageFailed

INTERRUPTED = 130
_STORAGE = {
    errno.ENOSPC: ("the disk is full", "free some space and try again"),
    errno.EDQUOT: ("the disk quota is used up", "free some space and try again"),
    errno.EROFS: ("the file system is read-only", "choose another home with SCOPECRAFT_HOME"),
    errno.EACCES: ("permission denied", "check who owns it; sc doctor checks the home"),
    errno.EPERM: ("permission denied", "check who owns it; sc doctor checks the home"),
}


def guarded(call: Callable[[], object], invocation: Invocation) -> int:
    """The exit code of `call`: what it returns, 0 for None, or what its error says after that was told."""
    try:
        result = call()
        sys.stdout.flush()  # here, where a full disk or a closed pipe can still be told
        return result if isinstance(result, int) else 0
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return 1
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.message, err=True)
        return error.exit_code
    # The one place in the command line that may catch everything: a person gets a sentence, never a traceback.
    except Exception as error:  # noqa: BLE001
        ours = translated(error)
        if invocation.verbose:
            import traceback

            say("".join(traceback.format_exception(error)))
        complain(ours.message, ours.hint)
        if isinstance(error, OSError):
            _drop_output()
        return ours.exit_code


def translated(error: Exception) -> ScopecraftError:
    """The error as one of ours: click's, the system's, and at last our own faults."""
    if isinstance(error, ScopecraftError):
        return error
    if isinstance(error, click.ClickException):
        return _of_click(error)
    if isinstance(error, OSError) and (error.errno in _STORAGE or error.filename):
        return _of_system(error)
    said = str(error).strip().partition("\n")[0]
    name = type(error).__name__
    return ScopecraftError(
        f"internal error: {name}: {said}" if said else f"internal error: {name}",
        "this is a fault of scopecraft itself; run the same again with -v to see where it is",
    )


def _of_system(error: OSError) -> StorageFailed:
    reason, hint = _STORAGE.get(error.errno or 0, ((error.strerror or str(error)).lower(), ""))
    named = isinstance(error.filename, str | bytes)
    return StorageFailed(f"{os.fsdecode(error.filename)}: {reason}" if named else reason, hint)


def _of_click(error: click.ClickException) -> ScopecraftError:
    possibilities: list[str] = getattr(error, "possibilities", None) or []
    # some of click's messages are lists of several lines: here an error is one sentence
    message = " ".join((error.message if possibilities else error.format_message()).split()).rstrip(".")
    found = ScopecraftError(message[:1].lower() + message[1:])
    if possibilities:
        found.hint = f"did you mean: {', '.join(possibilities)}?"
    elif isinstance(error, click.UsageError) and error.ctx is not None:
        found.hint = f"see: {error.ctx.command_path} --help"
    found.exit_code = error.exit_code
    return found


def _drop_output() -> None:
    """Nothing more can be written: keep the interpreter from trying again, and from complaining, as it ends."""
    try:
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, sys.stdout.fileno())
        os.close(descriptor)
    except (OSError, ValueError):
        pass
