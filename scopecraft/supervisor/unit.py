"""A systemd user unit for a home's supervisor. Its text is pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scopecraft.config.paths import Home


@dataclass(frozen=True, slots=True)
class Unit:
    home: Path
    argv: Sequence[str]  # absolute
    environment: Mapping[str, str]
    grace_seconds: float


def unit_path(home: Home, environ: Mapping[str, str]) -> Path:
    """`scopecraft.service` for the usual home, `scopecraft-<label>.service` for another."""
    person = Path(environ.get("HOME") or "~").expanduser()
    config = environ.get("XDG_CONFIG_HOME") or ""
    # what is not absolute does not count, says the specification
    folder = Path(config) if config.startswith("/") else person / ".config"
    is_usual = home.root == (person / ".scopecraft").resolve()
    return folder / "systemd" / "user" / ("scopecraft.service" if is_usual else f"scopecraft-{home.label}.service")


def unit_text(unit: Unit) -> str:
    environment = "\n".join(f"Environment={_quoted(f'{name}={value}')}" for name, value in unit.environment.items())
    return f"""\
# Written by `sc install-service`; `sc install-service --remove` takes it away.
[Unit]
Description=scopecraft supervisor of {_plain(str(unit.home))}

[Service]
Type=exec
ExecStart={" ".join(_quoted(word).replace("$", "$$") for word in unit.argv)}
{environment}
# Only the supervisor ends when the unit stops. What it has started belongs to this unit for systemd, the tmux server
# with its windows and everything in them, but it is not the unit's to end: sessions go on, and the next supervisor
# takes them up. (Containers are the engine's, and never in here.)
KillMode=process
TimeoutStopSec={unit.grace_seconds + 10:.0f}
# An agent in a window that runs out of memory ends by that alone, not the unit with all the others.
OOMPolicy=continue
# After a crash. Leaving when told to is no failure; 2 is a settings file that cannot be used, 3 a home that has a
# supervisor already, or is gone: starting again would not help.
Restart=on-failure
RestartSec=2
RestartPreventExitStatus=2 3

[Install]
WantedBy=default.target
"""


def _plain(text: str) -> str:
    return text.replace("%", "%%").replace("\n", " ")


def _quoted(text: str) -> str:
    """One word of systemd's own quoting; `%` would be a specifier."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'.replace("%", "%%")
