"""Starting a home's supervisor where it is not up: by systemd where its unit is installed, else as a process.

It outlives the command that starts it and the terminal of that command.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from scopecraft.errors import LockHeld, SupervisorFailed
from scopecraft.supervisor import client

if TYPE_CHECKING:
    import subprocess

    from scopecraft.config.paths import Home

NEVER = "never"
START_SECONDS = 15.0
_LOOK_SECONDS = 0.01
_SYSTEMD_SECONDS = 10.0
_SHOWN_LINES = 5
# Of the terminal, the multiplexer and the repository that the first command was typed in; the rest is the person's.
_OF_A_TERMINAL = frozenset(
    {"TERM", "COLORTERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "TERM_SESSION_ID", "COLUMNS", "LINES", "WINDOWID"}
    | {"STY", "WINDOW", "SSH_TTY", "SSH_CLIENT", "SSH_CONNECTION", "GPG_TTY", "SHLVL", "PWD", "OLDPWD", "_"}
    | {"DIRENV_DIR", "DIRENV_DIFF", "_SC_COMPLETE", "SCOPECRAFT_SUPERVISOR"}
)
_NAMES_A_REMOTE = frozenset(("GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO"))


def ensure_up(home: Home, environ: Mapping[str, str], *, wait_seconds: float = START_SECONDS) -> bool:
    """Whether the home's supervisor is up; it is started where it is not, and asked until it answers.

    With `$SCOPECRAFT_SUPERVISOR` set to `never` nothing is started; with no seconds to wait, nothing is waited for.
    Raises SupervisorFailed when it does not come up.
    """
    if client.is_up(home):
        return True
    if environ.get("SCOPECRAFT_SUPERVISOR") == NEVER:
        return False
    from scopecraft.atomic import file_lock
    from scopecraft.config.paths import runtime_folder

    deadline = time.monotonic() + wait_seconds
    folder = runtime_folder(home, environ)
    while not client.is_up(home):
        try:
            with file_lock(folder, timeout=0) as starting:
                # another command may have started it before we got here
                if client.is_up(home) or _start(home, environ, starting, deadline):
                    return True
        except LockHeld:  # another command starts it just now, or an earlier one is about to leave
            pass
        if time.monotonic() >= deadline:
            return _not_in_time(wait_seconds)
        time.sleep(_LOOK_SECONDS)
    return True


def background_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What a supervisor, and the agents that it starts, get of the caller's environment."""

    def belongs(name: str) -> bool:
        if name.startswith(("TMUX", "GIT_")):
            return name in _NAMES_A_REMOTE
        return name not in _OF_A_TERMINAL

    return {name: value for name, value in environ.items() if belongs(name)}


def _start(home: Home, environ: Mapping[str, str], starting: int, deadline: float) -> bool:
    """Whether it answers before the deadline."""
    from scopecraft.supervisor.log import log_path, log_size

    log_bytes = log_size(log_path(home))
    process = None if _started_by_systemd(home, environ) else _spawn(home, environ, starting)
    try:
        while not _answers(home, deadline):
            code = None if process is None else process.poll()
            # one that was started in another way at the same time is as good
            if code is not None and not _is_held(home):
                raise _ended_at_once(home, code, log_bytes)
            if time.monotonic() >= deadline:
                return False
            time.sleep(_LOOK_SECONDS)
        return True
    finally:
        if process is not None:
            _collect(process)


def _answers(home: Home, deadline: float) -> bool:
    if not client.is_up(home):
        return False
    try:
        client.ask(home, "health", seconds=max(1.0, deadline - time.monotonic()))
    except SupervisorFailed:  # gone again, which is looked at next
        return False
    return True


def _not_in_time(wait_seconds: float) -> bool:
    if wait_seconds > 0:
        raise SupervisorFailed(f"the supervisor did not come up within {wait_seconds:.0f} s", "what it says: sc status")
    return False


def _spawn(home: Home, environ: Mapping[str, str], starting: int) -> subprocess.Popen[bytes]:
    """It keeps `starting` open: no other command starts one while this one lives."""
    import subprocess
    import sys

    from scopecraft.atomic import storage_failed
    from scopecraft.supervisor.log import log_path

    log = log_path(home)
    try:
        output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise storage_failed(error, log) from error
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "scopecraft", "serve"],
            cwd=home.root,
            env={**background_environment(environ), "SCOPECRAFT_HOME": str(home.root)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=(starting,),
        )
    finally:
        os.close(output)


def _started_by_systemd(home: Home, environ: Mapping[str, str]) -> bool:
    """Whether a unit of this home is installed and systemd took the order to start it."""
    from scopecraft.supervisor.unit import unit_path

    unit = unit_path(home, environ)
    if not unit.is_file():
        return False
    import subprocess

    try:
        done = subprocess.run(
            ["systemctl", "--user", "start", unit.name],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SYSTEMD_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _collect(process: subprocess.Popen[bytes]) -> None:
    """Should the caller outlive it, it does not stay behind as a zombie."""
    import threading

    threading.Thread(target=process.wait, name="collect", daemon=True).start()


def _is_held(home: Home) -> bool:
    from scopecraft.supervisor.holder import is_living, read_holder

    holder = read_holder(home)
    return holder is not None and is_living(holder)


def _ended_at_once(home: Home, code: int, log_bytes: int) -> SupervisorFailed:
    from scopecraft.supervisor.log import last_lines, log_path

    said = last_lines(log_path(home), _SHOWN_LINES, after=log_bytes)
    return SupervisorFailed(
        "\n".join([f"the supervisor ended at once (exit code {code})", *said]), "run it in the foreground: sc serve"
    )
