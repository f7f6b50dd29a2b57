"""What nobody needs once it is decided how a session ended: secrets, its container or window, its git directory."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path

from scopecraft.atomic import file_lock
from scopecraft.errors import LockHeld, ScopecraftError
from scopecraft.model.event import Alert
from scopecraft.model.handle import ContainerHandle, Handle, WindowHandle
from scopecraft.model.session import Session, is_live
from scopecraft.sessions.contained import engine_address, has_both
from scopecraft.sessions.container_launch import harvest_name
from scopecraft.sessions.context import Context
from scopecraft.sessions.kept_request import forget_caller

REMOVAL_SECONDS = 120


def clean_up(context: Context, session: Session, handle: Handle | None, *, keep_private: bool) -> tuple[Alert, ...]:
    """Idempotent. What could not be removed is told; a container is tried again when another session ends."""
    remove_secrets(context, session)
    forget_caller(context.folder(session.id).path)
    remove_tree(context.folder(session.id).path / "caches")
    if not keep_private:
        drop_private(context, session)
    try:
        if isinstance(handle, ContainerHandle):
            engine = context.engine_of(handle)
            engine.forget(handle)
            # of one who settled and was killed
            engine.discard(harvest_name(session))
        elif isinstance(handle, WindowHandle):
            window = context.tmux_of(handle)
            # an agent that ignores the hang-up outlives its window
            window.stop(handle, grace_seconds=1)
            window.forget(handle)
        if has_both(session):
            _forget_container(context, session)
    except ScopecraftError as error:
        return (Alert("left_behind", f"what it ran in could not be removed: {error.message}"),)
    return ()


def _forget_container(context: Context, session: Session) -> None:
    """Of an agent that had a window too; what is left of it is found by its name."""
    from scopecraft.executors.container import container_name

    engine = context.engine_at(engine_address(context, session))
    engine.discard(container_name(session.id))
    engine.discard(harvest_name(session))


def remove_secrets(context: Context, session: Session) -> bool:
    """Whether there were any."""
    found = False
    folder = context.folder(session.id).path
    visits = folder.glob("secrets/visit-*.env")  # of commands that did not come to read theirs
    for file in (folder / "secrets/env", folder / "launch/window.env", *visits):
        with contextlib.suppress(OSError):
            file.unlink()
            found = True
    return found


def drop_private(context: Context, session: Session) -> None:
    """The private git directory, what it borrows and what was read out of it, once its commits are taken."""
    folder = context.folder(session.id).path
    for name in ("git", "out/harvest", "objects", "lfs", "modules"):
        remove_tree(folder / name)
    # a session before, whose half-done work this one went on with, was left with what that borrows
    for before in context.store.sessions(mission_id=session.mission_id):
        other = context.folder(before.id).path
        if not is_live(before.status) and not (other / "git").exists() and (other / "objects").exists():
            remove_tree(other / "objects")


def give_back_half_done(context: Context, session: Session) -> None:
    """To the session before: a start that died may have taken over its half-done merge or rebase, and never ran."""
    events = context.store.events(mission_id=session.mission_id)
    taken = next((event for event in reversed(events) if event.kind == "commits_taken"), None)
    if taken is None or taken.session_id is None or not taken.data.get("in_progress"):
        return
    ours, theirs = context.folder(session.id).path / "git", context.folder(taken.session_id).path / "git"
    if ours.is_dir() and not theirs.exists():
        with contextlib.suppress(OSError):
            ours.rename(theirs)


def remove_tree(folder: Path) -> None:
    """What an agent made, however deep and whatever its rights; what cannot be removed stays.

    By the system's own tools: they follow no link and walk by descriptors, while shutil.rmtree recurses, and a
    thousand folders in each other end it with an error that it does not keep to itself.
    """
    for words in (["rm", "-rf"], ["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
        if not os.path.lexists(folder):
            return
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run([*words, "--", str(folder)], check=False, capture_output=True, timeout=REMOVAL_SECONDS)


def sweep_containers(context: Context, engine_address: str, held: Session) -> None:
    """Remove containers of sessions that have ended; of `held` the caller has the lock.

    A command that was killed while the engine made its container leaves one that nobody knew of when the session was
    settled, and an engine that was away could not remove one.
    """
    engine = context.engine_at(engine_address)
    with contextlib.suppress(ScopecraftError):
        for session_id, handle in engine.all_of(context.home.label):
            session = context.store.get(session_id)
            if session is None or is_live(session.status):
                continue
            with contextlib.suppress(LockHeld), contextlib.ExitStack() as stack:
                if session_id != held.id:
                    stack.enter_context(file_lock(context.folder(session_id).lock, timeout=0))
                engine.forget(handle)
