"""Batches whose agent commits and is done at once, and what the home knows of them afterwards."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from scopecraft.state.store import Store
from tests.support.played import COMMIT, STARTED, Shop

MOVES = ("session_created", "session_requeued", "session_starting", "session_started", "session_ended")
RESULT = "echo {} >/mission/artifacts/implementation-result.json"  # what the workflow wants of its step


def quick_agent(shop: Shop) -> None:
    """`quick`, in the settings of the home."""
    command = json.dumps(["sh", "-c", f"{STARTED} && {COMMIT} && {RESULT}"])
    shop.home.settings_file.write_text(f'[agents.quick]\ndialect = "plain"\ncommand = {command}\n')


def batch_file(shop: Shop, rows: list[dict[str, Any]]) -> Path:
    """Beside the repository."""
    defaults = {"workflow": "oneshot", "agent": "quick"}
    file = shop.folder.parent / "tasks.json"
    file.write_text(json.dumps({"defaults": defaults, "missions": rows}))
    return file


def rows(count: int) -> list[dict[str, Any]]:
    return [{"id": f"task-{number}", "text": "do it"} for number in range(count)]


def missions(shop: Shop) -> Counter[str]:
    """How many there are of each status."""
    found = (json.loads(file.read_text()) for file in shop.home.missions_active.glob("m-*/mission.json"))
    return Counter(mission["status"] for mission in found)


def most_at_once(shop: Shop) -> tuple[int, int]:
    """How many sessions ran at the worst moment that the journal knows, and how many stood in line when one came.

    One whose starter was killed goes back into the line, however long that is.
    """
    running: set[str] = set()
    waiting: set[str] = set()
    most = (0, 0)
    with Store.open(shop.home.root) as store:
        events = store.events()
    for event in events:
        if event.session_id is None or event.kind not in MOVES:
            continue
        running.discard(event.session_id)
        waiting.discard(event.session_id)
        if event.kind == "session_requeued":
            waiting.add(event.session_id)
        elif event.kind == "session_created" and event.data["status"] == "queued":
            waiting.add(event.session_id)
            most = (most[0], max(most[1], len(waiting)))
        elif event.kind != "session_ended":
            running.add(event.session_id)
        most = (max(most[0], len(running)), most[1])
    return most
