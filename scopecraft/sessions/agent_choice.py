"""Which agent runs, how it is called, and what it gets from the person's environment. Starts nothing."""

from __future__ import annotations

from dataclasses import dataclass

from scopecraft.agents.base import Dialect, dialect
from scopecraft.config.secrets import Secrets, gather_secrets
from scopecraft.config.settings import AgentSettings
from scopecraft.errors import CredentialsMissing, ImageMissing
from scopecraft.sessions.context import Context

PERSONAL_IMAGE = "my-claude:authenticated"
DEFAULT_IMAGE = "scopecraft-agent"


@dataclass(frozen=True, slots=True)
class Chosen:
    name: str
    settings: AgentSettings
    dialect: Dialect
    secrets: Secrets  # values taken from the environment or the secrets file

    @property
    def environment(self) -> dict[str, str]:
        return {**self.settings.env, **self.secrets.values}


def choose_agent(context: Context, name: str | None) -> Chosen:
    """The named agent, else the default one. Raises BadInput for an unknown agent or dialect."""
    name = name or context.settings.default_agent
    settings = context.settings.agent(name)
    spoken = dialect(settings.dialect)
    names = (*spoken.environment_names, *settings.pass_env)
    return Chosen(name, settings, spoken, gather_secrets(context.home, context.environ, names))


def require_credentials(context: Context, chosen: Chosen) -> None:
    """An agent's own program in a container without any key would only say that it is not logged in."""
    wanted = chosen.dialect.credential_names
    if chosen.settings.command or not wanted or any(name in chosen.environment for name in wanted):
        return
    if chosen.settings.pass_env or chosen.settings.env:
        return  # another way in, such as a cloud provider's
    raise CredentialsMissing(
        f"{chosen.name} has no key: none of {', '.join(wanted)} is set",
        f"set one in the environment, or write NAME=value into {context.home.secrets_file} and chmod 600 it",
    )


def choose_image(context: Context, chosen: Chosen) -> str:
    """The first of agent's image, setting, personal image, default image; raises ImageMissing, EngineUnavailable."""
    configured = chosen.settings.image or context.settings.container.image
    candidates: tuple[str, ...] = (PERSONAL_IMAGE, DEFAULT_IMAGE)
    hint = "make it with: sc image build"
    if configured:
        candidates, hint = (configured,), "load or build it, or change the setting"
    for image in candidates:
        if context.containers.has_image(image):
            return image
    raise ImageMissing(f"the engine has no image {candidates[-1]}", hint)
