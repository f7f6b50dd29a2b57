"""Where a prompt comes from: `-m`, `-f`, or text on standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from scopecraft.cli.terminal import is_terminal
from scopecraft.errors import BadInput


def prompt_from(message: str | None, file: Path | None) -> str | None:
    """The text, or None when nothing was given; BadInput for two sources or an unreadable file."""
    if message is not None and file is not None:
        raise BadInput("a prompt comes from -m or from -f, not from both", "leave one of them out")
    if message is not None:
        return message
    if file is not None and str(file) != "-":
        try:
            return file.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise BadInput(f"{file} is not UTF-8 text", "a prompt is text") from error
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise BadInput(f"{file} cannot be read: {reason}", "name a text file, or - for standard input") from error
    if file is not None or not is_terminal(sys.stdin):
        return _piped()
    return None


def _piped() -> str | None:
    """Standard input, if anything is there; a closed or silent one is no prompt."""
    try:
        return sys.stdin.buffer.read().decode("utf-8") or None
    except UnicodeDecodeError as error:
        raise BadInput("standard input is not UTF-8 text", "a prompt is text") from error
    except (OSError, ValueError, AttributeError):
        return None
