"""`metadata.json`: a session as a person can read it, and what a lost database is rebuilt from."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scopecraft.atomic import file_lock, move_aside, private_folder, replace_file, storage_failed
from scopecraft.errors import StateUnreadable
from scopecraft.model.codec import session_from_dict, session_to_dict
from scopecraft.model.session import Session
from scopecraft.model.text import clean_json

METADATA = "metadata.json"
SCHEMA_VERSION = 1
LOCK_SECONDS = 10.0


def write_metadata(folder: Path, session: Session, extras: Mapping[str, Any] | None = None) -> None:
    """Replace the session's `metadata.json`; `extras` are added to those that it already has.

    Raises StorageFailed, and the old file is whole then. The folder is made if it is missing.
    """
    refresh_metadata(folder, lambda: session, extras)


def refresh_metadata(
    folder: Path, current: Callable[[], Session | None], extras: Mapping[str, Any] | None
) -> str | None:
    """The same, asking for the session only when nobody else is writing: the last to write has the newest.

    Returns what a person should hear of a damaged file that was in its place.
    """
    private_folder(folder)
    with file_lock(folder, timeout=LOCK_SECONDS):
        session = current()
        if session is None:
            return None
        before, notice = _extras_of(folder / METADATA)
        kept = {**before, **(extras or {})}
        content = {"schema_version": SCHEMA_VERSION, **session_to_dict(session), "extras": kept}
        document = clean_json(json.dumps(content, indent=2, ensure_ascii=False))
        # the database is durable, and waiting for the disk twice more is most of what a change costs
        replace_file(folder / METADATA, document.encode() + b"\n", is_durable=False)
        return notice


def read_metadata(folder: Path) -> Session | None:
    """The session of a folder, None if it has no `metadata.json`.

    Raises StateUnreadable after a damaged file was moved aside; the message says where it is.
    """
    path = folder / METADATA
    try:
        session = session_from_dict(json.loads(path.read_bytes()))
        if session.id != folder.name:
            raise ValueError(f"it describes the session {session.id!r}")
        return session
    except FileNotFoundError:
        return None
    except OSError as error:
        # Not the file's fault, perhaps (too many open files): it stays where it is.
        raise StateUnreadable(f"{path} cannot be read: {error.strerror}", "check who owns it") from error
    except (ValueError, RecursionError) as error:
        aside = move_aside(path)
        raise StateUnreadable(
            f"{path} cannot be read ({error}); it was moved to {aside}", "the logs of the session are untouched"
        ) from error


def _extras_of(path: Path) -> tuple[dict[str, Any], str | None]:
    """Those that are there, and what to tell of a file that cannot be used and was moved aside."""
    try:
        content = json.loads(path.read_bytes())
        extras = content.get("extras", {}) if isinstance(content, dict) else None
        if not isinstance(extras, dict) or content.get("schema_version", 0) > SCHEMA_VERSION:
            raise ValueError("not written by this version")
    except FileNotFoundError:
        return {}, None
    except OSError as error:
        raise storage_failed(error, path) from error
    except (ValueError, TypeError, RecursionError):
        return {}, f"{path} could not be read; it was moved to {move_aside(path)} and written anew"
    return extras, None
