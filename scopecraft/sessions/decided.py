"""What settling has decided about a session, kept in `decided.json` before any of it is carried out.

Whoever is killed on the way, the next one carries out the same: the container that the decision was made from may be
gone by then.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scopecraft.atomic import move_aside, replace_file
from scopecraft.model.codec import status_from_dict, status_to_dict
from scopecraft.model.event import Event
from scopecraft.model.session import Ended, Session
from scopecraft.model.text import clean_json
from scopecraft.sessions.folder import SessionFolder

POSTPONED = "commits_postponed"  # code of the alert that says so
EventData = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class Decided:
    """`events` are recorded together with the end, `summary` is what the end's own event says.

    `last_lines` are those of a window's screen, which is closed; `keeps_private`: its git directory is still needed.
    """

    status: Ended
    summary: EventData
    events: tuple[Event, ...] = ()
    keeps_private: bool = False
    last_lines: tuple[str, ...] = ()


def save_decided(folder: SessionFolder, decided: Decided) -> None:
    """Raises StorageFailed."""
    row = {
        "status": status_to_dict(decided.status),
        "summary": dict(decided.summary),
        "events": [{"at": event.at, "kind": event.kind, "data": dict(event.data)} for event in decided.events],
        "keeps_private": decided.keeps_private,
        "last_lines": list(decided.last_lines),
    }
    replace_file(folder.decided, clean_json(json.dumps(row, indent=2, ensure_ascii=False)).encode() + b"\n")


def load_decided(folder: SessionFolder, session: Session) -> Decided | None:
    """None when nothing was decided yet; a damaged file is moved aside, and what it said is decided anew."""
    try:
        return _from_row(json.loads(folder.decided.read_bytes()), session)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        move_aside(folder.decided)
        return None


def _from_row(row: dict[str, Any], session: Session) -> Decided:
    status = status_from_dict(row["status"])
    if not isinstance(status, Ended):
        raise ValueError("the decision is no end")
    return Decided(
        status=status,
        summary=dict(row["summary"]),
        events=tuple(
            Event(0, str(event["at"]), event["kind"], session.mission_id, session.id, dict(event["data"]))
            for event in row["events"]
        ),
        keeps_private=bool(row["keeps_private"]),
        last_lines=tuple(str(line) for line in row["last_lines"]),
    )
