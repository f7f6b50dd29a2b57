"""Long text at a terminal goes through a pager: `$PAGER`, else `less` where it is installed."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import IO

from scopecraft.cli.terminal import is_terminal

_LESS = ("less", "-FRX")
_NONE = ("", "cat")


@contextlib.contextmanager
def paged() -> Iterator[Callable[[str], None]]:
    """What writes a text: into the pager at a terminal, else straight to stdout. The pager is waited for.

    Writing raises BrokenPipeError when the person has left it.
    """
    program = pager_command(os.environ) if is_terminal(sys.stdout) and is_terminal(sys.stdin) else None
    process = _started(program) if program else None
    if process is None:
        yield _plain(sys.stdout)
        return
    assert process.stdin is not None
    write = _plain(process.stdin)
    try:
        yield write
    except BrokenPipeError:
        pass  # they have seen enough
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        _wait(process)


def pager_command(environ: Mapping[str, str]) -> list[str] | None:
    """None where there is none, or the person wants none. Git's own setting is not asked: a repository may have one."""
    chosen = environ.get("PAGER")
    if chosen is None:
        return list(_LESS) if shutil.which(_LESS[0], path=environ.get("PATH")) else None
    try:
        words = shlex.split(chosen)
    except ValueError:
        return None
    return None if not words or words[0] in _NONE else words


def _started(command: list[str]) -> subprocess.Popen[str] | None:
    sys.stdout.flush()
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            env={"LESS": "FRX", **os.environ},
            text=True,
            encoding=sys.stdout.encoding or "utf-8",
            errors="backslashreplace",
        )
    except OSError:
        return None


def _wait(process: subprocess.Popen[str]) -> None:
    """A Ctrl-C is for the pager, which goes on."""
    while True:
        with contextlib.suppress(KeyboardInterrupt):
            process.wait()
            return


def _plain(stream: IO[str]) -> Callable[[str], None]:
    def write(text: str) -> None:
        stream.write(text)

    return write
