"""A text in the person's own editor."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from scopecraft.cli.terminal import is_terminal
from scopecraft.errors import BadInput, OperationFailed


def edited(before: bytes, folder: Path, name: str, instead: str) -> bytes:
    """What the editor leaves of a copy by that name, which stands in `folder` meanwhile.

    `instead` is what to do where there is no editor. Raises OperationFailed when it fails, and BadInput.
    """
    editor = _editor(instead)
    with tempfile.TemporaryDirectory(prefix=".edit-", dir=folder) as place:
        copy = Path(place) / name
        copy.write_bytes(before)
        try:
            done = subprocess.run([*editor, str(copy)], check=False)
        except OSError as error:
            raise OperationFailed(
                f"the editor {editor[0]} cannot be started: {error.strerror}", "set EDITOR to one that is installed"
            ) from error
        if done.returncode != 0:
            raise OperationFailed(f"{editor[0]} ended with exit code {done.returncode}; nothing was changed")
        try:
            return copy.read_bytes()
        except OSError as error:
            raise OperationFailed(f"{editor[0]} left no file that can be read; nothing was changed") from error


def _editor(instead: str) -> list[str]:
    """The words of $VISUAL or $EDITOR; vi where there is a terminal for it. Raises BadInput."""
    name = next((name for name in ("VISUAL", "EDITOR") if os.environ.get(name, "").strip()), None)
    if name is None:
        if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
            raise BadInput("vi needs a terminal, and there is none", f"set EDITOR, or {instead}")
        return ["vi"]
    try:
        return shlex.split(os.environ[name])
    except ValueError as error:
        raise BadInput(f"{name} is no command: {os.environ[name]!r}", f"mend its quotes: export {name}=vi") from error
