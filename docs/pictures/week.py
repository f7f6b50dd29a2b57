"""A week of Ada's: missions that ended on other days, as the store has them, and some that really run."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import datetime, timedelta

import scenes
from stage import ENVIRONMENT, HOME, WORKFLOW, call, mission, until

from scopecraft.config.workflow_reading import read_workflows
from scopecraft.missions.folder import changing, create_mission, save_mission
from scopecraft.missions.planner import told, with_steps
from scopecraft.model import clock
from scopecraft.model.handle import ContainerHandle
from scopecraft.model.ids import new_mission_id, new_session_id
from scopecraft.model.mission import Mission
from scopecraft.model.session import Completed, Ended, Running, Session, Starting
from scopecraft.model.workflow import Recipe, Workflow
from scopecraft.state.store import Store

NOWHERE = ContainerHandle("unix:///var/run/docker.sock", "gone", "ab" * 32)
# title, agent, model, days ago, what its plan and its build cost
ENDED = (
    ("Faster product pages", "claude", "opus", 6, 0.55, 3.10),
    ("Invoices as PDF", "claude", "sonnet", 5, 0.31, 1.84),
    ("Sign in with a passkey", "claude", "opus", 4, 0.92, 4.71),
    ("Prices in two currencies", "codex", "gpt-5", 3, 0.20, 1.12),
    ("Tell why a card was refused", "claude", "sonnet", 2, 0.24, 1.47),
    ("Remember the last tea", "codex", "gpt-5", 1, 0.18, 0.96),
)


def past() -> None:
    """What ended before today."""
    (entry,) = read_workflows(json.dumps(WORKFLOW).encode(), WORKFLOW["name"], "home")
    assert entry.workflow is not None
    with Store.open(HOME.root) as store:
        for row in ENDED:
            _over(store, entry.workflow, *row)


def _over(
    store: Store, workflow: Workflow, title: str, agent: str, model: str, days: int, plan: float, build: float
) -> None:
    began = clock.now() - timedelta(days=days, hours=3)
    slug = title.lower().replace(" ", "-")
    mission = with_steps(_mission(title, slug, workflow, began), workflow)
    states = []
    for state in mission.steps:
        cost = {"plan": plan, "build": build}.get(state.step_id)
        run = _session(store, mission, state.step_id, agent, model, cost, began) if cost else None
        states.append(replace(state, phase="done", run_id=run))
    ended = clock.to_text(began + timedelta(hours=2))
    mission = told(replace(mission, steps=tuple(states)), workflow, ended)
    create_mission(HOME, replace(mission, is_frozen=True), f"{title}, please.\n", Recipe(workflow))


def _mission(title: str, slug: str, workflow: Workflow, began: datetime) -> Mission:
    at = clock.to_text(began)
    return Mission(
        id=new_mission_id(began), title=title, slug=slug, type="feature", workflow_id=workflow.id, current_step=0,
        status="ready", project="shop", branch=f"feature/{slug}", base="ab" * 20,
        worktree=str(HOME.worktrees / "shop" / slug), created_at=at, updated_at=at,
    )  # fmt: skip


def _session(
    store: Store, mission: Mission, step: str, agent: str, model: str, cost_usd: float, began: datetime
) -> str:
    at, end = clock.to_text(began), clock.to_text(began + timedelta(minutes=17))
    session = Session(
        id=new_session_id(began), mission_id=mission.id, task=mission.slug, project="shop", step_id=step, attempt=1,
        agent=agent, dialect=agent, executor="container", mode="autonomous", branch=mission.branch,
        worktree=mission.worktree, created_at=at, status=Starting(at), model=model,
    )  # fmt: skip
    store.create(session, at)
    store.move(session.id, Running(at, NOWHERE), "session_started", at)
    used = {"outcome": "completed", "cost_usd": cost_usd, "input_tokens": int(cost_usd * 21_000)}
    used |= {"cache_read_tokens": int(cost_usd * 430_000), "output_tokens": int(cost_usd * 14_000)}
    store.move(session.id, Ended(at, end, Completed()), "session_ended", end, data=used)
    return session.id


def today() -> None:
    """A plan to look at, which Ada has changed; code to look at; and one that failed."""
    for title in (scenes.SEARCH, scenes.TOML, scenes.LEAK):
        begin(title)
    for title in (scenes.SEARCH, scenes.TOML, scenes.LEAK):
        reaches(title, "waiting_human")
    for title in (scenes.TOML, scenes.LEAK):
        call("sc", "mission", "approve", slug_of(title), "--yes", "--quiet")
    call("sc", "mission", "put", slug_of(scenes.SEARCH), "plan.md", "-f", "-", said=scenes.SEARCH_EDITED)
    reaches(scenes.TOML, "waiting_code_review")
    reaches(scenes.LEAK, "failed")
    for title, hours in ((scenes.SEARCH, 2), (scenes.TOML, 1), (scenes.LEAK, 5)):
        _since(title, hours)


def at_work() -> None:
    """One whose agent builds, and one that stands in line behind it."""
    begin(scenes.LIMITER)
    reaches(scenes.LIMITER, "waiting_human")
    call("sc", "queue", "limit", "--running", "1")
    call("sc", "mission", "approve", slug_of(scenes.LIMITER), "--yes", "--quiet")
    reaches(scenes.LIMITER, "running_code_agent")
    begin(scenes.FLAKY)


def begin(title: str) -> None:
    call("sc", "mission", "new", title, "--start", said=f"{title}, please.\n")


def reaches(title: str, status: str) -> None:
    until(lambda: mission(slug_of(title))["status"] == status, f"{title} does not become {status}")


def slug_of(title: str) -> str:
    return title.lower().replace(" ", "-")


def _since(title: str, hours: int) -> None:
    """It has stood so for some hours."""
    at = clock.to_text(clock.now() - timedelta(hours=hours, minutes=7))
    with changing(HOME, mission(slug_of(title))["mission_id"]) as found:
        save_mission(HOME, replace(found, created_at=at, updated_at=at))


os.environ.update(ENVIRONMENT)  # the store and the folders are those of the picture
