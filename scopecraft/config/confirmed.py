"""What a person has confirmed of what repositories bring: `config/confirmed.json`, a record of the home."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from scopecraft.atomic import file_lock, move_aside, replace_file
from scopecraft.config.paths import Home
from scopecraft.errors import StateUnreadable

SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Of exactly these bytes. `host_setup`: its set-up commands may run on the host, which was asked on its own.

    `about` is SETTINGS, or `workflow_confirmed(id)`.
    """

    project: str
    sha256: str
    at: str
    host_setup: bool = False
    about: str = SETTINGS


def workflow_confirmed(workflow_id: str) -> str:
    return f"workflow {workflow_id}"


def confirmation_of(home: Home, project: str, sha256: str) -> Confirmation | None:
    """Raises StateUnreadable, after moving a damaged record aside."""
    return next((each for each in load_confirmations(home) if (each.project, each.sha256) == (project, sha256)), None)


def load_confirmations(home: Home) -> list[Confirmation]:
    """The oldest first. A damaged record is moved aside and named: nothing is confirmed by accident."""
    file = _file(home)
    try:
        rows = json.loads(file.read_bytes())["confirmed"]
        return [_of_row(row) for row in rows]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError) as error:
        aside = move_aside(file, "damaged")
        raise StateUnreadable(
            f"the record of what you confirmed could not be read and was moved to {aside}",
            "confirm what your repositories bring again: sc config trust",
        ) from error


def record_confirmation(home: Home, confirmation: Confirmation) -> None:
    """In the place of an earlier one of the same bytes."""
    with _held(home):
        others = [each for each in load_confirmations(home) if not _is_same(each, confirmation)]
        _save(home, [*others, confirmation])


def forget_confirmations(home: Home, project: str) -> int:
    """How many there were."""
    with _held(home):
        known = load_confirmations(home)
        kept = [each for each in known if each.project != project]
        if len(kept) != len(known):
            _save(home, kept)
        return len(known) - len(kept)


def _of_row(row: dict[str, object]) -> Confirmation:
    texts = [row["project"], row["sha256"], row["at"], row.get("about", SETTINGS)]
    host_setup = row["host_setup"]
    if all(isinstance(text, str) for text in texts) and isinstance(host_setup, bool):
        project, sha256, at, about = map(str, texts)
        return Confirmation(project, sha256, at, host_setup, about)
    raise ValueError("not a confirmation")


def _is_same(one: Confirmation, other: Confirmation) -> bool:
    return (one.project, one.sha256) == (other.project, other.sha256)


def _file(home: Home) -> Path:
    return home.config / "confirmed.json"


@contextmanager
def _held(home: Home) -> Iterator[None]:
    with file_lock(home.config / "confirmed.lock"):
        yield


def _save(home: Home, confirmations: list[Confirmation]) -> None:
    document = {"confirmed": [asdict(each) for each in confirmations]}
    replace_file(_file(home), json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n")
