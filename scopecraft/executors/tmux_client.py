"""One tmux command with a deadline and a clean environment. Standard library only, so that `sc ls` stays fast."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from scopecraft.errors import TmuxFailed, TmuxMissing

OLDEST = (3, 2)  # the oldest that libtmux knows; `set-option -p` and several viewers of one group need 3.1
INSTALL_HINT = "install it, for example: apt-get install tmux"
# tmux takes its global environment from whoever starts the server and shows it to everybody.
KEPT_VARIABLES = re.compile(r"PATH|HOME|USER|LOGNAME|SHELL|TERM|TMPDIR|TZ|LANG|LANGUAGE|LC_\w+|XDG_\w+")


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What a tmux server may know of its first caller: where things are and how to speak, nothing secret."""
    return {name: value for name, value in environ.items() if KEPT_VARIABLES.fullmatch(name)}


def tmux_program() -> str:
    """Absolute path of tmux. Raises TmuxMissing."""
    # shutil.which would do, but importing it costs `sc ls` a twentieth of its time
    for folder in os.get_exec_path():
        program = Path(folder).absolute() / "tmux"
        if os.access(program, os.X_OK) and program.is_file():
            return str(program)
    raise TmuxMissing("tmux is not installed", INSTALL_HINT)


def client_argv(socket: str | Path, *arguments: str, configs: Sequence[Path] = ()) -> list[str]:
    """A tmux command line for one server; `configs` matter only if that server starts now. Raises TmuxMissing."""
    chosen = [part for config in configs for part in ("-f", str(config))]
    return [tmux_program(), "-u", *chosen, "-S", str(socket), *arguments]


def ask(argv: Sequence[str], *, seconds: float, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a tmux client to its end. Raises TmuxFailed when it cannot be run or does not answer in time."""
    try:
        return subprocess.run(
            argv, input=stdin, capture_output=True, timeout=seconds, env=clean_environment(os.environ), cwd="/"
        )
    except subprocess.TimeoutExpired:
        raise TmuxFailed(
            f"tmux did not answer within {seconds:g} s", "see whether its server hangs or the machine is overloaded"
        ) from None
    except OSError as error:
        raise TmuxFailed(f"tmux cannot be run: {error}", INSTALL_HINT) from error


def parse_version(text: str) -> tuple[int, int] | None:
    """Major and minor number of `tmux -V`; None for a build without one (`tmux master`)."""
    found = re.search(r"(\d+)\.(\d+)", text)
    return (int(found.group(1)), int(found.group(2))) if found else None


def check_version() -> str:
    """The version of the installed tmux as it names itself. Raises TmuxMissing if there is none or it is too old."""
    program = tmux_program()
    text = _said_version(program, Path(program).stat().st_mtime_ns)
    version = parse_version(text)
    # OpenBSD's tmux carries the number of the system, which is always higher.
    if version is not None and version < OLDEST:
        raise TmuxMissing(f"{text} is too old", f"scopecraft needs tmux {OLDEST[0]}.{OLDEST[1]} or newer")
    return text


@lru_cache(maxsize=4)
def _said_version(program: str, mtime_ns: int) -> str:  # noqa: ARG001 (another program, once it was replaced)
    """Asked once of each: a process that lives for weeks opens many windows."""
    return ask([program, "-V"], seconds=5).stdout.decode(errors="replace").strip()


def has_no_windows(stderr: str) -> bool:
    """Whether a server that runs complains because it holds nothing at all."""
    return "no current target" in stderr or "no sessions" in stderr


def is_not_running(stderr: str) -> bool:
    """Whether a client's complaint says that nobody listens on the socket, as opposed to no answer or no permission."""
    if "no server running on" in stderr:
        return True
    return "error connecting to" in stderr and ("No such file" in stderr or "Connection refused" in stderr)
