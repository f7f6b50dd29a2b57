"""libtmux's server with what it lacks: a deadline for each command, standard input, and a clean environment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import libtmux
from libtmux.common import tmux_cmd

from scopecraft.executors.tmux_client import ask, client_argv

CALL_SECONDS = 10.0


class TmuxReply(tmux_cmd):
    """What a command printed, in libtmux's shape."""

    def __init__(self, argv: Sequence[str], done: CompletedProcess[bytes]) -> None:
        self.cmd = list(argv)
        self.returncode = done.returncode
        self.stdout = done.stdout.decode(errors="backslashreplace").rstrip("\n").split("\n") if done.stdout else []
        self.stderr = [line for line in done.stderr.decode(errors="backslashreplace").split("\n") if line]

    @property
    def complaint(self) -> str:
        return "; ".join(self.stderr) or f"tmux ended with {self.returncode}"


class TmuxServer(libtmux.Server):
    """One tmux server by its socket. Nothing is asked and nothing started before the first command.

    Args:
        configs: read in this order if a command of ours starts the server; none: tmux's usual files.
    """

    def __init__(self, socket: Path, configs: Sequence[Path] = (), *, seconds: float = CALL_SECONDS) -> None:
        super().__init__(socket_path=socket)
        self._socket = socket
        self._configs = tuple(configs)
        self._seconds = seconds

    # The protocol that libtmux states for this method has **kwargs; its own method has none either.
    def cmd(self, cmd: str, *args: Any, target: str | int | None = None, stdin: bytes = b"") -> TmuxReply:  # type: ignore[override]
        """Run a command, or several with `";"` between them. Raises TmuxMissing, or TmuxFailed without an answer."""
        aim = () if target is None else ("-t", str(target))
        words = (cmd, *aim, *(str(arg) for arg in args))
        argv = client_argv(self._socket, *words, configs=self._configs)
        return TmuxReply(argv, ask(argv, seconds=self._seconds, stdin=stdin))
