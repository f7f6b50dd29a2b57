"""The parts of a mission's page, as the server renders them."""

from __future__ import annotations

import html
import json
import os
import re
from pathlib import Path

import pytest

from scopecraft.config.paths import home_of, make_home
from scopecraft.model.workflow import RAW_INPUT, Step, Workflow
from tests.support.gated import gated
from tests.support.missions import make_desk
from tests.support.served import served
from tests.support.shown_windows import Windows

TWO = Workflow(
    "two",
    "Two look at it",
    (
        Step("plan", "Plan", "agent", workspace="document", inputs=(RAW_INPUT,), outputs=("plan.md", "risks.md")),
        Step("look", "Look", "human-gate", review="plan.md", needs=("plan",)),
        Step("doubt", "Doubt", "human-gate", review="risks.md", needs=("plan",)),
    ),
)


def test_where_two_gates_wait_each_can_be_chosen_and_approved_as_it_was_shown(tmp_path: Path) -> None:
    waiting = gated(make_desk(tmp_path), workflow=TWO)
    waiting.write("risks.md", "none\n")
    waiting.at_plan()
    page, part = f"/m/{waiting.id}", {"hx-request": "true"}
    with served() as house:
        assert "Doubt</a> waits for you, too" in house.client.get(f"{page}/gate", headers=part).text
        shown = house.client.get(f"{page}/gate?step=doubt", headers=part).text
        assert "risks.md" in shown and "Look</a> waits for you, too" in shown
        seen = json.loads(html.unescape(re.search(r'data-seen="([^"]*)"', shown)[1]))  # type: ignore[index]
        asked = {"step": "doubt", "seen": seen}
        assert house.client.post(f"/api/missions/{waiting.id}/approve", json=asked).status_code == 200
        after = house.client.get(f"{page}/gate?step=doubt", headers=part).text
        assert "Look waits for you: read plan.md" in after and "too" not in after


def test_an_artifact_that_is_gone_says_so_in_place_of_what_is_approved(tmp_path: Path) -> None:
    waiting = gated(make_desk(tmp_path)).at_plan()
    (waiting.folder / "artifacts" / "plan.md").unlink()
    with served() as house:
        shown = house.client.get(f"/m/{waiting.id}/gate", headers={"hx-request": "true"}).text
        assert "plan.md" in shown and 'data-approve data-keys="a" disabled' in shown
        assert house.client.get("/m/m-0000000000000000/head", headers={"accept": "text/html"}).status_code == 404


def test_what_stands_in_the_address_of_the_list_is_checked(tmp_path: Path) -> None:
    make_desk(tmp_path)
    with served() as house:
        for query in ("show=0", "show=100000", "view=other", "done=-1", "done=x"):
            assert house.client.get(f"/?{query}").status_code == 400
        assert house.client.get("/parts/worktrees?project=nobody").status_code == 200
        assert "<script>" not in house.client.get("/?q=<script>alert(1)</script>").text


@pytest.mark.tmux
def test_a_conversation_in_a_window_can_be_handed_back(clean_environment: Path) -> None:
    home = home_of(os.environ)
    make_home(home)
    windows = Windows(home, clean_environment / "run")
    talking, session, _ = windows.open(["sleep", "600"], conversation="11111111-1111-4111-8111-111111111111")
    mute, _, _ = windows.open(["sleep", "600"], "mute")
    try:
        with served() as house:
            part = {"hx-request": "true"}
            heads = [house.client.get(f"/m/{mission.id}/head", headers=part).text for mission in (talking, mute)]
        assert f'data-post="/api/sessions/{session.id}/handback"' in heads[0] and "Take over" not in heads[0]
        assert "handback" not in heads[1]
    finally:
        windows.close()
