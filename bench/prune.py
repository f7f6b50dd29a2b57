"""`sc prune` looking at 200 missions. `python -m bench.prune`

A quarter each is merged, squash-merged, rebase-merged and open. Every mission has a worktree and three commits; main
has 1,000 further commits. The floor is what asking git for one of the answers costs: `git merge-base --is-ancestor`,
once for each mission.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.measure import Figure, median_ms, print_figures
from bench.workshop import Workshop, workshop
from scopecraft.config.paths import Home
from scopecraft.missions.folder import create_mission
from scopecraft.model.clock import to_text
from scopecraft.model.ids import new_mission_id
from scopecraft.model.mission import Mission

MISSIONS = 200
MAIN_COMMITS = 1000
COMMITS_OF_EACH = 3
_WHO = "Bench <bench@example.com> {at} +0000"


def figures() -> list[Figure]:
    with workshop() as shop:
        _write_history(shop)
        missions = _make_missions(shop)
        found = shop.sc("prune")
        proposed = found.count(" (repository)  ")
        assert proposed == MISSIONS * 3 // 4, f"{proposed} are proposed"
        floor = median_ms(lambda: _ask_each(shop, missions), 3)
        ours = median_ms(lambda: shop.sc("prune"), 3)
    what = f"sc prune, {MISSIONS} missions (floor: git merge-base of each)"
    return [Figure(what, floor, ours, "ms", "under 3,000 ms")]


def _ask_each(shop: Workshop, missions: list[Mission]) -> None:
    for mission in missions:
        words = ["git", "merge-base", "--is-ancestor", mission.branch, "refs/heads/main"]
        subprocess.run(words, cwd=shop.repository, env=shop.environment, check=False)


def _write_history(shop: Workshop) -> None:
    """By fast-import: a thousand commits one by one would take minutes."""
    base = _said(shop, "rev-parse", "main")
    stream = "".join(_history(base)).encode()
    subprocess.run(
        ["git", "fast-import", "--quiet", "--force"],
        cwd=shop.repository,
        env=shop.environment,
        input=stream,
        check=True,
    )
    shop.git("reset", "-q", "--hard", "refs/heads/main")


def _history(base: str) -> Iterator[str]:
    at = int(datetime.now(UTC).timestamp()) - MAIN_COMMITS
    for number in range(MISSIONS):
        branch, parent = f"feature/task-{number}", base
        for step in range(COMMITS_OF_EACH):
            yield from _commit(branch, at, f"task {number} step {step}", parent, [(_file(number, step), number)])
            parent = ""
    parent = base
    for number in range(MAIN_COMMITS):
        yield from _commit("main", at + number, f"main {number}", parent, [(f"main/{number % 50}.txt", number)])
        parent = ""
    for number in range(MISSIONS):
        yield from _landing(number, at + MAIN_COMMITS)


def _landing(number: int, at: int) -> Iterator[str]:
    how, files = number % 4, [(_file(number, step), number) for step in range(COMMITS_OF_EACH)]
    if how == 0:
        merge = f"refs/heads/feature/task-{number}"
        yield from _commit("main", at, f"merge {number}", "", files, merge=merge)
    elif how == 1:
        yield from _commit("main", at, f"squash {number}", "", files)
    elif how == 2:
        for file in files:
            yield from _commit("main", at, f"rebased {number} {file[0]}", "", [file])


def _commit(
    branch: str, at: int, message: str, parent: str, files: list[tuple[str, int]], *, merge: str = ""
) -> Iterator[str]:
    yield f"commit refs/heads/{branch}\ncommitter {_WHO.format(at=at)}\ndata {len(message)}\n{message}\n"
    if parent:  # else it goes on where the branch stands
        yield f"from {parent}\n"
    if merge:
        yield f"merge {merge}\n"
    for name, number in files:
        content = f"{name} of {number}\n" * 20
        yield f"M 100644 inline {name}\ndata {len(content)}\n{content}\n"
    yield "\n"


def _file(number: int, step: int) -> str:
    return f"tasks/{number}/{step}.txt"


def _make_missions(shop: Workshop) -> list[Mission]:
    home, missions = Home(shop.home), []
    first = _said(shop, "rev-list", "--max-parents=0", "refs/heads/main")
    for number in range(MISSIONS):
        at = datetime.now(UTC)
        place = shop.home / "worktrees" / "repository" / f"task-{number}"
        shop.git(
            "worktree", "add", "-q", "--lock", "--reason", "scopecraft mission", str(place), f"feature/task-{number}"
        )
        missions.append(_mission(number, first, place, at))
        create_mission(home, missions[-1], "what to do")
    return missions


def _mission(number: int, base: str, place: Path, at: datetime) -> Mission:
    created = to_text(datetime.fromtimestamp(at.timestamp() - 2 * MAIN_COMMITS, UTC))
    return Mission(
        id=new_mission_id(at),
        title=f"task-{number}",
        slug=f"task-{number}",
        type="feature",
        workflow_id="oneshot",
        current_step=0,
        status="waiting_code_review",
        project="repository",
        branch=f"feature/task-{number}",
        base=base,
        worktree=str(place),
        created_at=created,
        updated_at=created,
    )


def _said(shop: Workshop, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=shop.repository, env=shop.environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


if __name__ == "__main__":
    print_figures(figures())
