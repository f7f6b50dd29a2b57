"""The launcher of a window: a file that puts environment and arguments where no other process can read them.

tmux takes no long commands, and what is given to it shows in `ps` and in `show-environment`. So the window runs
`/bin/sh <folder>/window.sh`, which reads `window.env`, removes it, and becomes the agent by `exec`. `window.sh` stays:
it shows how the session was started, and a second start finds it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from scopecraft.errors import AlreadyRunning, BadInput, StartFailed, StorageFailed
from scopecraft.model.launch import WindowLaunch

SCRIPT, ENVIRONMENT = "window.sh", "window.env"
SHELL = "/bin/sh"
SESSION_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
SHELL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# A `tmux kill-server` of the agent must not find our server.
TMUX_VARIABLES = ("TMUX", "TMUX_PANE")
# The terminal of the agent is tmux's, not the caller's.
TERMINAL_VARIABLES = frozenset(
    (*TMUX_VARIABLES, "TERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "STY", "WINDOWID", "LINES", "COLUMNS")
)
# The shell's own: it sets them itself, or refuses to have them set.
SHELL_VARIABLES = frozenset(
    ("PWD", "OLDPWD", "SHLVL", "_", "PPID", "UID", "EUID", "GROUPS", "IFS", "OPTIND", "OPTARG", "LINENO", "PS4", "ENV")
) | {"BASH_ENV", "SHELLOPTS", "BASHOPTS"}
GAVE_UP = 126  # exit code of a launcher that found nothing to run
ARGUMENT_BYTES = 32 * os.sysconf("SC_PAGE_SIZE")  # Linux: one argument or variable, with its closing NUL
RESERVED_BYTES = 32 * 1024  # of what all together may take: for what tmux and the shell add


def write_launcher(launch: WindowLaunch) -> Path:
    """Write both files, private to their owner, and return the script's path.

    Variables that no shell can hold (`BASH_FUNC_x%%`), that belong to the shell or that describe the caller's terminal
    are left out; `env` wins over `unset`. Raises BadInput for what cannot be a command line, AlreadyRunning if the
    session was started before, StartFailed if its working directory is not there, StorageFailed.
    """
    check(launch)
    if not Path(launch.cwd).is_dir():
        raise StartFailed(f"the working directory is not there: {launch.cwd}", "was the worktree moved or removed?")
    script, environment = launch.folder / SCRIPT, launch.folder / ENVIRONMENT
    try:
        launch.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_new(script, script_text(launch), mode=0o700)
    except FileExistsError:
        raise AlreadyRunning(
            f"session {launch.session_id} was started before", "a session is started once: begin a new one"
        ) from None
    except OSError as error:
        raise StorageFailed(f"the launcher cannot be written: {error}", "see to space and rights there") from error
    try:
        environment.unlink(missing_ok=True)
        _write_new(environment, environment_text(launch.env, launch.unset), mode=0o600)
    except OSError as error:
        discard_launcher(launch.folder)
        raise StorageFailed(f"the launcher cannot be written: {error}", "see to space and rights there") from error
    return script


def discard_launcher(folder: Path) -> None:
    """Take a start back. A window that tmux opens only now finds nothing to run."""
    discard_secrets(folder)
    (folder / SCRIPT).unlink(missing_ok=True)


def discard_secrets(folder: Path) -> None:
    """Remove the environment file of a start that never came to its window; the launcher does it otherwise."""
    (folder / ENVIRONMENT).unlink(missing_ok=True)


def check(launch: WindowLaunch) -> None:
    """Raises BadInput for anything that the kernel or the shell would refuse."""
    if not SESSION_NAME.fullmatch(launch.session_id):
        raise BadInput(f"not a session id: {launch.session_id!r}", "letters, digits, '-' and '_'")
    if not launch.argv or not launch.argv[0] or launch.argv[0].startswith("-"):
        raise BadInput("there is no program to run", "see the agent's settings")
    if not launch.cwd.startswith("/"):
        raise BadInput(f"a working directory is absolute: {launch.cwd!r}", "give the worktree's full path")
    strings = [_bytes(part) for part in launch.argv] + [_bytes(f"{k}={v}") for k, v in launch.env.items()]
    for text in (*strings, _bytes(launch.cwd)):
        if b"\0" in text:
            raise BadInput("a NUL character in an argument or a variable", "no program can be given one")
        if len(text) + 1 > ARGUMENT_BYTES:
            raise BadInput(
                f"one argument or variable has {len(text):,} bytes; this machine takes {ARGUMENT_BYTES - 1:,}",
                "put a long prompt into a file and tell the agent to read it",
            )
    room = os.sysconf("SC_ARG_MAX") - RESERVED_BYTES
    if sum(len(text) + 9 for text in strings) > room:  # each has a NUL and a pointer
        raise BadInput(f"arguments and environment have more than {room:,} bytes together", "pass less by environment")


def script_text(launch: WindowLaunch) -> bytes:
    environment = launch.folder / ENVIRONMENT
    give_up = f"printf '%s\\n' 'scopecraft: this start was taken back'; exit {GAVE_UP}"
    lines = (
        f"#!{SHELL}".encode(),
        f"# Session {launch.session_id}: runs once, in its tmux window, and becomes the agent.".encode(),
        b"[ -r " + quote(str(environment)) + b" ] || { " + give_up.encode() + b"; }",
        b". " + quote(str(environment)),
        b"command -p rm -f -- " + quote(str(environment)) + b" || exit 126",
        b"cd -- " + quote(launch.cwd) + b" || exit 126",
        b"exec " + b" ".join(quote(part) for part in launch.argv),
    )
    return b"\n".join(lines) + b"\n"


def environment_text(env: Mapping[str, str], unset: Iterable[str]) -> bytes:
    """Shell lines that first drop what must not reach the agent and then export the rest."""
    dropped = sorted({*unset, *TMUX_VARIABLES} - SHELL_VARIABLES)
    lines = [f"unset {name}".encode() for name in dropped if SHELL_NAME.fullmatch(name)]
    lines += [
        b"export " + name.encode() + b"=" + quote(value)
        for name, value in sorted(env.items())
        if SHELL_NAME.fullmatch(name) and name not in TERMINAL_VARIABLES | SHELL_VARIABLES
    ]
    return b"\n".join(lines) + b"\n"


def quote(text: str) -> bytes:
    """One word of the shell, whatever it holds (but NUL)."""
    return b"'" + _bytes(text).replace(b"'", b"'\\''") + b"'"


def _bytes(text: str) -> bytes:
    """As the system writes it: undecodable bytes of a path or variable come out as they went in."""
    try:
        return os.fsencode(text)
    except UnicodeEncodeError:
        raise BadInput("an argument or a variable holds half a character (a lone surrogate)", "mend the text") from None


def _write_new(path: Path, content: bytes, *, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except OSError:
        path.unlink(missing_ok=True)
        raise
