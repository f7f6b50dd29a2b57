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


def dispatch_ours(shop: Workshop, number: int) -> float:
    file = shop.root / f"window-{number}"
    command = ("--", "sh", "-c", f"date +%s%N > {file}; exec sleep 600")
    return milliseconds_until(
        lambda: file, lambda: shop.sc("dispatch", f"window-{number}", "--agent", "plain", *command)
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


def run_ours(shop: Workshop, number: int) -> float:
    ids: list[str] = []

    def started() -> None:
        command = ("--detach", "--", "sh", "-c", "date +%s%N")
        ids.append(shop.sc("run", f"run-{number}", "--agent", "plain", "-m", "x", *command).strip())

    return milliseconds_until(lambda: shop.home / "sessions" / ids[0] / "stream.jsonl", started)


def figures() -> list[Figure]:
    client = docker.APIClient(version="auto")
    tmux_floor, tmux_ours, run_floors, run_times = [], [], [], []
    with workshop() as shop:
        floor_server = ["tmux", "-S", str(shop.root / "run" / "floor")]
        subprocess.run([*floor_server, "-f", "/dev/null", "new-session", "-d"], check=True, env=shop.environment)
        try:
            for number in range(ROUNDS):
                tmux_floor.append(dispatch_floor(shop, number))
                tmux_ours.append(dispatch_ours(shop, number))
                run_floors.append(run_floor(shop, client, number))
                run_times.append(run_ours(shop, number))
        finally:
            subprocess.run([*floor_server, "kill-server"], check=False)
            client.close()
    median = statistics.median
    return [
        Figure("sc dispatch, new mission, until it runs", median(tmux_floor), median(tmux_ours), "ms", "+250 ms"),
        Figure("sc run, new mission, until its first byte", median(run_floors), median(run_times), "ms", "+300 ms"),
    ]


if __name__ == "__main__":
    print_figures(figures())
