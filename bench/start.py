"""From typing a command until the agent runs, beside the same done by hand. `python -m bench.start`

The agent's first act is to write the time, so what a command does after that does not count.
"""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import docker

from bench.measure import Figure, print_figures
from bench.workshop import Workshop, workshop

ROUNDS = 11
IMAGE = "scopecraft-agent"
PATIENCE_SECONDS = 30


def milliseconds_until(stamp: Callable[[], Path], action: Callable[[], object]) -> float:
    """From the beginning of the action until the moment that the agent wrote into the file."""
    began = time.time_ns()
    action()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (stamp().exists() and stamp().read_text().strip()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"nothing came into {stamp()}")
        time.sleep(0.001)
    return (int(stamp().read_text().split()[0]) - began) / 1e6


def dispatch_floor(shop: Workshop, number: int) -> float:
    file = shop.root / f"floor-window-{number}"
    tree = shop.root / f"floor-tree-{number}"
    tmux = ["tmux", "-S", str(shop.root / "run" / "floor")]

    def by_hand() -> None:
        shop.git("worktree", "add", "-q", "--no-track", "-b", f"floor-{number}", str(tree))
        command = f"date +%s%N > {file}; exec sleep 600"
        subprocess.run([*tmux, "new-window", "-d", "-c", str(tree), command], check=True, env=shop.environment)

    return milliseconds_until(lambda: file, by_hand)


def dispatch_ours(shop: Workshop, number: int, *, alone: bool) -> float:
    file = shop.root / f"window-{number}"
    command = ("--", "sh", "-c", f"date +%s%N > {file}; exec sleep 600")
    return milliseconds_until(
        lambda: file, lambda: shop.sc("dispatch", f"window-{number}", "--agent", "plain", *command, alone=alone)
    )


def run_floor(shop: Workshop, client: docker.APIClient, number: int) -> float:
    folder, tree = shop.root / f"floor-run-{number}", shop.root / f"floor-run-tree-{number}"
    folder.mkdir()
    made: list[str] = []

    def by_hand() -> None:
        shop.git("worktree", "add", "-q", "--no-track", "-b", f"floor-run-{number}", str(tree))
        mounts = [docker.types.Mount(f"/{path.name}", str(path), type="bind") for path in (folder, tree)]
        host = client.create_host_config(mounts=mounts, init=True, log_config={"Type": "none"})
        command = ["sh", "-c", f"date +%s%N > /{folder.name}/first"]
        made.append(client.create_container(IMAGE, command, host_config=host, labels={"scopecraft.bench": "1"})["Id"])
        client.start(made[0])

    try:
        return milliseconds_until(lambda: folder / "first", by_hand)
    finally:
        client.remove_container(made[0], force=True)


def run_ours(shop: Workshop, number: int, *, alone: bool) -> float:
    ids: list[str] = []

    def started() -> None:
        command = ("--detach", "--", "sh", "-c", "date +%s%N")
        ids.append(shop.sc("run", f"run-{number}", "--agent", "plain", "-m", "x", *command, alone=alone).strip())

    return milliseconds_until(lambda: shop.home / "sessions" / ids[0] / "stream.jsonl", started)


def measured(shop: Workshop, client: docker.APIClient, numbers: range, *, alone: bool) -> list[Figure]:
    """Both commands and their floors by turns; `alone` does all of it in the command's own process."""
    dispatch: list[tuple[float, float]] = []
    run: list[tuple[float, float]] = []
    for number in numbers:
        dispatch.append((dispatch_floor(shop, number), dispatch_ours(shop, number, alone=alone)))
        run.append((run_floor(shop, client, number), run_ours(shop, number, alone=alone)))
    how = "" if alone else ", with the supervisor up"
    goals = ("+250 ms", "+300 ms") if alone else ("+120 ms", "+120 ms")
    return [
        _figure(f"sc dispatch until its agent runs{how}", dispatch, goals[0]),
        _figure(f"sc run until its first byte{how}", run, goals[1]),
    ]


def _figure(what: str, times: list[tuple[float, float]], goal: str) -> Figure:
    floors, ours = zip(*times, strict=True)
    return Figure(what, statistics.median(floors), statistics.median(ours), "ms", goal)


def figures() -> list[Figure]:
    client = docker.APIClient(version="auto")
    with workshop() as shop:
        floor_server = ["tmux", "-S", str(shop.root / "run" / "floor")]
        subprocess.run([*floor_server, "-f", "/dev/null", "new-session", "-d"], check=True, env=shop.environment)
        try:
            shop.sc("queue", "limit", "--running", "50", alone=True)
            cold = measured(shop, client, range(ROUNDS), alone=True)
            shop.sc("up")
            return cold + measured(shop, client, range(ROUNDS, 2 * ROUNDS), alone=False)
        finally:
            shop.sc("down", check=False)
            subprocess.run([*floor_server, "kill-server"], check=False)
            client.close()


if __name__ == "__main__":
    print_figures(figures())
