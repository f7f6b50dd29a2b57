"""How much an agent is to think: told to those that take it, refused for the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from scopecraft.agents.base import BUILT_IN, dialect, takes_effort
from scopecraft.config.secrets import Secrets
from scopecraft.config.settings import AgentSettings
from scopecraft.errors import BadInput
from scopecraft.sessions.agent_choice import Chosen, Place, agent_request
from scopecraft.sessions.request import StartRequest


@pytest.mark.parametrize("name", BUILT_IN)
def test_no_agent_leaves_the_effort_out_in_silence(name: str) -> None:
    chosen = Chosen(name, AgentSettings(dialect=name), dialect(name), Secrets({}))
    request = StartRequest("fix", "fix it", Path("/"), effort="high")
    if takes_effort(chosen.dialect):
        made = agent_request(chosen, request, Place(()))
        assert any("high" in argument for argument in chosen.dialect.headless(made).argv)
        return
    with pytest.raises(BadInput, match="cannot be told how much to think"):
        agent_request(chosen, request, Place(()))
