"""Which image an agent runs in, and which command puts its program into one."""

from __future__ import annotations

import pytest

from scopecraft.config.layers import Effective, Layer, Value
from scopecraft.config.settings import AgentSettings
from scopecraft.config.spoken import flag_layer
from scopecraft.sessions.agent_choice import program_mend, wanted_image


@pytest.mark.parametrize("image", ["scopecraft-agent", "scopecraft-agent:latest"])
def test_the_default_image_is_built_with_the_agent(image: str) -> None:
    assert program_mend("codex", image) == "sc image build --agent codex"
    assert program_mend("claude", image) == "sc image build"


@pytest.mark.parametrize(("agent", "image"), [("codex", "shop-agent"), ("codex", None), ("plain", "scopecraft-agent")])
def test_an_image_or_an_agent_that_is_not_ours_has_no_such_command(agent: str, image: str | None) -> None:
    assert program_mend(agent, image) == ""


def test_an_image_for_this_time_goes_before_the_agent_s_own_and_that_before_the_setting() -> None:
    home = Effective((Layer("home", {("container", "image"): Value("general", "")}),))
    now = home.with_layer(flag_layer(["container.image=mine"]))
    own = AgentSettings(image="own")
    assert [wanted_image(home, agent) for agent in (AgentSettings(), own)] == ["general", "own"]
    assert [wanted_image(now, agent) for agent in (AgentSettings(), own)] == ["mine", "mine"]
    assert wanted_image(Effective(), AgentSettings()) is None
