"""A check inside the container of an agent that is at work: one more process there, ended with all that it started."""

from __future__ import annotations

import secrets
import select
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from scopecraft.model.mission import Mission
from scopecraft.model.session import Queued, Session, is_live
from scopecraft.sessions.caches import cache_environment
from scopecraft.sessions.context import Context
from scopecraft.sessions.mission_environment import mission_environment
from scopecraft.sessions.set_up import Work
from scopecraft.sessions.settle import settle
from scopecraft.sessions.settle_facts import load_facts
from scopecraft.sessions.visit import container_to_join

if TYPE_CHECKING:
    from scopecraft.executors.container_exec import ContainerExec

LOOK_SECONDS = 0.3


def joined_session(context: Context, mission: Mission) -> Session | None:
    """The session that writes in the mission's worktree just now; one that only reads there leaves it to others."""
    for session in context.store.live_of(mission.id):
        if isinstance(session.status, Queued) or session.workspace == "document" or session.executor == "process":
            continue
        session = settle(context, session.id)
        if is_live(session.status):
            return session
    return None


def run_inside(context: Context, work: Work, session: Session, feed: Callable[[bytes], None]) -> int | None:
    """The exit code of the work's one command; None when it was ended at its time limit, or asked to.

    It is told nothing that is secret. Raises AlreadyRunning while the container is being made, Refused where the agent
    works on the host, EngineFailed and EngineUnavailable.
    """
    from scopecraft.executors.container_exec import ContainerExec, ExecRequest

    handle = container_to_join(context, session)
    folder = context.folder(session.id)
    caches = cache_environment(context) if (folder.path / "caches").is_dir() else {}
    request = ExecRequest(
        argv=("/bin/sh", "-c", 'exec /bin/sh -e -c "$1" 2>&1', "sh", work.commands[0]),
        cwd=session.worktree,
        user=load_facts(folder).user,
        env={**caches, **mission_environment(work.mission)},
        mark=secrets.token_hex(8),
        terminal=False,
        stdin=False,
    )
    process = ContainerExec(context.engine_of(handle), handle, request)
    is_over = False
    try:
        is_over = _followed(process, work, feed)
        return process.exit_code() if is_over else None
    finally:
        if is_over:
            process.close()
        else:
            process.end()


def _followed(process: ContainerExec, work: Work, feed: Callable[[bytes], None]) -> bool:
    """Whether it came to its own end."""
    deadline = time.monotonic() + (work.seconds or 0)
    poll = select.poll()
    poll.register(process, select.POLLIN)
    while time.monotonic() < deadline and not work.should_end():
        if not process.has_early and not poll.poll(LOOK_SECONDS * 1000):
            continue
        parts = process.receive()
        if parts is None:
            return True
        for _, data in parts:
            feed(data)
    return False
