"""`sc install-service`: a systemd user unit that keeps the supervisor up."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

from scopecraft.atomic import replace_file, storage_failed
from scopecraft.cli.command import command
from scopecraft.cli.say import note, say, warn
from scopecraft.sessions.context import Context
from scopecraft.supervisor.unit import Unit, unit_path, unit_text

# What the supervisor needs and systemd does not give it. Never a key: those come from config/secrets.env.
_KEPT = ("PATH", "LANG", "LC_ALL", "DOCKER_HOST", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
_SECONDS = 10.0


@command(
    "install-service",
    examples=(
        ("sc install-service", "write the unit, and say how to enable it"),
        ("sc install-service --print", "only show it"),
        ("sc install-service --remove", "take it away"),
    ),
)
@click.option("--print", "only_print", is_flag=True, help="Show the unit, and write nothing.")
@click.option("--remove", is_flag=True, help="Take the unit away again.")
def install_service(only_print: bool, remove: bool) -> None:
    """Write a systemd user unit for this home's supervisor. Nothing is enabled or started by that.

    When the unit stops, no session ends. Keys that agents need must stand in config/secrets.env of the home, since
    systemd does not know those of your shell.
    """
    context = Context.of(os.environ)
    path = unit_path(context.home, os.environ)
    if only_print:
        click.echo(unit_text(_unit(context)), nl=False)
    elif remove:
        _remove(path)
    else:
        _write(path, unit_text(_unit(context)))


def _unit(context: Context) -> Unit:
    kept = {name: os.environ[name] for name in _KEPT if os.environ.get(name)}
    return Unit(
        home=context.home.root,
        argv=(sys.executable, "-P", "-m", "scopecraft", "serve"),
        environment={"SCOPECRAFT_HOME": str(context.home.root), **kept},
        grace_seconds=context.settings.supervisor.grace,
    )


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_failed(error, path) from error
    replace_file(path, text.encode(), 0o644)
    say(f"written: {path}")
    _reload()
    say("start it now and at each login:")
    say(f"  systemctl --user enable --now {path.name}")
    say("without a login, from the start of the machine on:")
    say("  loginctl enable-linger")


def _remove(path: Path) -> None:
    if not path.is_file():
        say(f"there is no unit at {path}")
        return
    _systemctl("disable", path.name)  # not --now: whatever runs is left as it is
    try:
        path.unlink()
    except OSError as error:
        raise storage_failed(error, path) from error
    _reload()
    say(f"removed: {path}")
    note("a supervisor that is up stays up: sc down")


def _reload() -> None:
    if not _systemctl("daemon-reload"):
        warn("systemd does not answer here, so it was not told", "where it runs: systemctl --user daemon-reload")


def _systemctl(*words: str) -> bool:
    program = shutil.which("systemctl")
    if program is None:
        return False
    try:
        done = subprocess.run(
            [program, "--user", *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
