"""Sessions whose agent has a window, without a mission's whole start: the record, and a program in tmux."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from scopecraft.config.paths import Home
from scopecraft.executors.tmux import TmuxExecutor
from scopecraft.model.handle import WindowHandle
from scopecraft.model.launch import WindowLaunch
from scopecraft.model.mission import Mission
from scopecraft.model.session import Running, Session
from scopecraft.sessions.context import Context
from scopecraft.sessions.settle import settle
from scopecraft.state.store import Store
from tests.support.served import Served
from tests.support.sessions import AT, running
from tests.support.standing_missions import a_run, stand
from tests.support.tmux import end_servers


@dataclass
class Windows:
    """Of one tmux server, below `folder`."""

    home: Home
    folder: Path
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def executor(self) -> TmuxExecutor:
        return TmuxExecutor(self.folder / "s")

    def open(
        self, argv: list[str], slug: str = "fix-login", conversation: str | None = None
    ) -> tuple[Mission, Session, WindowHandle]:
        mission = stand(self.home, slug, phases={"research": "running"})
        name = f"{next(self._numbers)}"
        with Store.open(self.home.root) as store:
            where = {"executor": "tmux", "mode": "dispatch", "is_contained": False, "conversation_id": conversation}
            session = a_run(store, mission, "research", **where)
            launch = WindowLaunch(
                session_id=session.id,
                window_name=slug,
                argv=tuple(argv),
                env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
                unset=(),
                cwd=str(self.folder),
                folder=self.folder / name / "launch",
            )
            handle = self.executor.start(launch)
            moved = store.move(session.id, Running(AT, handle), "session_started", AT)
            assert moved is not None
        return mission, moved, handle

    def alone(self, slug: str) -> Mission:
        """A mission whose agent works on its own, as far as the record goes."""
        mission = stand(self.home, slug, phases={"research": "running"})
        with Store.open(self.home.root) as store:
            session = a_run(store, mission, "research")
            store.move(session.id, running(), "session_started", AT)
        return mission

    def idle(self, slug: str) -> Mission:
        return stand(self.home, slug)

    def settle(self, mission: Mission) -> None:
        """As a supervisor would that looks at what lives."""
        context = Context.of(os.environ)
        for session in context.store.live_of(mission.id):
            settle(context, session.id)

    def close(self) -> None:
        end_servers(self.folder)


class Watcher:
    """A program that speaks as a browser's terminal does; it shows, and so acknowledges, what it is told to read."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.screen = bytearray()
        self.told: list[dict[str, Any]] = []

    def say(self, **message: Any) -> None:
        self.connection.send(json.dumps(message))

    def type(self, text: str | bytes) -> None:
        self.connection.send(text.encode() if isinstance(text, str) else text)

    def read(self, seconds: float = 10) -> None:
        """One more message, whatever it is."""
        message = self.connection.recv(seconds)
        if isinstance(message, bytes):
            self.screen += message
            with contextlib.suppress(ConnectionClosed):  # the server may have gone after its last words
                self.say(ack=len(message))
        else:
            self.told.append(json.loads(message))

    def until_shown(self, text: bytes | str) -> None:
        wanted = text.encode() if isinstance(text, str) else text
        while wanted not in self.screen:
            self.read()

    def until_told(self, **wanted: Any) -> dict[str, Any]:
        """The first message of that kind that says all of this; those before it are forgotten."""
        [(kind, parts)] = wanted.items()
        passed: list[dict[str, Any]] = []
        try:
            while True:
                while self.told:
                    passed.append(self.told.pop(0))
                    said = passed[-1].get(kind)
                    if said is not None and all(said.get(name) == value for name, value in parts.items()):
                        return dict(said)
                self.read()
        except ConnectionClosed as error:
            raise AssertionError(f"no {wanted} but {passed}") from error


@contextlib.contextmanager
def watching(house: Served, session_id: str, *, name: str = "watcher", **headers: str) -> Iterator[Watcher]:
    """As a program that shows the token."""
    address = urlsplit(house.address)
    token = str(house.client.headers["Authorization"])
    with connect(
        f"ws://{address.netloc}/ws/terminal/{session_id}",
        additional_headers={"Authorization": token, **headers},
        user_agent_header=f"{name}/1",
        max_size=None,
    ) as connection:
        yield Watcher(connection)
