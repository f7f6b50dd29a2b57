"""Sessions with played agents, started as a person does, and what must hold after whatever happened to them."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker import DockerClient
from docker.errors import DockerException
from docker.models.containers import Container

from scopecraft.config.paths import Home
from scopecraft.model.event import Event
from scopecraft.model.session import Queued, Session, handle_of, is_live
from scopecraft.state.store import Store
from tests.support.command_line import PROGRAM, Said, environment, sc
from tests.support.repos import git, make_repository
from tests.support.tmux import tmux
from tests.support.wait import until

# appended to by the agent itself: how often it was started is no matter of what anybody recorded
STARTED = 'echo "$SCOPECRAFT_SESSION" >>/mission/artifacts/started'
COMMIT = 'echo "$SCOPECRAFT_SESSION" >>work.txt && git add work.txt && git commit -qm "$SCOPECRAFT_SESSION"'
LINES = 300
WORK = f"{STARTED} && {COMMIT} && seq 1 {LINES}"
HANG = "sleep 600 & wait"


@dataclass(frozen=True, slots=True)
class Shop:
    """A linked repository in a fresh home, and an engine."""

    folder: Path
    engine: DockerClient

    @property
    def home(self) -> Home:
        return Home(Path(os.environ["SCOPECRAFT_HOME"]).resolve())

    def sc(self, *arguments: str, **env: str) -> Said:
        return sc(*arguments, cwd=self.folder, **env)

    def run(self, task: str, script: str, *options: str) -> Said:
        """`sc run`, detached unless told otherwise by `--follow`."""
        how = [option for option in options if option != "--follow"]
        detached = [] if "--follow" in options else ["--detach"]
        return self.sc("run", task, "--agent", "plain", "-m", "x", *detached, *how, "--", "sh", "-c", script)

    def dispatch(self, task: str, script: str) -> Said:
        return self.sc("dispatch", task, "--agent", "plain", "--", "sh", "-c", script)

    def begin(self, *arguments: str, heard: bool = False) -> subprocess.Popen[bytes]:
        """`sc` left to itself; what it says is thrown away unless it is to be `heard`."""
        output = subprocess.PIPE if heard else subprocess.DEVNULL
        return subprocess.Popen(
            [*PROGRAM, *arguments],
            cwd=self.folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )

    def begin_run(self, task: str, script: str, *options: str, heard: bool = False) -> subprocess.Popen[bytes]:
        command = ("--", "sh", "-c", script)
        return self.begin("run", task, "--agent", "plain", "-m", "x", *options, *command, heard=heard)

    def rows(self) -> list[dict[str, Any]]:
        said = self.sc("ls", "--all", "--json")
        assert said.code == 0, said.err
        found: list[dict[str, Any]] = json.loads(said.out)
        return found

    def row(self, task: str) -> dict[str, Any]:
        """The task's latest session as `sc ls` sees it, which settles it."""
        session = self.session(task)
        return next(row for row in self.rows() if row["id"] == session.id)

    def outcome(self, task: str) -> dict[str, Any]:
        row = self.row(task)
        assert row["state"] == "ended", row
        found: dict[str, Any] = row["status"]["outcome"]
        return found

    def sessions(self) -> list[Session]:
        with Store.open(self.home.root) as store:
            return store.sessions()

    def session(self, task: str) -> Session:
        """Its latest, as the store has it; nothing is settled."""
        return next(session for session in self.sessions() if session.task == task)

    def events(self, session_id: str, kind: str | None = None) -> list[Event]:
        with Store.open(self.home.root) as store:
            return [event for event in store.events(session_id=session_id) if kind in (None, event.kind)]

    def alerts(self, session_id: str) -> list[str]:
        return [str(event.data["code"]) for event in self.events(session_id, "alert_raised")]

    def path(self, session_id: str) -> Path:
        return self.home.sessions / session_id

    def worktree(self, task: str) -> Path:
        return self.home.worktrees / "shop" / task

    def mission(self, task: str) -> dict[str, Any]:
        (folder,) = self.home.missions_active.glob(f"m-*--{task}")
        found: dict[str, Any] = json.loads((folder / "mission.json").read_text())
        return found

    def containers(self) -> list[Container]:
        """All of this home, harvests too."""
        return self.engine.containers.list(
            all=True, ignore_removed=True, filters={"label": f"scopecraft.home={self.home.label}"}
        )

    def windows(self) -> list[str]:
        """Ids of the sessions whose windows are on our tmux server, dead ones too."""
        sockets = Path(os.environ["XDG_RUNTIME_DIR"]).glob("scopecraft/*/tmux")
        listings = [tmux(socket, "list-panes", "-a", "-F", "#{@scopecraft_session}", check=False) for socket in sockets]
        return [word for listing in listings for word in listing.split()]

    def container(self, session_id: str) -> Container:
        return self.engine.containers.get(f"sc-{session_id}")

    def wait_started(self, task: str) -> Session:
        """Until its agent has begun to work."""
        until(lambda: self.started(task), 60, every=0.1, what="the agent to begin")
        return self.session(task)

    def wait_over(self, session_id: str) -> None:
        """Until its container is, without telling `sc`."""
        until(lambda: self.container(session_id).status == "exited", 60, every=0.1, what="the container to end")

    def started(self, task: str) -> list[str]:
        """Ids of sessions, as often as their agents began."""
        files = self.home.missions_active.parent.glob(f"[ac]*/m-*--{task}/artifacts/started")
        return [word for file in files for word in file.read_text().split() if word.startswith("r-")]

    def commits(self, branch: str) -> list[str]:
        """Subjects of the branch's own commits, newest first: ids of sessions."""
        return git(self.folder, "log", "--format=%s", f"main..{branch}").split()


@contextmanager
def opened_shop(folder: Path, engine: DockerClient) -> Iterator[Shop]:
    """In the test's home; everything that was started in it is ended afterwards."""
    make_repository(folder)
    assert sc("init").code == 0
    assert sc("link", cwd=folder).code == 0
    shop = Shop(folder, engine)
    try:
        yield shop
    finally:
        for container in shop.containers():
            try:
                container.remove(force=True, v=True)
            except DockerException:
                assert container.id not in [other.id for other in shop.containers()]
        for socket in Path(os.environ["XDG_RUNTIME_DIR"]).glob("scopecraft/*/tmux"):
            tmux(socket, "kill-server", check=False)


def all_settled(shop: Shop) -> list[dict[str, Any]]:
    """The rows once nothing lives any more."""

    until(
        lambda: all(row["state"] == "ended" for row in shop.rows()), 90, every=0.2, what="every session to be settled"
    )
    return shop.rows()


def check_invariants(shop: Shop) -> None:
    """I1 to I4 and I6 of whatever is in the home now; every session is expected to be settled or alive."""
    _check_files(shop)
    live = {session.id: session for session in shop.sessions() if is_live(session.status)}
    held = {container.labels["scopecraft.session"] for container in shop.containers()}
    assert held <= set(live), f"containers of sessions that are over: {held - set(live)}"
    with Store.open(shop.home.root) as store:
        waiting = {item.session.id for item in store.line()}
    assert waiting <= set(live)
    for session in live.values():
        if isinstance(session.status, Queued):
            assert session.id in waiting, f"{session.id} is queued, and has no place in the line"
            assert session.id not in held, f"{session.id} is queued, and has a container"
            continue
        assert handle_of(session.status) is not None, f"{session.id} is {session.status.kind} and nobody starts it"
        assert session.executor == "tmux" or session.id in held, f"{session.id} has no container"
    windows = shop.windows()
    assert set(windows) <= set(live), f"windows of sessions that are over: {set(windows) - set(live)}"
    assert len(windows) == len(set(windows)), windows
    started = Counter(word for mission in _missions(shop) for word in shop.started(mission["slug"]))
    assert not [session_id for session_id, times in started.items() if times > 1], started
    _check_ended(shop)
    _check_worktrees(shop)


def _check_ended(shop: Shop) -> None:
    for session in shop.sessions():
        kinds = Counter(event.kind for event in shop.events(session.id))
        assert kinds["session_created"] == 1, (session.id, kinds)
        assert kinds["session_started"] <= 1, (session.id, kinds)
        if is_live(session.status):
            continue
        assert kinds["session_ended"] == 1, (session.id, kinds)
        assert kinds["commits_taken"] <= 1, (session.id, kinds)
        texts = [str(event.data) for event in shop.events(session.id, "alert_raised")]
        assert len(texts) == len(set(texts)), texts
        folder = shop.path(session.id)
        assert not (folder / "secrets" / "env").exists(), session.id
        assert not (folder / "launch" / "window.env").exists(), session.id
        if not {"commits_postponed", "commits_refused"} & set(shop.alerts(session.id)):
            assert not (folder / "git").exists(), session.id


def _check_files(shop: Shop) -> None:
    root = shop.home.root
    for pattern in ("missions/[ac]*/*/*.json", "sessions/*/*.json"):
        for file in root.glob(pattern):
            json.loads(file.read_bytes())
    assert not list(root.rglob("*.damaged-*"))


def _check_worktrees(shop: Shop) -> None:
    known = {mission["worktree"] for mission in _missions(shop)}
    listing = git(shop.folder, "worktree", "list", "--porcelain")
    there = {line.removeprefix("worktree ") for line in listing.split("\n") if line.startswith("worktree ")}
    assert there - {str(shop.folder)} <= known


def _missions(shop: Shop) -> list[dict[str, Any]]:
    return [json.loads(file.read_bytes()) for file in shop.home.missions_active.parent.glob("[ac]*/m-*/mission.json")]


def kill_when(process: subprocess.Popen[bytes], folder: Path, *patterns: str) -> bool:
    """SIGKILL it as soon as one of these is there; False when it had ended before."""
    return kill_once(process, lambda: any(next(folder.glob(pattern), None) for pattern in patterns))


def kill_once(process: subprocess.Popen[bytes], condition: Callable[[], object]) -> bool:
    """The same, for any condition."""
    while process.poll() is None:
        if condition():
            process.kill()
            process.wait()
            return True
    return False


def kill_after(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """SIGKILL it after that time; False when it had ended before."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False


@contextmanager
def measured() -> Iterator[list[float]]:
    """One number once the block is over: the seconds that it took."""
    took: list[float] = []
    began = time.monotonic()
    yield took
    took.append(time.monotonic() - began)
