"""Containers without a living session, on a real engine: proposed with their reason, and gone on yes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from docker.models.containers import Container

from scopecraft.model import clock
from scopecraft.model.ids import new_mission_id, new_session_id
from tests.support.played import HANG, STARTED, Shop
from tests.support.wait import until

pytestmark = pytest.mark.engine


def leave(shop: Shop, image: str, name: str, session_id: str, *, runs: bool) -> Container:
    """A container with the label of the home, of which nobody knows."""
    labels = {"scopecraft.home": shop.home.label, "scopecraft.session": session_id}
    container = shop.engine.containers.create(
        image, ["sleep", "600"], entrypoint=[], name=name, labels=labels, network_mode="none"
    )
    if runs:
        container.start()
    return container


def found(shop: Shop) -> dict[str, dict[str, Any]]:
    said = shop.sc("prune", "--json")
    assert said.code == 0, said.err
    return {each["name"]: each for each in json.loads(said.out)["orphans"] if each["kind"] == "container"}


def test_containers_of_no_living_session_go_and_those_at_work_stay(shop: Shop, agent_image: str) -> None:
    assert shop.run("busy", f"{STARTED}; {HANG}").code == 0
    busy = shop.wait_started("busy")
    running, exited, setup = new_session_id(clock.now()), new_session_id(clock.now()), new_mission_id(clock.now())
    leave(shop, agent_image, f"sc-{running}", running, runs=True)
    leave(shop, agent_image, f"sc-{exited}", exited, runs=False)
    leave(shop, agent_image, f"sc-setup-{setup}", "", runs=False)
    proposed = found(shop)
    assert {name: (each["why"], each["will"]) for name, each in proposed.items()} == {
        f"sc-{running}": (f"no session {running} is recorded here", "ended and removed"),
        f"sc-{exited}": (f"no session {exited} is recorded here", "removed"),
        f"sc-setup-{setup}": (f"there is no mission {setup}", "removed"),
    }
    done = shop.sc("prune", "--yes")
    assert done.code == 0, done.err
    until(lambda: [container.name for container in shop.containers()] == [f"sc-{busy.id}"], 30)
    assert shop.row("busy")["state"] == "running"
    assert shop.sc("stop", "busy", "--now").code == 0


def test_a_container_that_outlived_its_settled_session_goes(shop: Shop, agent_image: str) -> None:
    assert shop.run("done", "true").code == 0
    session = shop.session("done")
    until(lambda: shop.row("done")["state"] == "ended", 60)
    leave(shop, agent_image, f"sc-{session.id}-left", session.id, runs=False)
    assert [each["why"] for each in found(shop).values()] == [f"session {session.id} has ended"]
    assert shop.sc("prune", "--yes").code == 0
    assert not shop.containers()
