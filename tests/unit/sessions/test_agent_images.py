"""Which command puts an agent's program into an image."""

from __future__ import annotations

import pytest

from scopecraft.sessions.agent_choice import program_mend


@pytest.mark.parametrize("image", ["scopecraft-agent", "scopecraft-agent:latest"])
def test_the_default_image_is_built_with_the_agent(image: str) -> None:
    assert program_mend("codex", image) == "sc image build --agent codex"
    assert program_mend("claude", image) == "sc image build"


@pytest.mark.parametrize(("agent", "image"), [("codex", "shop-agent"), ("codex", None), ("plain", "scopecraft-agent")])
def test_an_image_or_an_agent_that_is_not_ours_has_no_such_command(agent: str, image: str | None) -> None:
    assert program_mend(agent, image) == ""
