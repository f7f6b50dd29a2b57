"""Keys and tokens: from `config/secrets.env` and the environment. Never in argv, labels, logs or state."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scopecraft.config.paths import Home
from scopecraft.errors import BadSettings

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)")
SHORTEST_SECRET = 8  # shorter values would blot out ordinary words


@dataclass(frozen=True, slots=True)
class Secrets:
    values: Mapping[str, str]

    def redact(self, text: str) -> str:
        """The text with every known value replaced by `[secret NAME]`."""
        for name, value in sorted(self.values.items(), key=lambda item: -len(item[1])):
            if len(value) >= SHORTEST_SECRET:
                text = text.replace(value, f"[secret {name}]")
        return text


def read_secrets_file(home: Home) -> dict[str, str]:
    """`NAME=value` lines, quotes allowed, `#` comments; BadSettings when others may read the file."""
    file = home.secrets_file
    try:
        mode = file.stat().st_mode
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{file} cannot be read: {error}") from error
    if mode & 0o077:
        raise BadSettings(f"others may read {file}", f"run: chmod 600 {file}")
    return dict(_entries(text, str(file)))


def _entries(text: str, file: str) -> Iterable[tuple[str, str]]:
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if not found:
            raise BadSettings(f"{file}, line {number}: not of the form NAME=value")
        name, value = found.groups()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        yield name, value


def gather_secrets(home: Home, environ: Mapping[str, str], names: Iterable[str]) -> Secrets:
    """The values of those names that are set; the environment wins over the file."""
    stored = read_secrets_file(home)
    values = {name: environ.get(name) or stored.get(name, "") for name in names}
    return Secrets({name: value for name, value in values.items() if value})
