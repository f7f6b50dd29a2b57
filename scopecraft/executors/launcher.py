"""The files that the launcher in a container reads. Writing them starts nothing."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from scopecraft.atomic import private_folder, storage_failed
from scopecraft.model.launch import AgentCommand, Limits

LAST_ACT_SECONDS = 130  # the harvest ends itself a little earlier, where its image has a `timeout`
LAUNCHER_ARGV = ("/bin/sh", "/session/launch/run.sh")
TERMINAL_ARGV = ("/bin/sh", "/session/launch/terminal.sh")

_ENVIRONMENT = "/session/secrets/env"
_READ_ENVIRONMENT = f"set -a\n. {_ENVIRONMENT}\nset +a\nrm -f {_ENVIRONMENT}\n"


@dataclass(frozen=True, slots=True)
class LauncherFiles:
    """What goes into `launch/` and `secrets/` of a session's folder."""

    command: AgentCommand
    limits: Limits
    workdir: str
    environment: Mapping[str, str]  # with keys and tokens: written to the file that the agent's shell reads and removes
    last_act: str | None  # a shell script run after the agent, in the same container
    in_terminal: bool = False  # the agent is started by `TERMINAL_ARGV`, in a terminal; the launcher waits for its end


def write_launcher(folder: Path, request: LauncherFiles) -> None:
    """`folder` is the session's; `launch/` and `secrets/` in it are made here. Raises StorageFailed."""
    launch = folder / "launch"
    secrets = folder / "secrets"
    for each in (launch, secrets):
        private_folder(each)
    script = files("scopecraft.executors").joinpath("launcher.sh").read_bytes()
    _write(launch / "run.sh", script)
    _write(launch / "limits", _limits(request))
    if request.in_terminal:
        _write(launch / "agent.sh", files("scopecraft.executors").joinpath("keeper.sh").read_bytes())
        _write(launch / "terminal.sh", _terminal_script(request.command.argv))
    else:
        _write(launch / "agent.sh", _agent_script(request.command.argv))
    _write(launch / "stdin", request.command.stdin or b"")
    if request.command.done_marks:
        _write(launch / "done.sh", _done_script(request.command).encode())
    if request.last_act is not None:
        _write(launch / "last-act.sh", request.last_act.encode())
    _write(secrets / "env", assignments(request.environment).encode("utf-8", "surrogateescape"))


def _write(path: Path, data: bytes) -> None:
    """A private file; not synced to disk, since a launch that a power cut ends is not taken up again."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except OSError as error:
        raise storage_failed(error, path) from error


def give_to(folder: Path, owner: tuple[int, int]) -> None:
    """Hand a folder and all in it to the container's user; only root can and needs to."""
    if os.getuid() == owner[0]:
        return
    for root, folders, names in os.walk(folder):
        for name in (*folders, *names):
            os.chown(Path(root) / name, *owner, follow_symlinks=False)
    os.chown(folder, *owner)


def assignments(values: Mapping[str, str]) -> str:
    """Shell assignments, one a line, whatever is in the values."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())


def _limits(request: LauncherFiles) -> bytes:
    limits = request.limits
    return assignments(
        {
            "timeout_seconds": str(limits.timeout_seconds),
            "output_bytes": str(limits.output_bytes),
            "stop_grace_seconds": str(limits.stop_grace_seconds),
            "result_grace_seconds": str(limits.result_grace_seconds),
            "last_act_seconds": str(LAST_ACT_SECONDS),
            "inbox": "yes" if request.command.has_inbox else "",
            "workdir": request.workdir,
        }
    ).encode("utf-8", "surrogateescape")


def _agent_script(argv: tuple[str, ...]) -> bytes:
    return f"{_READ_ENVIRONMENT}exec {shlex.join(argv)}\n".encode("utf-8", "surrogateescape")


def _terminal_script(argv: tuple[str, ...]) -> bytes:
    """What `keeper.sh` waits for. The shell stays around the agent: it outlives signals to both, and tells its end.

    Limits are set here too, since nothing is inherited from the launcher.
    """
    script = f"""out=/session/out
printf '%s\\n' "$$" >"$out/terminal"
ulimit -n 65536 2>/dev/null
ulimit -c 0
{_READ_ENVIRONMENT}trap : INT QUIT TERM HUP
(exec {shlex.join(argv)})
code=$?
printf '%s\\n' "$code" >"$out/left"
read -r keeper <"$out/keeper" && kill -USR1 "$keeper"
exit "$code"
"""
    return script.encode("utf-8", "surrogateescape")


def _done_script(command: AgentCommand) -> str:
    """Succeeds when a line near the end of the stream holds every mark; an image without grep never says so."""
    end = "-n 1" if command.is_done_by_last_line else "-c 4194304"
    steps = [f'tail {end} "$1"', *(f"grep -aF -e {shlex.quote(mark)}" for mark in command.done_marks), "grep -q ."]
    if command.turn_mark:
        # of the lines that begin and end turns only the last one tells
        either = f"grep -aF -e {shlex.quote(command.turn_mark)} -e {shlex.quote(command.done_marks[0])}"
        steps[1:1] = [either, "tail -n 1"]
    return " | ".join(steps) + "\n"
