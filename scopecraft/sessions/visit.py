"""A visit: a person's shell or command in a mission's container, as its agent sees it.

It joins the container of a session that lives there. Else it gets one of its own, which is a session of the mission
like any other, but no step of it: what is committed there comes back to the branch, and the mission stays where it is.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scopecraft.atomic import file_lock, replace_file, storage_failed
from scopecraft.errors import AlreadyRunning, Refused
from scopecraft.executors.launcher import assignments
from scopecraft.missions.advance import VISIT_STEP
from scopecraft.missions.finding import find_mission, require_mission
from scopecraft.model import clock
from scopecraft.model.handle import ContainerHandle
from scopecraft.model.mission import Mission
from scopecraft.model.naming import check_title
from scopecraft.model.session import Session, handle_of, is_live
from scopecraft.sessions.agent_choice import choose_agent
from scopecraft.sessions.caches import cache_environment
from scopecraft.sessions.contained import container_of, has_both
from scopecraft.sessions.container_start import agent_environment, start_container
from scopecraft.sessions.context import Context
from scopecraft.sessions.folder import SessionFolder
from scopecraft.sessions.places import project_here, within_project_of
from scopecraft.sessions.request import StartRequest, Visitor
from scopecraft.sessions.settle import settle
from scopecraft.sessions.settle_facts import load_facts
from scopecraft.sessions.visiting import GONE, LEFT, RECORD_BYTES, visitor_lock

if TYPE_CHECKING:
    from scopecraft.executors.container_exec import ContainerExec

LEAVE_SECONDS = 150  # for the commits to be read out inside


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a command may run now; `is_own` says that the container was started for this visit."""

    context: Context
    mission: Mission
    session: Session
    handle: ContainerHandle
    is_own: bool

    @property
    def folder(self) -> SessionFolder:
        return self.context.folder(self.session.id)

    def command(self, argv: tuple[str, ...], *, terminal: bool) -> ContainerExec:
        """The command, running. Raises EngineFailed, EngineUnavailable and StorageFailed."""
        from scopecraft.executors.container_exec import ContainerExec, ExecRequest, reading

        mark = secrets.token_hex(8)
        user = load_facts(self.folder).user
        inside = self._write_environment(f"visit-{mark}.env", user)
        kind = self.context.environ.get("TERM", "xterm") if terminal else None
        request = ExecRequest(
            argv=reading(inside, argv),
            cwd=self.session.worktree,
            user=user,
            env={} if kind is None else {"TERM": kind},
            mark=mark,
            terminal=terminal,
        )
        return ContainerExec(self.context.engine_of(self.handle), self.handle, request)

    def recorder(self) -> Callable[[bytes], None] | None:
        """Keeps what a visit's own container shows, so much of it as one may read; an agent's stream stays its own."""
        if not self.is_own:
            return None
        stream, left = self.folder.stream, RECORD_BYTES

        def record(data: bytes) -> None:
            nonlocal left
            if left <= 0:
                return
            with contextlib.suppress(OSError), stream.open("ab", buffering=0) as file:
                file.write(data[:left])
            left -= len(data)

        return record

    def _write_environment(self, name: str, user: tuple[int, int]) -> str:
        """In a file that the command's shell reads and removes; its path inside."""
        chosen = choose_agent(self.context, None if self.session.step_id == VISIT_STEP else self.session.agent)
        is_root = self.context.engine_of(self.handle).user_inside(user)[0] == 0
        caches = cache_environment(self.context) if (self.folder.path / "caches").is_dir() else {}
        values = caches | agent_environment(chosen, self.mission, self.session, as_root=is_root)
        file = self.folder.secrets / name
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                if os.getuid() != user[0]:
                    os.fchown(descriptor, *user)  # by the descriptor: the name is in a folder that an agent may write
                stream.write(assignments(values).encode("utf-8", "surrogateescape"))
        except OSError as error:
            raise storage_failed(error, file) from error
        return f"/session/secrets/{name}"


@contextlib.contextmanager
def visit(context: Context, name: str, request: StartRequest) -> Iterator[Visit]:
    """Joined or started; one that was started is ended and settled when the block ends.

    `name` is "shell" or "exec". A task that fits no mission makes one, as any start does. Raises what a start raises,
    and Refused where an agent works in the worktree outside any container.
    """
    check_title(request.task)
    context = within_project_of(context, request)
    project, _ = project_here(context, request.cwd, request.project)
    mission = find_mission(context.home, request.task, project.name, partial=False)
    lived = _living(context, mission) if mission is not None else None
    if mission is not None and lived is not None:
        yield Visit(context, mission, lived, container_to_join(context, lived), is_own=False)
        return
    with contextlib.ExitStack() as stack:
        visitor = Visitor(name, on_begun=lambda begun: _hold(stack, context, begun))
        session = start_container(context, replace(request, visitor=visitor))
        stack.callback(leave, context, session, GONE)  # unless it was left before, with its own code
        mission = require_mission(context.home, session.mission_id, None)
        yield Visit(context, mission, session, container_to_join(context, session), is_own=True)


def leave(context: Context, session: Session, code: int) -> Session:
    """End a visit's own container: its commits are taken, its outcome is the command's exit code. Idempotent."""
    session = settle(context, session.id)
    handle = handle_of(session.status)
    if not isinstance(handle, ContainerHandle):
        return session
    left = context.folder(session.id).path / "launch" / LEFT
    if not left.exists():
        replace_file(left, f"{code}\n".encode(), mode=0o644)
    engine = context.engine_of(handle)
    if engine.wait(handle, LEAVE_SECONDS) is None:
        context.store.request_stop(session.id, clock.to_text(clock.now()), "sc exec")
        engine.stop(handle, grace_seconds=0)
    return settle(context, session.id)


def _living(context: Context, mission: Mission) -> Session | None:
    session = context.store.latest_of(mission.id)
    if session is None or not is_live(session.status):
        return None
    session = settle(context, session.id)
    return session if is_live(session.status) else None


def container_to_join(context: Context, session: Session) -> ContainerHandle:
    """That of a session that lives. Raises AlreadyRunning while it is being made, Refused where there is none."""
    handle = handle_of(session.status)
    if handle is not None and has_both(session):
        handle = container_of(context, session) or handle
    if handle is None:
        raise AlreadyRunning(f"{session.id} is still being started by another command", "try again in a moment")
    if session.executor == "process":
        raise Refused(
            f"a model is asked for {session.task} just now, in no container: {session.id}",
            f'go to the worktree itself: cd "$(sc path {session.task})"   or end it first: sc stop {session.task}',
        )
    if not isinstance(handle, ContainerHandle):
        raise Refused(
            f"an agent works on {session.task} on this machine, in no container: {session.id}",
            f'go to the worktree itself: cd "$(sc path {session.task})"   or end it first: sc stop {session.task}',
        )
    return handle


def _hold(stack: contextlib.ExitStack, context: Context, session: Session) -> None:
    """As long as this is held, somebody is there; a visit that nobody holds is ended by whoever sees it."""
    stack.enter_context(file_lock(visitor_lock(context.folder(session.id)), timeout=10))
