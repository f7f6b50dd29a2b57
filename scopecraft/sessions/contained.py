"""The container behind a window: an interactive agent's, which lives as long as the window that is its terminal."""

from __future__ import annotations

from dataclasses import replace

from scopecraft.errors import EngineFailed, EngineUnavailable, StateUnreadable
from scopecraft.executors.engine_look import silence_of
from scopecraft.model.handle import Alive, ContainerHandle, Exited, Gone, Look, Unknown
from scopecraft.model.session import Session
from scopecraft.sessions.context import Context
from scopecraft.sessions.folder import launcher_exit
from scopecraft.sessions.settle_facts import load_facts

GRACE_SECONDS = 10
HARVEST_ROOM_SECONDS = 60  # after the agent's own grace the launcher still reads out the commits


def has_both(session: Session) -> bool:
    """Whether its agent has a window and a container."""
    return session.executor == "tmux" and session.is_contained


def container_of(context: Context, session: Session) -> ContainerHandle | None:
    """None where the engine has none. Raises EngineUnavailable within two seconds, and EngineFailed."""
    address = engine_address(context, session)
    silence = silence_of(address)
    if silence is not None:
        raise EngineUnavailable(silence, "see what is wrong with: sc doctor")
    return context.engine_at(address).adopt(session.id)


def engine_address(context: Context, session: Session) -> str:
    try:
        return load_facts(context.folder(session.id)).where or context.engine
    except StateUnreadable:
        return context.engine


def stop_container(context: Context, session: Session, *, now: bool = False) -> None:
    """Politely, with its commits read out inside, or at once; that there is none is fine."""
    handle = container_of(context, session)
    if handle is not None:
        grace = own_grace(context, session) + HARVEST_ROOM_SECONDS
        context.engine_of(handle).stop(handle, grace_seconds=0 if now else grace)


def own_grace(context: Context, session: Session) -> int:
    """Seconds between its polite and its hard signal."""
    try:
        limits = load_facts(context.folder(session.id)).limits
    except StateUnreadable:
        return GRACE_SECONDS
    return limits.stop_grace_seconds if limits else GRACE_SECONDS


def behind(context: Context, session: Session, window: Look) -> Look:
    """How such a session is, from how its window is: where that is over, its container is ended, and says how.

    Unknown while the engine does not answer: an agent may be at work there still.
    """
    if not isinstance(window, Exited | Gone):
        return window
    try:
        handle = container_of(context, session)
        if handle is None:
            return window
        engine = context.engine_of(handle)
        if isinstance(engine.look(handle), Alive):
            stop_container(context, session)
        look = engine.look(handle)
    except (EngineUnavailable, EngineFailed) as error:
        return Unknown(error.message)
    if not isinstance(look, Exited):
        return look if isinstance(look, Unknown) else window
    return seen_together(window, look, launcher_exit(context.folder(session.id))[1])


def seen_together(window: Exited | Gone, container: Exited, reason: str | None) -> Look:
    """What both say of the end; `reason` is the launcher's. Pure.

    An agent that was told to end when its window went away has not ended by itself.
    """
    if isinstance(window, Gone) and reason in ("stopped", None):
        return window
    if isinstance(window, Exited) and reason == "stopped" and window.exit_code != container.exit_code:
        return Gone("what its window ran was ended")
    return replace(container, last_lines=window.last_lines if isinstance(window, Exited) else ())
