"""A step that a command of a person begins is heard by that person, as what `sc run` begins."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from docker import DockerClient

from scopecraft.missions.folder import changing, folder_of, save_mission
from scopecraft.missions.moves import gone_on
from scopecraft.missions.recipe import load_workflow
from scopecraft.model import clock
from scopecraft.model.workflow import Step, Workflow
from scopecraft.sessions.context import Context
from scopecraft.sessions.request import StartRequest
from scopecraft.supervisor.asking import ask_to_carry_on
from tests.support.gated import gated
from tests.support.missions import Desk
from tests.support.played import Shop, opened_shop
from tests.support.supervisors import running_supervisor

pytestmark = [pytest.mark.engine, pytest.mark.image]


@pytest.fixture
def shop(clean_environment: Path, engine: DockerClient, agent_image: str) -> Iterator[Shop]:
    with opened_shop(clean_environment / "shop", engine) as shop:
        yield shop


SETTINGS = """
[agents.plain]
dialect = "plain"
command = ["true"]

[setup]
commands = ["echo the worktree is set up"]
"""


def test_who_lets_a_step_begin_hears_its_set_up(shop: Shop) -> None:
    shop.home.settings_file.write_text(SETTINGS)
    workflow = Workflow("one", "One", (Step("build", "Build", "agent", dialect="plain"),))
    mission_id = gated(Desk(shop.folder), "fix-login", workflow).id
    context = Context.of(os.environ)
    with changing(context.home, mission_id) as mission:
        kept = load_workflow(folder_of(context.home, mission))
        save_mission(context.home, gone_on(mission, kept, clock.to_text(clock.now())))
    heard: list[str] = []

    def hearing(request: StartRequest) -> StartRequest:
        return replace(request, on_setup=heard.append)

    with running_supervisor():
        (session,) = ask_to_carry_on(context, mission_id, hearing).begun
    assert session.status.kind == "running"
    assert any("the worktree is set up" in line for line in heard), heard
