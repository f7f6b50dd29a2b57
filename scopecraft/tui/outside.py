"""What needs the terminal itself: the person's editor, a window of tmux, and questions that the command line asks."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from scopecraft.cli.terminal import paint
from scopecraft.errors import OperationFailed
from scopecraft.sessions.context import Context

if TYPE_CHECKING:
    from textual.app import App

    from scopecraft.model.session import Session

T = TypeVar("T")
_LAST_WORDS = 300


def edited_outside(app: App[Any], text: str) -> str:
    """What the person's editor leaves of the text; the text itself, with a word, where that fails."""
    from scopecraft.cli.border import translated
    from scopecraft.cli.editor import edited
    from scopecraft.errors import ScopecraftError
    from scopecraft.tui.app import Top

    assert isinstance(app, Top)
    try:
        with app.suspend(), tempfile.TemporaryDirectory(prefix="sc-") as folder:
            left = edited(text.encode(), Path(folder), "text.md", "write it here")
        return left.decode("utf-8", "replace")
    except (ScopecraftError, OSError) as error:
        app.failed(translated(error))
        return text


def on_the_terminal(app: App[Any], ask: Callable[[], T]) -> T:
    """What `ask` returns, which prints and reads as a command does."""
    with app.suspend():
        print(paint("— sc top waits for your answer —", "dim"))  # noqa: T201 - the dashboard is away meanwhile
        return ask()


def window_of(context: Context, session: Session) -> list[str]:
    """The command that shows its window, as it is now. Raises Refused for one that has ended or has none."""
    from scopecraft.cli.attach import window_command
    from scopecraft.sessions.settle import settle

    return window_command(context, settle(context, session.id))


def go_to(app: App[Any], argv: list[str], environ: Mapping[str, str]) -> None:
    """Inside a tmux another window comes up there, and the dashboard stays; else it makes room until they are back.

    Raises OperationFailed where tmux refuses.
    """
    if environ.get("TMUX"):
        done = subprocess.run(argv, capture_output=True, check=False, env=dict(environ))
        said = done.stderr.decode("utf-8", "replace").strip()
        failed = done.returncode != 0
    else:
        with app.suspend():
            ended = subprocess.run(argv, check=False, env=dict(environ), stderr=subprocess.PIPE)
        said, failed = ended.stderr.decode("utf-8", "replace").strip(), ended.returncode != 0
    if failed:
        raise OperationFailed(f"tmux did not show the window: {said[-_LAST_WORDS:]}", "see why with: sc doctor")
