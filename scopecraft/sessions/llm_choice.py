"""Which model is asked in a step of type llm, and what speaks against asking it. Starts nothing."""

from __future__ import annotations

from scopecraft.agents.llm_provider import Provider, model_named, provider_of, question_of
from scopecraft.errors import BadInput
from scopecraft.sessions.agent_choice import Chosen
from scopecraft.sessions.request import StartRequest, check_prompt


def choose_provider(chosen: Chosen, request: StartRequest) -> tuple[Provider, str]:
    """The provider of the agent's dialect, and the model's name there.

    Raises BadInput for an agent whose model cannot be asked without it, or a price that is none, CredentialsMissing.
    """
    check_prompt(request.prompt)
    provider = provider_of(chosen.settings.dialect, chosen.name)
    question_of(provider, "", None, None, chosen.environment)  # for what it refuses
    if len(chosen.settings.price) not in (0, 2, 3, 4):
        raise BadInput(
            f"agents.{chosen.name}.price holds {len(chosen.settings.price)} numbers",
            "give two to four: input, output, from a cache, into a cache",
        )
    return provider, model_named(provider, request.model or chosen.settings.model)
