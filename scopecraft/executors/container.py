"""Sessions in containers, through the Docker Engine API (Docker, or Podman's socket). The only home of docker."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound
from docker.errors import NotFound as EngineNotFound
from docker.types import LogConfig, Mount

from scopecraft.errors import AlreadyRunning, EngineFailed, EngineUnavailable, ImageMissing, StartFailed
from scopecraft.executors.engine_user import user_inside
from scopecraft.model.handle import Alive, ContainerHandle, Exited, Gone, Look, Unknown
from scopecraft.model.launch import ContainerLaunch
from scopecraft.model.text import clean_line

ANSWER_SECONDS = 10
POLL_SECONDS = 0.1
LATE_SECONDS = 3.0  # for a container to appear that was asked for before Ctrl-C
FIRST_TO_KILL = 500  # where the whole machine is out of memory: an agent before the programs of its person
NEVER = "0001-01-01T00:00:00Z"
STATUS_ALIVE = frozenset({"running", "paused", "restarting", "removing"})
_api_versions: dict[str, str] = {}  # by engine, while it refuses nothing: another one may listen there some day


def container_name(session_id: str) -> str:
    """Deterministic, so that the engine itself refuses a second container of a session."""
    return f"sc-{session_id}"


def _connected(engine: str) -> docker.APIClient:
    """A client that speaks the engine's version of the API: asked once in a process, since it is slow to tell."""
    client = docker.APIClient(base_url=engine, version=_api_versions.get(engine, "auto"), timeout=ANSWER_SECONDS)
    _api_versions[engine] = client.api_version
    # a socket has no proxy on the way, and looking for one costs more than the rest of a request
    client.trust_env = not engine.startswith("unix:")
    return client


class ContainerExecutor:
    """Starts hardened containers that outlive us. Every call gives up after a few seconds."""

    def __init__(self, engine: str) -> None:
        """`engine` is an address such as `unix:///run/docker.sock`; nothing is asked before the first call."""
        self.engine = engine
        self._client: Any = None

    @property
    def client(self) -> Any:
        """The SDK's low-level client. Raises EngineUnavailable."""
        if self._client is None:
            with translated(self.engine):
                knock(self.engine)
                self._client = _connected(self.engine)
        return self._client

    def user_inside(self, owner: tuple[int, int]) -> tuple[int, int]:
        """Who `owner`, a user and group of this machine, is in this engine's containers."""
        return user_inside(self.engine, owner)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def has_image(self, image: str) -> bool:
        return self.image_labels(image) is not None

    def image_labels(self, image: str) -> Mapping[str, str] | None:
        """None if the engine has no such image."""
        with translated(self.engine):
            try:
                return self.client.inspect_image(image)["Config"].get("Labels") or {}
            except ImageNotFound:
                return None

    def start(self, launch: ContainerLaunch) -> ContainerHandle:
        name = container_name(launch.session_id)
        try:
            container_id = self._create(name, launch)
        except KeyboardInterrupt:
            self._take_back(name)
            raise
        try:
            with translated(self.engine):
                self.client.start(container_id)
        except (EngineFailed, EngineUnavailable) as error:
            # a container that never ran holds nothing worth keeping
            with contextlib.suppress(EngineFailed, EngineUnavailable):
                self._remove(container_id)
            raise StartFailed(f"the container did not start: {error.message}", error.hint) from error
        return ContainerHandle(engine=self.engine, name=name, container_id=container_id)

    def _take_back(self, name: str) -> None:
        """What was being made when Ctrl-C came: the engine goes on with it although nobody waits for its answer."""
        deadline = time.monotonic() + LATE_SECONDS
        with contextlib.suppress(EngineFailed, EngineUnavailable):
            while time.monotonic() < deadline:
                with translated(self.engine), contextlib.suppress(EngineNotFound):
                    self._remove(str(self.client.inspect_container(name)["Id"]))
                    return
                time.sleep(POLL_SECONDS)

    def look(self, handle: ContainerHandle) -> Look:
        try:
            state = self._state(handle.container_id)
        except (EngineUnavailable, EngineFailed) as error:
            return Unknown(error.message)
        if state is None:
            return Gone("the engine does not know the container any more")
        if state["Status"] in STATUS_ALIVE:
            return Alive()
        finished = state.get("FinishedAt")
        return Exited(
            exit_code=state.get("ExitCode") if state["Status"] != "created" else None,
            out_of_memory=bool(state.get("OOMKilled")),
            finished_at=None if finished in (None, "", NEVER) else finished,
        )

    def signal(self, handle: ContainerHandle, name: str) -> None:
        """Send a signal to the launcher; something gone or over already is fine."""
        with translated(self.engine), _gone_is_fine():
            self.client.kill(handle.container_id, signal=name)

    def stop(self, handle: ContainerHandle, *, grace_seconds: float) -> None:
        """Returns when the container is over. The launcher passes the signal on and then reads out the commits."""
        if grace_seconds > 0:
            self.signal(handle, "SIGTERM")
            if self.wait(handle, grace_seconds) is not None:
                return
        self.signal(handle, "SIGKILL")
        if self.wait(handle, ANSWER_SECONDS) is None:
            raise EngineFailed("the engine did not end the container", "look at it with: docker inspect " + handle.name)

    def wait(self, handle: ContainerHandle, seconds: float) -> int | None:
        """The exit code once it is over, -1 where there is none to be had; None when it still runs after that time."""
        with translated(self.engine):
            try:
                # not the client's own time limit: a wait may be long, an answer may not
                return int(self.client.wait(handle.container_id, timeout=seconds)["StatusCode"])
            except EngineNotFound:
                return -1
            except (requests.exceptions.ReadTimeout, requests.exceptions.ConnectionError) as error:
                if "timed out" not in str(error).lower():
                    raise
                return None

    def adopt(self, session_id: str) -> ContainerHandle | None:
        name = container_name(session_id)
        with translated(self.engine):
            try:
                found = self.client.inspect_container(name)
            except EngineNotFound:
                return None
        return ContainerHandle(engine=self.engine, name=name, container_id=found["Id"])

    def forget(self, handle: ContainerHandle) -> None:
        """Remove what is left of it, once everything worth knowing is written down."""
        self._remove(handle.container_id)

    def discard_unstarted(self, handle: ContainerHandle) -> bool:
        """Remove a container that was made and never started, if it is one; whether it was."""
        with translated(self.engine):
            try:
                if self.client.inspect_container(handle.container_id)["State"]["Status"] != "created":
                    return False
                # without force the engine refuses when it was started meanwhile
                self.client.remove_container(handle.container_id, v=True)
            except EngineNotFound:
                return True
            except APIError as error:
                if error.status_code != 409:
                    raise
                return False
        return True

    def all_of(self, home_label: str) -> list[tuple[str, ContainerHandle]]:
        """Every container of a home, running or not, with the id of its session; harvests included."""
        with translated(self.engine):
            rows = self.client.containers(all=True, filters={"label": [f"scopecraft.home={home_label}"]})
        return [
            (row["Labels"].get("scopecraft.session", ""), ContainerHandle(self.engine, _name_of(row), row["Id"]))
            for row in rows
        ]

    def run_to_end(self, name: str, launch: ContainerLaunch, seconds: float) -> int:
        """A short-lived container beside a session: its exit code."""
        with self.beside(name, launch) as handle:
            code = self.wait(handle, seconds)
        if code is None:
            raise EngineFailed(f"{name} did not end within {seconds:g} s")
        return code

    @contextlib.contextmanager
    def beside(self, name: str, launch: ContainerLaunch) -> Iterator[ContainerHandle]:
        """The same while it runs, in the place of one left behind by that name; killed and removed whatever happens."""
        container_id = self._create_anew(name, launch)
        try:
            with translated(self.engine):
                self.client.start(container_id)
            yield ContainerHandle(engine=self.engine, name=name, container_id=container_id)
        finally:
            self._remove(container_id)

    def discard(self, name: str) -> None:
        """Remove a container by its name; that there is none is fine."""
        self._remove(name)

    def _create_anew(self, name: str, launch: ContainerLaunch) -> str:
        """In the place of one that a killed process left behind: at work still, or just being made or removed."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            self._remove(name)
            try:
                return self._create(name, launch)
            except AlreadyRunning:
                if time.monotonic() > deadline:
                    raise
            time.sleep(POLL_SECONDS)

    def _state(self, container_id: str) -> dict[str, Any] | None:
        with translated(self.engine):
            try:
                state: dict[str, Any] = self.client.inspect_container(container_id)["State"]
            except EngineNotFound:
                return None
        return state

    def _create(self, name: str, launch: ContainerLaunch) -> str:
        _require_sources(launch)
        user = self.user_inside(launch.user)
        with translated(self.engine):
            try:
                made = self.client.create_container(
                    image=launch.image,
                    entrypoint=list(launch.argv),
                    command=[],
                    name=name,
                    hostname="scopecraft",
                    user=f"{user[0]}:{user[1]}",
                    working_dir="/",
                    environment=dict(launch.env),
                    labels=dict(launch.labels),
                    host_config=self._host_config(launch),
                    network_disabled=launch.network == "none",
                )
            except ImageNotFound as error:
                raise ImageMissing(f"the engine has no image {launch.image}", "make it with: sc image build") from error
            except APIError as error:
                if error.status_code == 409 or _is_podmans(error, "is already in use"):
                    raise AlreadyRunning(
                        f"the engine has a container {name} already", f"see it with: sc show {launch.session_id}"
                    ) from error
                raise
        return str(made["Id"])

    def _host_config(self, launch: ContainerLaunch) -> Any:
        limits = launch.limits
        tmp = f"rw,exec,nosuid,nodev,mode=1777,size={limits.tmpfs_bytes}"
        small = f"rw,noexec,nosuid,nodev,mode=1777,size={16 * 1024**2}"
        return self.client.create_host_config(
            mounts=[_mount(str(m.source), m.target, m.read_only) for m in launch.mounts],
            network_mode=launch.network,
            init=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            read_only=True,
            tmpfs={"/tmp": tmp, "/run": small, "/var/tmp": small},
            pids_limit=limits.pids,
            mem_limit=limits.memory_bytes,
            memswap_limit=limits.memory_bytes,
            nano_cpus=int(limits.cpus * 1e9),
            log_config=LogConfig(type="none"),
            restart_policy={"Name": "no"},
            oom_score_adj=FIRST_TO_KILL,
            cgroupns="private",
        )

    def _remove(self, container_id: str) -> None:
        with translated(self.engine), _gone_is_fine():
            self.client.remove_container(container_id, force=True, v=True)


def _name_of(row: dict[str, Any]) -> str:
    # one that is being removed has no name any more
    return str(next(iter(row["Names"] or ()), "")).removeprefix("/")


def _mount(source: str, target: str, read_only: bool) -> Mount:
    return Mount(target=target, source=source, type="bind", read_only=read_only, propagation="rprivate")


@contextlib.contextmanager
def _gone_is_fine() -> Iterator[None]:
    try:
        yield
    except EngineNotFound:
        return
    except APIError as error:
        # 409: not running, or its removal is under way
        if error.status_code != 409 and not _is_podmans(error, "can only kill running containers"):
            raise


def _is_podmans(error: APIError, words: str) -> bool:
    """Podman before 4.4 says 500 to what Docker calls a conflict."""
    return bool(error.status_code == 500 and words in str(error.explanation))


def _require_sources(launch: ContainerLaunch) -> None:
    """Podman makes a folder where the source of a mount is missing, on the person's machine."""
    for mount in launch.mounts:
        if not os.path.lexists(mount.source):
            raise EngineFailed(f"{mount.source} is not there, and the container needs it", "was it moved or deleted?")


def knock(engine: str) -> None:
    """Raises OSError when nobody listens at a Unix socket; when the SDK finds that out, it leaves its socket open."""
    if engine.startswith("unix://"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(engine.removeprefix("unix://"))


@contextlib.contextmanager
def translated(engine: str) -> Iterator[None]:
    """Foreign errors become ours, once."""
    try:
        yield
    except APIError as error:
        _api_versions.pop(engine, None)
        said = clean_line(str(error.explanation or error), 300)
        raise EngineFailed(f"the engine refused: {said}", "see what is wrong with: sc doctor") from error
    except (DockerException, requests.exceptions.RequestException, OSError) as error:
        hanging = "timed out" in str(error).lower()
        what = "does not answer" if hanging else "cannot be reached"
        message = f"the container engine at {engine} {what}"
        raise EngineUnavailable(message, "see what is wrong with: sc doctor") from error
