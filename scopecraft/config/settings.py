"""The settings, guarded by pydantic. The text under each one is its manual; `layers.py` says where values come from.

The values are plain dataclasses: where nobody sets anything, the common case, pydantic is not imported.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from scopecraft.errors import BadInput
from scopecraft.model.duration import seconds_of

_BYTES = re.compile(r"(\d+)\s*(?:([kmgt])(?:i?b)?|b)?", re.IGNORECASE)
_STRICT = {"extra": "forbid"}


class _Checked:
    """Marks a field that `check` turns into its value; pydantic finds this when it builds its schema."""

    @staticmethod
    def check(value: object) -> object:
        raise NotImplementedError

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_before_validator_function(self.check, handler(source))


class _Length(_Checked):
    @staticmethod
    def check(value: object) -> object:
        try:
            return seconds_of(value if isinstance(value, str) else str(value))
        except BadInput as error:
            raise ValueError(error.message) from error


class _Size(_Checked):
    @staticmethod
    def check(value: object) -> object:
        found = _BYTES.fullmatch(str(value).strip())
        size = int(found.group(1)) * 1024 ** (" kmgt".index((found.group(2) or " ").lower())) if found else 0
        if size < 1:
            raise ValueError(f"{value!r} is no size; for example 512m or 4g")
        return size


class _Positive(_Checked):
    @staticmethod
    def check(value: object) -> object:
        if not isinstance(value, int | float) or not 0 < value < math.inf:
            raise ValueError("must be greater than 0")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self.check, handler(source))


class _Port(_Positive):
    @staticmethod
    def check(value: object) -> object:
        if not isinstance(value, int) or not 0 < value < 65536:
            raise ValueError("is no port; ports are 1 to 65535")
        return value


class _Expression(_Checked):
    @staticmethod
    def check(value: object) -> object:
        from scopecraft.model.expression import compiled

        try:
            compiled(value if isinstance(value, str) else "")
        except BadInput as error:
            raise ValueError(error.message) from error
        return value


CacheName = Literal["pip", "npm", "cargo"]
Seconds = Annotated[int, _Length()]
Bytes = Annotated[int, _Size()]
Expression = Annotated[str, _Expression()]


@dataclass(frozen=True, slots=True)
class AgentSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    dialect: str = "claude"
    """How the agent is called and how its lines are read: `claude`, `codex`, `gemini`, `opencode`, `amp`, `qwen`,
    `cursor`, `plain`, or one that an installed package brings."""
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
    env: dict[str, str] = field(default_factory=dict)
    """Variables set for the agent; put keys and tokens into `config/secrets.env` instead."""
    price: tuple[float, ...] = ()
    """What a million tokens of its model cost in US dollars, where scopecraft asks the model itself: input and output,
    then what comes from a cache and what goes into one. Unset: the published price, for models that it knows."""
    pass_env: tuple[str, ...] = ()
    """Names of variables taken from your environment or from `config/secrets.env`, beside the dialect's own."""


@dataclass(frozen=True, slots=True)
class ContainerSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    image: str | None = None
    """Unset: `my-claude:authenticated` where the engine has it, else `scopecraft-agent`."""
    network: str = "bridge"
    """`bridge`, `none`, or the name of a network of the engine."""
    memory: Bytes = 4 * 1024**3
    """Memory of one session, such as `4g`; it gets no swap beyond that."""
    cpus: Annotated[float, _Positive()] = 2.0
    """Processor cores of one session."""
    pids: Annotated[int, _Positive()] = 512
    """Processes and threads of one session."""
    tmp_size: Bytes = 1024**3
    """Size of `/tmp`, which is memory."""
    output_limit: Bytes = 1024**3
    """A session that prints more than this is ended."""
    timeout: Seconds = 4 * 3600
    """Wall-clock limit of an autonomous session: `90s`, `30m`, `4h`."""
    stop_grace: Seconds = 10
    """Between the polite signal and the hard one."""
    result_grace: Seconds = 30
    """How long an agent may stay silent after its result before it is ended."""
    caches: tuple[CacheName, ...] = ()
    """Your own package caches that every container may read and none may write: any of `pip`, `npm`, `cargo`."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    host: str | None = None
    """The engine's address, `unix:///run/docker.sock`; unset: `$DOCKER_HOST`, else the usual socket."""


@dataclass(frozen=True, slots=True)
class TmuxSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    server: Literal["own", "mine"] = "own"
    """`own`: a server of this home that ignores your `.tmux.conf`; `mine`: your own server."""


@dataclass(frozen=True, slots=True)
class WorktreeSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    branch_template: str = "{type}/{slug}"
    """How a mission's branch is called; `{type}` and `{slug}` are filled in."""
    free_floor: Bytes = 256 * 1024**2
    """No session starts while the home has less free space than this."""


@dataclass(frozen=True, slots=True)
class SetupSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    commands: tuple[str, ...] = ()
    """Run by `/bin/sh` in a new worktree before its first agent, one after another."""
    teardown: tuple[str, ...] = ()
    """Run there before the worktree is removed."""
    run_on: Literal["container", "host"] = "container"
    """Where they run. Those of a repository run on the host only after you confirmed that."""
    timeout: Seconds = 15 * 60
    """Of each command."""
    ports: Annotated[int, _Positive()] = 10
    """How many ports a mission may use from `$SC_PORT_BASE` on."""


@dataclass(frozen=True, slots=True)
class CheckSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    commands: dict[str, str] = field(default_factory=dict)
    """Shell commands by name, such as `{test = "make test"}`: what `sc check` runs where the workflow names none."""
    timeout: Seconds = 15 * 60
    """Of each check."""


@dataclass(frozen=True, slots=True)
class MissionSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    workflow: str = "raw-research-plan-implement"
    """The workflow of a new mission when `--workflow` is not given."""


@dataclass(frozen=True, slots=True)
class GithubSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    api: str | None = None
    """The address of GitHub's interface, for every remote that is not another host's by its name; unset:
    `https://api.github.com` for github.com, and `https://HOST/api/v3` for a host with `github` in its name."""


@dataclass(frozen=True, slots=True)
class TrashSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    keep: Seconds = 30 * 86400
    """How long a removed mission stays in the trash, at most 30 days; `sc trash --empty` lets go what is older."""


@dataclass(frozen=True, slots=True)
class QueueSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    memory_floor: Bytes = 512 * 1024**2
    """No session starts while the machine has less free memory than this."""


@dataclass(frozen=True, slots=True)
class LimitSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    time: Seconds | None = None
    """How long an autonomous session may work; time in which it waits for you does not count. Unset: no such limit,
    and `container.timeout` ends it in any case."""
    turns: Annotated[int, _Positive()] | None = None
    """How many turns a session may take, from a prompt to its result."""
    cost: Annotated[float, _Positive()] | None = None
    """What a session may cost, in US dollars by the agent's own estimate."""
    mission_cost: Annotated[float, _Positive()] | None = None
    """What all sessions of a mission may cost together."""
    stall_after: Seconds = 15 * 60
    """Without a byte, an open tool call or a change of its transcript for so long, a session has stalled."""
    on_limit: Literal["ask", "stop", "alert"] = "ask"
    """At a limit: `ask` interrupts the turn and waits for you, `stop` ends the session, `alert` only tells. An agent
    that cannot be interrupted is stopped in place of `ask`."""
    on_stall: Literal["ask", "stop", "alert"] = "alert"
    """The same for a stall."""
    warn_at: Annotated[float, _Positive()] = 0.8
    """The share of a limit at which an alert is raised."""


NotifyOn = Literal["waiting", "ended", "alert"]


@dataclass(frozen=True, slots=True)
class NotifySettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    command: tuple[str, ...] = ()
    """Run once for each event, such as `["notify-send", "{title}", "{text}"]`; `{event}`, `{task}` and `{session}` are
    filled in too, and the event stands as JSON on its standard input."""
    on: tuple[NotifyOn, ...] = ("waiting", "ended", "alert")
    """What you want to hear of: any of `waiting` (for you), `ended`, `alert`."""
    bell: Literal["off", "on"] = "off"
    """Ring the bell of the session's tmux window, and of those that look at the home's tmux server."""


@dataclass(frozen=True, slots=True)
class AlertSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    dangerous: tuple[Expression, ...] = ()
    """Regular expressions, beside the built-in rules, for commands and other inputs of tools that raise an alert; they
    see the first 2,000 characters."""


@dataclass(frozen=True, slots=True)
class SupervisorSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    on_down: Literal["leave", "stop"] = "leave"
    """What becomes of the sessions when the supervisor is stopped."""
    grace: Seconds = 20
    """How long it may take to leave."""


@dataclass(frozen=True, slots=True)
class HttpSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    serve: Literal["on", "off"] = "on"
    """Whether the supervisor answers HTTP at all: pages, programs, `sc open`."""
    port: Annotated[int, _Port()] | None = None
    """The port of 127.0.0.1 where the supervisor answers HTTP; unset, that of last time, else 4000 or a free one."""
    auth: Literal["token", "none"] = "token"
    """Who may ask: who has the home's token or came by `sc open`, or every program of this machine."""
    allow_origins: tuple[str, ...] = ()
    """Pages of other origins that may use it, such as `http://localhost:3000`."""
    allow_hosts: tuple[str, ...] = ()
    """Other names, with their port, by which it may be called, such as that of a tunnel."""
    project: str | None = None
    """The project of missions that a program makes without naming one; unset, the one that is linked."""


@dataclass(frozen=True, slots=True)
class Settings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    default_agent: str = "claude"
    """The agent when `--agent` is not given."""
    agents: dict[str, AgentSettings] = field(default_factory=dict)
    """Agents by name; each dialect of scopecraft's own is there without being named."""
    container: ContainerSettings = ContainerSettings()
    engine: EngineSettings = EngineSettings()
    tmux: TmuxSettings = TmuxSettings()
    worktrees: WorktreeSettings = WorktreeSettings()
    setup: SetupSettings = SetupSettings()
    checks: CheckSettings = CheckSettings()
    missions: MissionSettings = MissionSettings()
    github: GithubSettings = GithubSettings()
    trash: TrashSettings = TrashSettings()
    queue: QueueSettings = QueueSettings()
    limits: LimitSettings = LimitSettings()
    notify: NotifySettings = NotifySettings()
    alerts: AlertSettings = AlertSettings()
    supervisor: SupervisorSettings = SupervisorSettings()
    http: HttpSettings = HttpSettings()

    def agent(self, name: str) -> AgentSettings:
        """BadInput, naming the choices, for an agent that nobody configured."""
        known = BUILT_IN | self.agents
        if name not in known:
            raise BadInput(f"no agent is called {name!r}", f"agents: {', '.join(sorted(known))}")
        return known[name]


_NAMES = ("amp", "claude", "codex", "cursor", "gemini", "opencode", "plain", "qwen")
BUILT_IN = {name: AgentSettings(dialect=name) for name in _NAMES}
