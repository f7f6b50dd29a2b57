"""Batches whose agent commits and is done at once, and what the home knows of them afterwards."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from scopecraft.state.store import Store
from tests.support.played import COMMIT, STARTED, Shop

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
    """How many sessions ran, and how many stood in line, at the worst moment that the journal knows."""
    running: set[str] = set()
    waiting: set[str] = set()
    most = (0, 0)
    with Store.open(shop.home.root) as store:
        for event in store.events():
            if event.session_id is None:
                continue
            if event.kind in ("session_created", "session_requeued"):
                running.discard(event.session_id)
                waiting.add(event.session_id)
            elif event.kind in ("session_starting", "session_started"):
                waiting.discard(event.session_id)
                running.add(event.session_id)
            elif event.kind == "session_ended":
                waiting.discard(event.session_id)
                running.discard(event.session_id)
            most = (max(most[0], len(running)), max(most[1], len(waiting)))
    return most
