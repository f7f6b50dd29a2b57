"""Which agent runs, how it is called, and what it gets from the person's environment. Starts nothing."""

from __future__ import annotations

from dataclasses import dataclass

from scopecraft.agents.base import Dialect, dialect, takes_effort
from scopecraft.config.layers import Effective
from scopecraft.config.secrets import Secrets, gather_secrets
from scopecraft.config.settings import AgentSettings
from scopecraft.errors import BadInput, CredentialsMissing, ImageMissing
from scopecraft.model.launch import AgentRequest
from scopecraft.sessions.context import Context
from scopecraft.sessions.request import StartRequest, check_prompt

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


@dataclass(frozen=True, slots=True)
class Place:
    """Where an agent will run, as it sees it itself."""

    program: tuple[str, ...]
    cwd: str = "/"
    conversation_id: str = ""
    config_folder: str | None = None
    hooks_folder: str | None = None
    sandboxed: bool = False
    as_root: bool = False


def agent_request(chosen: Chosen, request: StartRequest, place: Place) -> AgentRequest:
    """Raises BadInput for an agent that cannot be told how much to think."""
    if request.effort is not None and not takes_effort(chosen.dialect):
        raise BadInput(f"{chosen.name} cannot be told how much to think", "leave effort out, or choose another agent")
    goes_on = request.continues is not None and request.continues.conversation_id is not None
    return AgentRequest(
        prompt=request.prompt,
        model=request.model or chosen.settings.model,
        conversation_id=place.conversation_id,
        resume=goes_on,
        cwd=place.cwd,
        config_folder=place.config_folder,
        hooks_folder=place.hooks_folder,
        program=place.program,
        extra_arguments=(*chosen.settings.arguments, *request.arguments),
        sandboxed=place.sandboxed,
        as_root=place.as_root,
        secrets=chosen.secrets.values,
        effort=request.effort,
    )


def require_command(context: Context, chosen: Chosen, request: StartRequest, program: tuple[str, ...]) -> str:
    """The program that would run. Raises BadInput for an agent that has no command, or no use for a model."""
    if request.model is not None and not chosen.dialect.has_result:
        raise BadInput(f"{chosen.name} runs a plain command, which has no model", "leave --model out")
    own = (chosen.dialect.program,) if chosen.dialect.program else ()
    command = (*(program or own), *chosen.settings.arguments, *request.arguments)
    if not command:
        raise BadInput(
            f"{chosen.name} has no command to run",
            f"put it behind --, or into agents.{chosen.name}.command of {context.home.settings_file}",
        )
    return command[0]


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
    unset = f"none of {', '.join(wanted)} is set" if len(wanted) > 1 else f"{wanted[0]} is not set"
    raise CredentialsMissing(
        f"{chosen.name} has no key: {unset}",
        f"set one in the environment, or write NAME=value into {context.home.secrets_file} and chmod 600 it",
    )


def refuse_agent(context: Context, chosen: Chosen, request: StartRequest) -> None:
    """Whatever can be known before anything is made to be more than the agent can do."""
    if request.prompt is not None or chosen.dialect.has_result:
        check_prompt(request.prompt)  # a program without a conversation may do without
    require_command(context, chosen, request, chosen.settings.command)
    # for what it refuses: a prompt that is too long for an argument, say
    chosen.dialect.headless(agent_request(chosen, request, Place(chosen.settings.command)))
    require_credentials(context, chosen)


def choose_image(context: Context, chosen: Chosen) -> str:
    """The first of wanted image, personal image, default image; raises ImageMissing, EngineUnavailable."""
    configured = wanted_image(context.effective, chosen.settings)
    candidates: tuple[str, ...] = (PERSONAL_IMAGE, DEFAULT_IMAGE)
    hint = "make it with: sc image build"
    if configured:
        candidates, hint = (configured,), "load or build it, or change the setting"
    elif mend := program_mend(chosen.dialect.name, DEFAULT_IMAGE):
        # an image of somebody's Claude holds no other agent
        candidates, hint = (
            (candidates if chosen.dialect.name == "claude" else (DEFAULT_IMAGE,)),
            f"make it with: {mend}",
        )
    for image in candidates:
        if context.containers.has_image(image):
            return image
    raise ImageMissing(f"the engine has no image {candidates[-1]}", hint)


def wanted_image(effective: Effective, agent: AgentSettings) -> str | None:
    """What is said for this time, as `--set container.image` or by a step; else the agent's own, else the setting."""
    layer, _ = effective.origin(("container", "image"))
    general = effective.settings.container.image
    return (general if layer == "flag" else None) or agent.image or general


def require_program(context: Context, chosen: Chosen, image: str) -> None:
    """ImageMissing where the default image tells that the agent's own program is not in it."""
    from scopecraft.executors.agent_releases import RELEASES
    from scopecraft.executors.image_recipe import agents_in

    spoken = chosen.dialect.name
    mend = program_mend(spoken, image)
    if chosen.settings.command or not mend:
        return
    held = agents_in(context.containers.image_labels(image) or {})
    if held and spoken not in held:
        raise ImageMissing(f"{image} holds no {RELEASES[spoken].agent}", f"put it in with: {mend}")


def program_mend(spoken: str, image: str | None) -> str:
    """The command that puts the agent's program into the image; empty where that is not ours to make."""
    from scopecraft.executors.agent_releases import RELEASES

    if spoken not in RELEASES or image is None or image.partition(":")[0] != DEFAULT_IMAGE:
        return ""
    return "sc image build" if spoken == "claude" else f"sc image build --agent {spoken}"
