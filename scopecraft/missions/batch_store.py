"""Batches on disk: `batches/<id>.json` of the home, each replaced whole under its lock."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scopecraft.atomic import file_lock, move_aside, private_folder, replace_file
from scopecraft.config.paths import Home
from scopecraft.errors import StateTooNew, StateUnreadable
from scopecraft.model.batch import Batch, BatchItem, BatchTask

_VERSION = 1


def save_batch(home: Home, batch: Batch) -> None:
    """Raises StorageFailed."""
    document = {"version": _VERSION, **asdict(batch)}
    replace_file(_file(home, batch.id), json.dumps(document, indent=2).encode() + b"\n")


def load_batch(home: Home, batch_id: str) -> Batch | None:
    """None where there is none by that id. Raises StateUnreadable; a damaged one is moved aside."""
    return _load(_file(home, batch_id))


def batches(home: Home) -> tuple[list[Batch], list[StateUnreadable]]:
    """All of them, oldest first, and an error for each that cannot be read."""
    found: list[Batch] = []
    damaged: list[StateUnreadable] = []
    for file in home.batches.glob("*.json"):
        try:
            batch = _load(file)
        except StateUnreadable as error:
            damaged.append(error)
            continue
        if batch is not None:
            found.append(batch)
    return sorted(found, key=lambda batch: (batch.made_at, batch.id)), damaged


@contextlib.contextmanager
def batches_held(home: Home, *, timeout: float | None = None) -> Iterator[None]:
    """All batches of the home against everybody else who feeds one. Raises LockHeld after that time."""
    private_folder(home.batches)
    with file_lock(home.batches / "lock", timeout=timeout):
        yield


def _file(home: Home, batch_id: str) -> Path:
    return home.batches / f"{batch_id}.json"


def _load(file: Path) -> Batch | None:
    try:
        row = json.loads(file.read_bytes())
        if int(row["version"]) > _VERSION:
            raise StateTooNew(f"{file} is of a newer scopecraft than this one", "use the newer scopecraft")
        return Batch(row["id"], row["file"], row["made_at"], tuple(_item(each) for each in row["items"]))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateUnreadable(f"{file} cannot be read: {error.strerror}", "check who owns it") from error
    except (ValueError, KeyError, TypeError) as error:
        aside = move_aside(file)
        raise StateUnreadable(
            f"{file} could not be read; it was moved to {aside}", "its missions are untouched: sc missions"
        ) from error


def _item(row: dict[str, Any]) -> BatchItem:
    task = row["task"]
    return BatchItem(**{**row, "task": BatchTask(**{**task, "needs": tuple(task["needs"])})})
