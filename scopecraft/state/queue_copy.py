"""`queue.json`: the queue's rules and the order of the line, for people and for a database that is made anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scopecraft.atomic import replace_file
from scopecraft.model.queue import QueueRules

NAME = "queue.json"


@dataclass(frozen=True, slots=True)
class QueueCopy:
    """`order` holds those that waited when somebody last changed it; who came later stands behind them."""

    rules: dict[str, Any]
    order: tuple[str, ...]


def write_copy(home: Path, rules: QueueRules, order: Sequence[str]) -> None:
    """Raises StorageFailed."""
    document = {"rules": asdict(rules), "order": list(order)}
    replace_file(home / NAME, json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n")


def read_copy(home: Path) -> QueueCopy | None:
    """None where there is none, or it cannot be used: then the defaults hold, and sessions stand as they came."""
    try:
        document = json.loads((home / NAME).read_bytes())
        rules, order = document["rules"], document["order"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(rules, dict) or not isinstance(order, list):
        return None
    return QueueCopy(rules, tuple(str(each) for each in order))
