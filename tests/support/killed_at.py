"""A process that is killed at one instruction: before the n-th change that it makes below a folder."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

_CHANGES = frozenset({"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.symlink", "os.link", "os.truncate"})
_WRITING = os.O_WRONLY | os.O_RDWR


def killed_at(number: int, folder: Path, action: Callable[[], object]) -> bool:
    """Whether the action was killed so; False where it made fewer changes, and ended well."""
    child = os.fork()
    if child == 0:
        _kill_at(number, os.fsencode(folder))
        code = 1
        try:
            action()
            code = 0
        finally:
            if code:
                traceback.print_exc()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.waitstatus_to_exitcode(status) == 0
    return False


def _kill_at(number: int, below: bytes) -> None:
    left = number

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event == "open":
            if not (isinstance(arguments[2], int) and arguments[2] & _WRITING):
                return
        elif event not in _CHANGES:
            return
        path = arguments[0]
        if isinstance(path, str | bytes | os.PathLike) and os.fsencode(path).startswith(below):
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    sys.addaudithook(hook)
