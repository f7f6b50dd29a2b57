"""What every session operation needs to know: the home, the caller's environment, and what is read from them once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from scopecraft.config.paths import Home, home_of, require_home
from scopecraft.sessions.folder import SessionFolder

if TYPE_CHECKING:
    from scopecraft.config.layers import Effective
    from scopecraft.config.projects import Project
    from scopecraft.config.settings import Settings
    from scopecraft.executors.container import ContainerExecutor
    from scopecraft.executors.process import ProcessExecutor
    from scopecraft.executors.tmux import TmuxExecutor
    from scopecraft.model.handle import ContainerHandle, WindowHandle
    from scopecraft.state.store import Store
    from scopecraft.worktrees.repository import Repository

DEFAULT_ENGINE_SOCKETS = ("/run/docker.sock", "/var/run/docker.sock")


@dataclass
class Context:
    """One command's view of a home. Reading is lazy: a command pays only for what it uses."""

    home: Home
    environ: Mapping[str, str] = field(repr=False)
    _engines: dict[str, ContainerExecutor] = field(default_factory=dict, repr=False)
    _outer: Context | None = field(default=None, repr=False)
    project: str | None = None  # whose settings hold here, beside those of the home
    # where the command that has these settings stands, by folder and project name: git is asked once
    places: dict[tuple[Path, str | None], tuple[Project, Repository]] = field(default_factory=dict, repr=False)
    ignored: set[tuple[str, ...]] = field(default_factory=set, repr=False)  # what a person said to leave out this time

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Context:
        """Raises NotFound when `sc init` was not run."""
        return cls(require_home(home_of(environ)), environ)

    @cached_property
    def store(self) -> Store:
        from scopecraft.state.store import Store  # who asks the supervisor needs no database

        return Store.open(self.home.root) if self._outer is None else self._outer.store

    @cached_property
    def effective(self) -> Effective:
        """Home and environment; of a project and of options only in what `within_project` gave."""
        from scopecraft.config.layers import Effective, home_layer
        from scopecraft.config.spoken import environment_layer

        home = home_layer(self.home)
        agents = [key[1] for key in home.values if key[0] == "agents"]
        return Effective().with_layer(home).with_layer(environment_layer(self.environ, agents))

    @cached_property
    def settings(self) -> Settings:
        return self.effective.settings

    def within(self, project: str, effective: Effective) -> Context:
        """The same home, database and engines under other settings; see `sessions.project_settings`."""
        inner = Context(self.home, self.environ, self._engines, self.outermost(), project=project, ignored=self.ignored)
        inner.__dict__["effective"] = effective
        return inner

    def outermost(self) -> Context:
        """Without the settings of a project."""
        return self._outer or self

    @cached_property
    def containers(self) -> ContainerExecutor:
        from scopecraft.executors.container import ContainerExecutor

        # shared with the context around, which follows what is started here
        return self._engines.setdefault(self.engine, ContainerExecutor(self.engine))

    def engine_of(self, handle: ContainerHandle) -> ContainerExecutor:
        """The engine that the container was started on, whatever the settings say now."""
        return self.engine_at(handle.engine)

    def engine_at(self, address: str) -> ContainerExecutor:
        from scopecraft.executors.container import ContainerExecutor

        # one connection for all; the settings need not be readable for it
        known = self.__dict__.get("containers")
        if known is not None and known.engine == address:
            return self.containers
        return self._engines.setdefault(address, ContainerExecutor(address))

    @cached_property
    def tmux(self) -> TmuxExecutor:
        from scopecraft.sessions.tmux_server import tmux_executor

        return tmux_executor(self)

    @property
    def engine(self) -> str:
        """The engine's address: the setting, `$DOCKER_HOST`, or the usual socket."""
        chosen = self.settings.engine.host or self.environ.get("DOCKER_HOST")
        if chosen:
            return chosen
        there = next((path for path in DEFAULT_ENGINE_SOCKETS if Path(path).exists()), DEFAULT_ENGINE_SOCKETS[0])
        return f"unix://{there}"

    def tmux_of(self, handle: WindowHandle) -> TmuxExecutor:
        """The tmux server that the window was opened on, whatever the settings and `$XDG_RUNTIME_DIR` say now."""
        return self.tmux_at(handle.socket)

    def tmux_at(self, socket: str) -> TmuxExecutor:
        from scopecraft.executors.tmux import TmuxExecutor

        return TmuxExecutor(Path(socket), is_own_server=False)

    @cached_property
    def processes(self) -> ProcessExecutor:
        from scopecraft.executors.process import ProcessExecutor
        from scopecraft.sessions.settle_facts import boot_id

        return ProcessExecutor(boot_id())

    def folder(self, session_id: str) -> SessionFolder:
        return SessionFolder(self.home.sessions / session_id)
