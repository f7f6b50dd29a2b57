"""From a gate's approval until the next step's container is being made. `python -m bench.gates`

The approval's own moment is that of its event in the journal; the container's, and the floor's, are the engine's word.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import threading
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path

import docker

from bench.measure import Figure, print_figures
from bench.workshop import Workshop, workshop

GATES = 12
PATIENCE_SECONDS = 60


def workflow() -> dict[str, object]:
    """Agents that write a line at once, and a gate behind each of them."""
    steps: list[dict[str, object]] = []
    for number in range(GATES + 1):
        name = f"note-{number}.md"
        agent = {"step_id": f"write-{number}", "name": f"Write {number}", "type": "agent", "dialect": "plain"}
        steps.append({**agent, "workspaceMode": "document", "outputArtifact": name, "prompt": "Write."})
        steps.append(
            {"step_id": f"read-{number}", "name": f"Read {number}", "type": "human-gate", "reviewArtifact": name}
        )
    return {"workflow_id": "notes", "name": "Notes", "steps": steps}


class Created(threading.Thread):
    """Hears from the engine when each container was made, in nanoseconds since 1970."""

    def __init__(self, client: docker.APIClient) -> None:
        super().__init__(daemon=True)
        self.at: dict[str, int] = {}
        self._events = client.events(decode=True, filters={"type": "container", "event": "create"})
        self.start()

    def run(self) -> None:
        for event in self._events:
            session = event["Actor"]["Attributes"].get("scopecraft.session")
            if session:
                self.at.setdefault(session, event["timeNano"])


def until_gate(shop: Workshop) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    (file,) = (shop.home / "missions" / "active").glob("m-*/mission.json")
    while json.loads(file.read_bytes())["status"] != "waiting_human":
        if time.monotonic() > deadline:
            raise RuntimeError(f"no gate opened: {file.read_text()}")
        time.sleep(0.05)


def approvals(shop: Workshop) -> list[float]:
    """Nanoseconds since 1970."""
    with closing(sqlite3.connect(shop.home / "scopecraft.db")) as connection:
        rows = connection.execute("SELECT at FROM event WHERE kind = 'gate_approved' ORDER BY seq").fetchall()
    return [datetime.fromisoformat(at).timestamp() * 1e9 for (at,) in rows]


def sessions(shop: Workshop) -> list[str]:
    with closing(sqlite3.connect(shop.home / "scopecraft.db")) as connection:
        return [str(row[0]) for row in connection.execute("SELECT id FROM session ORDER BY seq")]


def floor_ms(client: docker.APIClient) -> float:
    """The engine's own time for making a container, without starting it."""
    taken = []
    for _ in range(GATES):
        began = time.perf_counter()
        made = client.create_container("scopecraft-agent", ["true"], labels={"scopecraft.bench": "1"})["Id"]
        taken.append((time.perf_counter() - began) * 1000)
        client.remove_container(made)
    return statistics.median(taken)


def prepare(shop: Workshop) -> None:
    folder = shop.home / "config" / "workflows"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "notes.workflow.json").write_text(json.dumps(workflow()))
    script = "for n in $(seq 0 99); do f=$SC_ARTIFACTS/note-$n.md; [ -e $f ] || { echo noted >$f; exit; }; done"
    settings = f'[agents.plain]\ndialect = "plain"\ncommand = ["sh", "-c", {json.dumps(script)}]\n'
    Path(shop.home / "config" / "settings.toml").write_text(settings)


def measured(shop: Workshop, client: docker.APIClient) -> list[float]:
    created = Created(client)
    shop.sc("up")
    (shop.root / "idea.md").write_text("Write notes.\n")
    shop.sc("mission", "new", "notes", "-f", str(shop.root / "idea.md"), "--workflow", "notes", "--start")
    for _ in range(GATES):
        until_gate(shop)
        shop.sc("mission", "approve", "notes", "--yes", "--quiet")
    until_gate(shop)
    pairs = zip(approvals(shop), sessions(shop)[1:], strict=True)
    return [(created.at[session] - approved) / 1e6 for approved, session in pairs]


def figures() -> list[Figure]:
    client = docker.APIClient(version="auto")
    with workshop() as shop, closing(client):
        prepare(shop)
        floor = floor_ms(client)
        ours = measured(shop, client)
        slowest = f"< 100 ms, slowest {max(ours):.0f}"
        return [
            Figure("a gate approved until the next container is made", floor, statistics.median(ours), "ms", slowest)
        ]


if __name__ == "__main__":
    print_figures(figures())
