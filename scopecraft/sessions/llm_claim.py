"""That a session's call of a model is made once: the process that makes it claims it first, and only one can.

    launch/call.json     what is to be asked, and the token of this start
    launch/prompt.md     all of the prompt
    out/call-<token>     who has claimed it: a process, or whoever saw that its starter had died

Whoever starts a call may die before it is recorded which process that is, and the process may take its time to come up.
Who adopts the session then claims the call too: either there is a process already, or there never will be one.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scopecraft.atomic import private_folder, replace_file, storage_failed
from scopecraft.errors import StateUnreadable
from scopecraft.model.handle import ProcessHandle
from scopecraft.sessions.folder import SessionFolder

CALL = "call.json"
PROMPT = "prompt.md"


@dataclass(frozen=True, slots=True)
class Call:
    """`output` is the artifact that the answer becomes; `price` what a person set for the model, if anything."""

    token: str
    home: str
    mission_id: str
    provider: str
    model: str
    effort: str | None
    timeout_seconds: int
    output: str | None
    price: tuple[float, ...] = ()


def write_call(folder: SessionFolder, call: Call, prompt: str) -> None:
    """Raises StorageFailed."""
    launch = folder.path / "launch"
    private_folder(launch)
    replace_file(launch / PROMPT, prompt.encode("utf-8", "surrogateescape"))
    replace_file(launch / CALL, json.dumps(asdict(call), indent=2).encode() + b"\n")


def read_call(folder: SessionFolder) -> Call | None:
    """None where there is none, or not any more. Raises StateUnreadable."""
    file = folder.path / "launch" / CALL
    try:
        row = json.loads(file.read_bytes())
        return Call(**{**row, "price": tuple(row["price"])})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StateUnreadable(f"{file} cannot be read: {error}") from error


def read_prompt(folder: SessionFolder) -> str:
    """Raises StateUnreadable."""
    file = folder.path / "launch" / PROMPT
    try:
        return file.read_bytes().decode("utf-8", "replace")
    except OSError as error:
        raise StateUnreadable(f"{file} cannot be read: {error.strerror}") from error


def claim(folder: SessionFolder, token: str, by: ProcessHandle | None) -> bool:
    """Whether it was still to be had. None: nobody shall have it. Raises StorageFailed."""
    place = folder.out / f"call-{token}"
    beside = place.with_name(f".call-{os.urandom(4).hex()}.tmp")
    replace_file(beside, json.dumps(asdict(by) if by else {}).encode())
    try:
        os.link(beside, place)  # there at once and whole, or not at all
    except FileExistsError:
        return False
    except OSError as error:
        raise storage_failed(error, place) from error
    finally:
        beside.unlink(missing_ok=True)
    return True


def taken_over(folder: SessionFolder) -> ProcessHandle | None:
    """The process that makes the call, or has made it; None when there is none, and from now on never will be.

    Raises StateUnreadable and StorageFailed.
    """
    call = read_call(folder)
    if call is None:
        return None
    handle = None if claim(folder, call.token, None) else _claimant(folder.out / f"call-{call.token}")
    if handle is None:
        # last: a process that finds its claim free again, since the folder was cleared, finds no call
        (folder.path / "launch" / CALL).unlink(missing_ok=True)
    return handle


def _claimant(place: Path) -> ProcessHandle | None:
    try:
        row: dict[str, Any] = json.loads(place.read_bytes())
        return ProcessHandle(int(row["pid"]), int(row["started"]), str(row["boot_id"])) if row else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StateUnreadable(f"{place} cannot be read: {error}") from error
