"""Settings: `config/settings.toml` of the home, guarded by pydantic. The text under each setting is its manual."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ByteSize, ConfigDict, Field, ValidationError

from scopecraft.config.paths import Home
from scopecraft.errors import BadInput, BadSettings
from scopecraft.model.duration import seconds_of


def _seconds(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return seconds_of(value)
    except BadInput as error:
        raise ValueError(error.message) from error


Seconds = Annotated[int, BeforeValidator(_seconds), Field(ge=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AgentSettings(_Section):
    dialect: str = "claude"
    """How the agent is called and how its lines are read: `claude` or `plain`."""
    command: tuple[str, ...] = ()
    """The program in the container, in place of the dialect's own; for `plain` the whole command line."""
    host_command: tuple[str, ...] = ()
    """The same for dispatch, which runs on the host; `command` when empty."""
    arguments: tuple[str, ...] = ()
    """Further arguments for every run."""
    model: str | None = None
    """The model when neither `--model` nor the workflow names one."""
    image: str | None = None
    """The image that this agent needs, in place of `container.image`."""
    env: dict[str, str] = Field(default_factory=dict)
    """Variables set for the agent; put keys and tokens into `config/secrets.env` instead."""
    pass_env: tuple[str, ...] = ()
    """Names of variables taken from your environment or from `config/secrets.env`, beside the dialect's own."""


class ContainerSettings(_Section):
    image: str | None = None
    """Unset: `my-claude:authenticated` where the engine has it, else `scopecraft-agent`."""
    network: str = "bridge"
    """`bridge`, `none`, or the name of a network of the engine."""
    memory: ByteSize = ByteSize(4 * 1024**3)
    """Memory of one session; it gets no swap beyond that."""
    cpus: float = Field(default=2.0, gt=0)
    """Processor cores of one session."""
    pids: int = Field(default=512, ge=16)
    """Processes and threads of one session."""
    tmp_size: ByteSize = ByteSize(1024**3)
    """Size of `/tmp`, which is memory."""
    output_limit: ByteSize = ByteSize(1024**3)
    """A session that prints more than this is ended."""
    timeout: Seconds = 4 * 3600
    """Wall-clock limit of an autonomous session: `90s`, `30m`, `4h`."""
    stop_grace: Seconds = 10
    """Between the polite signal and the hard one."""
    result_grace: Seconds = 30
    """How long an agent may stay silent after its result before it is ended."""


class EngineSettings(_Section):
    host: str | None = None
    """The engine's address, `unix:///run/docker.sock`; unset: `$DOCKER_HOST`, else the usual socket."""


class TmuxSettings(_Section):
    server: Literal["own", "mine"] = "own"
    """`own`: a server of this home that ignores your `.tmux.conf`; `mine`: your own server."""


class WorktreeSettings(_Section):
    branch_template: str = "{type}/{slug}"
    """How a mission's branch is called; `{type}` and `{slug}` are filled in."""


class Settings(_Section):
    default_agent: str = "claude"
    """The agent when `--agent` is not given."""
    agents: dict[str, AgentSettings] = Field(default_factory=dict)
    """Agents by name; `claude` and `plain` are there without being named."""
    container: ContainerSettings = ContainerSettings()
    engine: EngineSettings = EngineSettings()
    tmux: TmuxSettings = TmuxSettings()
    worktrees: WorktreeSettings = WorktreeSettings()

    def agent(self, name: str) -> AgentSettings:
        """BadInput, naming the choices, for an agent that nobody configured."""
        known = _BUILT_IN | self.agents
        if name not in known:
            raise BadInput(f"no agent is called {name!r}", f"agents: {', '.join(sorted(known))}")
        return known[name]


_BUILT_IN = {"claude": AgentSettings(dialect="claude"), "plain": AgentSettings(dialect="plain")}


def load_settings(home: Home) -> Settings:
    """Defaults where the file says nothing. BadSettings names the file, the key and the reason."""
    file = home.settings_file
    try:
        return Settings.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Settings()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{file} is not valid TOML: {error}", "mend the file, or move it away") from error
    except ValidationError as error:
        raise BadSettings(_explain(file, error), "mend that line; every setting has a default") from error
    except OSError as error:
        raise BadSettings(f"{file} cannot be read: {error.strerror}") from error


def _explain(file: Path, error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    reason = "is not a setting" if first["type"] == "extra_forbidden" else first["msg"]
    return f"{file}: {key}: {reason}"
