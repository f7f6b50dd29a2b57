"""`sc missions` with 100 active and 9,900 complete missions of eight steps. `python -m bench.missions`

Ten of the active ones have an agent in a real window, ten stand in line; the others wait for a person, or may go on.
The complete ones are folders, as is what happened in all of them: rows.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.measure import Figure, median_ms, print_figures
from bench.workshop import Workshop, workshop
from scopecraft.missions.folder import write_mission
from scopecraft.missions.planner import told, with_steps
from scopecraft.missions.recipe import save_recipe
from scopecraft.model.clock import to_text
from scopecraft.model.event import Event
from scopecraft.model.ids import new_mission_id, new_session_id
from scopecraft.model.mission import Mission
from scopecraft.model.session import Completed, Ended, Session
from scopecraft.model.workflow import Recipe, Step, Workflow
from scopecraft.state.rows import insert_event, insert_session

ACTIVE, COMPLETE = 100, 9_900
WINDOWS = 10
EVENTS_OF_EACH_SESSION = 10
ROUNDS = 15
MOST_LISTED = 50
WORKFLOW = Workflow(
    "standard",
    "Standard",
    (
        Step("cleanup", "Cleanup", "llm", inputs=("raw-input.md",), outputs=("structured-text.md",)),
        Step("review-structured", "Review structured text", "human-gate", review="structured-text.md"),
        Step("research", "Research", "agent", workspace="document", outputs=("research-output.md",)),
        Step("review-research", "Review research", "human-gate", review="research-output.md"),
        Step("planning", "Planning", "agent", workspace="document", outputs=("implementation-plan.md",)),
        Step("review-plan", "Review plan", "human-gate", review="implementation-plan.md"),
        Step("implementation", "Implementation", "agent", outputs=("implementation-result.json",)),
        Step("review-impl", "Review implementation", "code-review"),
    ),
)


def figures() -> list[Figure]:
    with workshop() as shop:
        _make(shop)
        shown = shop.sc("missions")
        assert shown.count("\n") == ACTIVE + 1, f"{shown.count(chr(10))} lines"
        assert shown.count("idle") + shown.count("at work") == WINDOWS, shown
        nothing = median_ms(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), ROUNDS)
        floor = median_ms(lambda: subprocess.run([sys.executable, "-c", "import click"], check=True), ROUNDS)
        ours = median_ms(lambda: shop.sc("missions"), ROUNDS)
        everything = median_ms(lambda: shop.sc("missions", "--all"), ROUNDS)
        one = next(line.split()[1] for line in shown.splitlines() if "waits for your review" in line)
        page = median_ms(lambda: shop.sc("mission", "show", one), ROUNDS)
    what = f"sc missions, {ACTIVE} active of {ACTIVE + COMPLETE:,}"
    return [
        Figure(f"{what} (floor: python)", nothing, ours, "ms", "under 100 ms"),
        Figure(f"{what} (floor: python + click)", floor, ours, "ms", "under 100 ms"),
        Figure(f"sc missions --all: {MOST_LISTED} of the complete ones too", floor, everything, "ms", ""),
        Figure("sc mission show of one of them", floor, page, "ms", ""),
    ]


def _make(shop: Workshop) -> None:
    for number in range(WINDOWS):
        shop.sc("dispatch", f"window-{number}", "--agent", "plain", "--", "sleep", "3600")
    begin = datetime.now(UTC) - timedelta(days=30)
    made = [_mission(number, begin + timedelta(minutes=number)) for number in range(ACTIVE - WINDOWS + COMPLETE)]
    template = Path("/dev/shm") / shop.root.name  # not durable, and so quick
    template.mkdir()
    save_recipe(template, Recipe(WORKFLOW))
    for mission in made:
        _write(shop.home, mission, template)
    shutil.rmtree(template)
    # one transaction: as many durable commits would take minutes and measure nothing here
    with closing(sqlite3.connect(shop.home / "scopecraft.db")) as connection, connection:
        for mission in made:
            for step in WORKFLOW.steps[: mission.current_step]:
                if not step.is_gate:
                    _insert(connection, mission, step)


def _mission(number: int, at: datetime) -> Mission:
    """The oldest are complete; the others stand after their first, second, third … step."""
    finished = len(WORKFLOW.steps) if number < COMPLETE else number % (len(WORKFLOW.steps) - 1)
    text = to_text(at)
    mission = Mission(
        id=new_mission_id(at),
        title=f"Task {number}",
        slug=f"task-{number}",
        type="feature",
        workflow_id=WORKFLOW.id,
        current_step=0,
        status="ready",
        project="repository",
        branch=f"feature/task-{number}",
        base="ab" * 20,
        worktree=f"/worktrees/task-{number}",
        created_at=text,
        updated_at=text,
    )
    states = with_steps(mission, WORKFLOW).steps
    done = tuple(replace(state, phase="done") for state in states[:finished])
    return told(replace(mission, steps=(*done, *states[finished:])), WORKFLOW, text)


def _write(home: Path, mission: Mission, template: Path) -> None:
    """Past the writer of files, which returns when they are on the disk: 10,000 of them would take minutes."""
    place = "completed" if mission.status == "completed" else "active"
    folder = home / "missions" / place / f"{mission.id}--{mission.slug}"
    folder.mkdir()
    write_mission(template, mission)
    for name in ("mission.json", "workflow.json"):
        shutil.copyfile(template / name, folder / name)


def _insert(connection: sqlite3.Connection, mission: Mission, step: Step) -> None:
    at = mission.created_at
    session = Session(
        id=new_session_id(datetime.now(UTC)),
        mission_id=mission.id,
        task=mission.slug,
        project=mission.project,
        step_id=step.id,
        attempt=1,
        agent="claude",
        dialect="claude",
        executor="container",
        mode="autonomous",
        branch=mission.branch,
        worktree=mission.worktree,
        created_at=at,
        status=Ended(at, at, Completed()),
    )
    while True:
        try:
            insert_session(connection, session)
            break
        except sqlite3.IntegrityError:  # two in the same millisecond may get the same four digits
            session = replace(session, id=new_session_id(datetime.now(UTC)))
    for _ in range(EVENTS_OF_EACH_SESSION - 1):
        insert_event(connection, Event(0, at, "session_resumed", mission.id, session.id))
    insert_event(connection, Event(0, at, "session_ended", mission.id, session.id, {"cost_usd": 0.25}))


if __name__ == "__main__":
    print_figures(figures())
