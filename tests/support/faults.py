"""Faults done for real, and what must hold after each: `World` and the invariants I1 to I6.

I1 every state file can be read; I2 no session was started twice; I3 whatever has not ended has a container, a window or
a place in the line; I4 nothing runs that the store does not know; I5 the limits held, and who came first began first;
I6 the stream is what the agent wrote.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import pytest

from scopecraft.agents.base import dialect_of_record
from scopecraft.executors.processes import read_process, wait_for
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.queue import QueueRules
from scopecraft.model.session import Completed, Ended, Session, is_live
from scopecraft.sessions.context import Context
from scopecraft.sessions.enqueueing import enqueue
from scopecraft.sessions.orphans import find_orphans, known_in
from scopecraft.sessions.request import StartRequest
from scopecraft.state.store import Store
from scopecraft.streams.activity import ActivityFold
from scopecraft.streams.lines import LineSplitter
from tests.support import played
from tests.support.command_line import PROGRAM
from tests.support.engine_watch import EngineWatch
from tests.support.played import STARTED, Shop
from tests.support.supervisors import Supervisor, answering, started
from tests.support.tmux import tmux
from tests.support.wait import until

BACK_SECONDS = 5.0  # a supervisor that was killed is back within that
RUNS = frozenset({"worktree", "container", "window"})  # orphans that nobody may ever leave behind


@dataclass
class Counts:
    """What was looked at, so that a check that saw nothing does not pass for one."""

    checks: int = 0
    rounds: int = 0  # faults done
    sessions: int = 0
    starts: int = 0  # by the agents' own word
    containers: int = 0  # that were ever made for sessions
    events: int = 0
    adopted: int = 0  # sessions whose starter died, and whose container was taken over
    requeued: int = 0  # the same, and there was none
    stream_bytes: int = 0

    def add(self, more: Counts) -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(more, each.name))

    def __str__(self) -> str:
        return ", ".join(f"{getattr(self, each.name):,} {each.name.replace('_', ' ')}" for each in fields(self))


@dataclass(frozen=True, slots=True)
class Agent:
    """A played agent: it tells that it began, writes known bytes for a while, and ends with its code."""

    lines: int = 20
    pause: float = 0.02  # seconds between two lines
    code: int = 0
    before: str = ""  # a shell command at its very beginning
    after: str = ""

    @property
    def script(self) -> str:
        # neither text nor JSON, and no newline at its end: what is kept must be just that
        line = r"""printf '%s %s \303\274 \377 \001\n' "$SCOPECRAFT_SESSION" "$i" """
        loop = f"i=0; while [ $i -lt {self.lines} ]; do i=$((i+1)); {line}; sleep {self.pause:g}; done"
        steps = [f"{STARTED}", self.before, loop, "printf 'half a line'", self.after, f"exit {self.code}"]
        return "; ".join(step for step in steps if step)

    def writes(self, session_id: str) -> bytes:
        """All that its stream holds when it got to its end."""
        lines = (f"{session_id} {i} ü ".encode() + b"\xff \x01\n" for i in range(1, self.lines + 1))
        return b"".join(lines) + b"half a line"


QUICK = Agent()
ENDLESS = Agent(lines=100_000)
HELD = Agent(before="until [ -e /mission/artifacts/go ]; do sleep 0.1; done")  # see World.release


@dataclass
class World:
    """A home with a line of sessions, a supervisor that comes and goes, and the engine's own word on what it did."""

    shop: Shop
    watch: EngineWatch
    agents: dict[str, Agent] = field(default_factory=dict)  # by session id
    counted: Counts = field(default_factory=Counts)
    _kept: ExitStack = field(default_factory=ExitStack)

    @property
    def environ(self) -> dict[str, str]:
        return dict(os.environ)

    @property
    def context(self) -> Context:
        return Context(self.shop.home, self.environ)

    @contextmanager
    def store(self) -> Iterator[Store]:
        with Store.open(self.shop.home.root) as store:
            yield store

    def rule(self, **changes: Any) -> None:
        """As a person changes the queue's rules: `max_running=1`, `is_paused=True`."""
        with self.store() as store:
            store.queue.change_rules(lambda rules: replace(rules, **changes), clock.to_text(clock.now()), changes)

    def request(self, task: str, agent: Agent = QUICK) -> StartRequest:
        arguments = ("sh", "-c", agent.script)
        return StartRequest(task, "x", self.shop.folder, agent="plain", arguments=arguments)

    def queue(self, task: str, agent: Agent = QUICK) -> str:
        """Into the line, whoever takes it up; the session's id."""
        context = self.context
        with context.store:
            session_id = enqueue(context, self.request(task, agent)).session.id
        self.agents[session_id] = agent
        return session_id

    def supervise(self, **env: str) -> Supervisor:
        """Another supervisor, which answers; ended with the world."""
        supervisor = self.begin(**env)
        answering(supervisor)
        return supervisor

    def begin(self, program: Sequence[str] = (*PROGRAM, "serve"), **env: str) -> Supervisor:
        """The same without waiting for it."""
        supervisor = started(self.shop.home, program, **env)
        self._kept.callback(supervisor.kill)
        return supervisor

    def come_back(self) -> Supervisor:
        """After a fault: a new supervisor, in time."""
        began = time.monotonic()
        supervisor = self.supervise()
        took = time.monotonic() - began
        assert took < BACK_SECONDS, f"the supervisor came back after {took:.1f} s"
        return supervisor

    def sessions(self) -> list[Session]:
        with self.store() as store:
            return store.sessions()

    def get(self, session_id: str) -> Session:
        with self.store() as store:
            session = store.get(session_id)
        assert session is not None
        return session

    def kinds(self, session_id: str) -> list[str]:
        """Of the session's events, in order."""
        with self.store() as store:
            return [event.kind for event in store.events(session_id=session_id)]

    def wait_begun(self, *session_ids: str, seconds: float = 60) -> None:
        """Until their agents are at work."""

        def begun() -> bool:
            return all(session_id in self.shop.started(self.get(session_id).task) for session_id in session_ids)

        until(begun, seconds, every=0.05, what=f"the agents of {session_ids} to begin")

    def release(self, *session_ids: str) -> None:
        """Those that are HELD go on."""
        for session_id in session_ids:
            (artifacts,) = self.shop.home.missions_active.glob(f"{self.get(session_id).mission_id}--*/artifacts")
            (artifacts / "go").touch()

    def wait_ended(self, *session_ids: str, seconds: float = 90) -> list[Session]:
        """Until the supervisor has settled them, all where none is named; nobody else looks."""

        def ended() -> list[Session]:
            found = [each for each in self.sessions() if not session_ids or each.id in session_ids]
            return [] if any(is_live(each.status) for each in found) else found

        try:
            return until(ended, seconds, every=0.05)
        except AssertionError:
            raise AssertionError(f"{session_ids or 'all'} did not end in {seconds} s: {self.described()}") from None

    def described(self) -> str:
        return ", ".join(f"{each.task} {getattr(each.status, 'outcome', each.status.kind)}" for each in self.sessions())

    def outcome(self, session_id: str) -> object:
        status = self.get(session_id).status
        assert isinstance(status, Ended), status
        return status.outcome

    def end_tmux(self) -> None:
        """All windows, as in a crash: first what runs in them, whose number is then free, and then the server."""
        for socket in Path(os.environ["XDG_RUNTIME_DIR"]).glob("scopecraft/*/tmux"):
            server = read_process(int(tmux(socket, "display-message", "-p", "#{pid}")))
            panes = [int(pid) for pid in tmux(socket, "list-panes", "-aF", "#{pane_pid}").split()]
            for pid in panes:
                os.killpg(pid, signal.SIGKILL)  # while one of its group lives, its number is not free
            assert server is not None
            # tmux can miss the end of a child until something else wakes it
            until(
                lambda panes=panes, pid=server.pid: os.kill(pid, signal.SIGCHLD) or not _any_process(panes),
                30,
                what="all to be collected",
            )
            os.kill(server.pid, signal.SIGKILL)
            assert not wait_for({server}, 10)

    def close(self) -> None:
        self._kept.close()


@contextmanager
def opened_world(shop: Shop, engine: str) -> Iterator[World]:
    """`engine` is the address of the shop's."""
    with EngineWatch(engine, shop.home.label) as watch:
        world = World(shop, watch)
        try:
            yield world
        finally:
            world.close()


def cpu_share(process: subprocess.Popen[bytes], seconds: float) -> float:
    """Of one processor, used during that time by a process that lives on."""
    before = _cpu_seconds(process.pid)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(seconds)
    return (_cpu_seconds(process.pid) - before) / seconds


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def check_invariants(world: World, *, rounds: int = 1, completed: bool = False) -> Counts:
    """I1 to I6, of whatever is in the home now; with `completed` every session did its work to its end."""
    played.check_invariants(world.shop)  # I1 to I4
    sessions, events = world.sessions(), _journal(world)
    if completed:
        assert {type(getattr(each.status, "outcome", None)) for each in sessions} == {Completed}, world.described()
    counts = Counts(checks=1, rounds=rounds, sessions=len(sessions), events=len(events))
    counts.starts, counts.containers = _check_starts(world, sessions, completed=completed)
    counts.adopted = sum(bool(event.data.get("adopted")) for event in events)
    counts.requeued = sum(event.kind == "session_requeued" for event in events)
    _check_orphans(world)
    _check_line(events, sessions)
    counts.stream_bytes = sum(_check_stream(world, session) for session in sessions)
    world.counted.add(counts)
    print(f"invariants hold: {counts}")
    return counts


def _any_process(pids: list[int]) -> bool:
    """Zombies too, which keep their number."""
    return any(Path(f"/proc/{pid}").exists() for pid in pids)


def _journal(world: World) -> list[Event]:
    with world.store() as store:
        return store.events()


def _check_starts(world: World, sessions: list[Session], *, completed: bool) -> tuple[int, int]:
    """I2: by the agents' own word, and by the engine's."""
    begun = Counter(word for task in {each.task for each in sessions} for word in world.shop.started(task))
    made, run = world.watch.sessions("create"), world.watch.sessions("start")
    for session_id in {*begun, *run}:
        assert begun[session_id] <= 1, f"the agent of {session_id} began {begun[session_id]} times"
        assert run[session_id] <= 1, f"{session_id} had {run[session_id]} containers"
    if completed:
        assert set(begun) == {each.id for each in sessions}
    return sum(begun.values()), sum(made.values())


def _check_orphans(world: World) -> None:
    """I4 again, as `sc prune` would see it."""
    context = world.context
    with context.store:
        found = find_orphans(context, known_in(context))
    left = [each for each in found if each.kind in RUNS]
    assert not left, left


def _check_line(events: list[Event], sessions: list[Session]) -> None:
    """I5, from the journal alone: never more than may run at a time or wait anew, and first come, first begun."""
    counted = {each.id for each in sessions if each.mode == "autonomous"}
    rules, running, waiting = QueueRules(), set[str](), set[str]()
    accepted, begun = list[str](), dict[str, None]()
    for event in events:
        if event.kind == "queue_changed":
            known = {name: value for name, value in event.data.items() if name in ("max_running", "max_waiting")}
            rules = replace(rules, **known)  # type: ignore[arg-type]
        if event.session_id is None or event.session_id not in counted:
            continue
        match event.kind:
            case "session_created" if event.data.get("status") == "queued":
                waiting.add(event.session_id)
                accepted.append(event.session_id)
                assert len(waiting) <= rules.max_waiting, f"{len(waiting)} waited at {event.seq}"
            case "session_requeued":
                running.discard(event.session_id)
                waiting.add(event.session_id)
            case "session_created" | "session_starting":
                waiting.discard(event.session_id)
                running.add(event.session_id)
                begun[event.session_id] = None
                assert len(running) <= rules.max_running, f"{len(running)} ran at {event.seq}"
            case "session_ended":
                running.discard(event.session_id)
                waiting.discard(event.session_id)
    in_order = [each for each in accepted if each in begun]
    assert [each for each in begun if each in set(accepted)] == in_order, "one that came later began earlier"


def _check_stream(world: World, session: Session) -> int:
    """I6 for one: byte for byte what it wrote, all of it where it got to its end; its size."""
    agent, file = world.agents.get(session.id), world.shop.path(session.id) / "stream.jsonl"
    if agent is None or not file.exists():
        return 0
    stream, whole = file.read_bytes(), agent.writes(session.id)
    assert whole.startswith(stream), f"{session.id} has a gap or a doubled line"
    if isinstance(session.status, Ended) and isinstance(session.status.outcome, Completed):
        assert stream == whole, f"{session.id} lost the end of its stream"
    fold = ActivityFold(dialect_of_record(session.dialect).entries)
    for line in LineSplitter().feed(stream):  # of what was read above: a live one has grown since
        fold.feed(line)
    assert fold.state.activity.offset == stream.rfind(b"\n") + 1
    return len(stream)
