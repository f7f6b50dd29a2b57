"""A conversation on its way from one session to the next: never two writers, and never fewer words than before."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scopecraft.agents.base import dialect_of_record
from scopecraft.agents.keeping import Keeping, keeping_of
from scopecraft.atomic import file_lock, private_folder, replace_file, storage_failed
from scopecraft.errors import AlreadyRunning, LockHeld, Refused
from scopecraft.model.session import Session, is_live
from scopecraft.sessions.context import Context
from scopecraft.sessions.conversation_files import Part, chunks_of, copy_part, has_conversation, parts_in
from scopecraft.sessions.request import StartRequest

OTHERS_SECONDS = 5.0
MOST_ON_HOST_BYTES = 256 * 1024**2  # of one file, which is compared as a whole with what the person has


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a conversation is: in the agent's own folder of this session."""

    session: Session
    keeping: Keeping
    folder: Path


@contextlib.contextmanager
def conversation_held(context: Context, conversation_id: str, seconds: float = OTHERS_SECONDS) -> Iterator[None]:
    """Against every other command that would go on with it. Raises LockHeld after that time."""
    locks = context.home.worktrees / ".locks"
    private_folder(locks)
    name = hashlib.sha256(f"\0conversation\0{conversation_id}".encode()).hexdigest()[:16]
    try:
        with file_lock(locks / name, timeout=seconds):
            yield
    except LockHeld as error:
        raise LockHeld("another command is at this conversation just now", "see what became of it: sc ls") from error


def refuse_writers(context: Context, conversation_id: str, *, but: str | None = None) -> None:
    """Raises AlreadyRunning while another session than `but` lives that has the conversation."""
    for other in context.store.live():
        if other.conversation_id == conversation_id and other.id != but and is_live(other.status):
            raise AlreadyRunning(
                f"{other.id} is {other.status.kind} with this conversation",
                f"go to it: sc attach {other.id}   or end it: sc stop {other.id}",
            )


def find_kept(context: Context, session: Session, conversation_id: str) -> Kept:
    """Where the conversation went on last. Raises Refused when nothing of it is there any more."""
    for other in _holders(context, session, conversation_id):
        keeping = keeping_of(dialect_of_record(other.dialect))
        if keeping is None:
            continue
        folder = context.folder(other.id).agent / keeping.below
        if has_conversation(folder, keeping.own, conversation_id):
            return Kept(other, keeping, folder)
    begin = "wait for its first words" if session.mode == "autonomous" else "say something there"
    raise Refused(
        f"{session.id} has no conversation to go on with: nothing was said yet, or its files are gone",
        f"{begin}: sc attach {session.id}" if is_live(session.status) else f"begin a new one: sc retry {session.id}",
    )


def require_conversation(context: Context, session: Session, conversation_id: str) -> None:
    """Raises Refused when nothing of it is there: its files are gone, or nobody has said anything in it."""
    latest = latest_holder(context, session, conversation_id)
    keeping = keeping_of(dialect_of_record(latest.dialect))
    if not latest.is_contained and keeping is not None:
        if not keeping.may_travel or keeping.persons is None:
            return  # nobody can tell
        if next(_persons_parts(context, keeping, conversation_id, latest.worktree), None) is not None:
            return
    find_kept(context, session, conversation_id)


def latest_holder(context: Context, session: Session, conversation_id: str) -> Session:
    """The session that went on with the conversation last."""
    return next(_holders(context, session, conversation_id), session)


def bring_home(context: Context, session: Session, conversation_id: str) -> None:
    """What a window on this machine added comes from the person's own folder into its session's. Idempotent.

    Raises Refused for an agent whose conversations stay where they are.
    """
    keeping = _travelling(session)
    if keeping.persons is None:
        return
    agent = context.folder(session.id).agent
    coming = agent / "coming"
    shutil.rmtree(coming, ignore_errors=True)
    for part in _persons_parts(context, keeping, conversation_id, session.worktree):
        copy_part(part, coming / part.path)
    if not coming.exists():
        return  # the person has removed it: what was before it is still there
    there = agent / keeping.below
    try:
        shutil.rmtree(there, ignore_errors=True)
        coming.rename(there)
    except OSError as error:
        raise storage_failed(error, there) from error


def lay_out_conversation(context: Context, request: StartRequest, agent_folder: Path) -> None:
    """Into the home of an agent that goes on with a conversation in a container; nothing for one that begins.

    Raises Refused when it is gone.
    """
    continues = request.continues
    if continues is None or continues.conversation_id is None:
        return
    before = context.store.get(continues.session_id)
    if before is None:
        raise Refused(f"the session {continues.session_id} is gone", f"begin anew: sc run {request.task}")
    kept = find_kept(context, before, continues.conversation_id)
    if kept.session.id != latest_holder(context, before, continues.conversation_id).id:
        request.on_note(f"the conversation goes on from where {kept.session.id} left it: what came later is gone")
    patterns = (*kept.keeping.own, *kept.keeping.shared)
    for part in parts_in(kept.folder, patterns, continues.conversation_id):
        copy_part(part, agent_folder / kept.keeping.below / part.path)


def put_on_host(context: Context, request: StartRequest, worktree: str) -> None:
    """Into the person's own folder, for a window on this machine; says what was put there.

    What is there already and longer stays as it is. Raises Refused where the two are not the same any more.
    """
    for part, target, is_first in _on_host(context, request, worktree):
        lacking = _lacking(part, target, is_first=is_first)
        if lacking is not None:
            private_folder(target.parent)
            replace_file(target, lacking)
            request.on_note(f"copied to {target}")


def refuse_on_host(context: Context, request: StartRequest, worktree: str) -> None:
    """Raises what `put_on_host` would; puts nothing anywhere."""
    for part, target, is_first in _on_host(context, request, worktree):
        _lacking(part, target, is_first=is_first)


def refuse_to_travel(session: Session) -> None:
    """Raises Refused for an agent whose conversations stay where they are."""
    _travelling(session)


def _holders(context: Context, session: Session, conversation_id: str) -> Iterator[Session]:
    """Sessions that have had the conversation and came to life, the latest first."""
    for other in context.store.sessions(mission_id=session.mission_id):
        if other.conversation_id == conversation_id and getattr(other.status, "started_at", None) is not None:
            yield other


def _travelling(session: Session) -> Keeping:
    keeping = keeping_of(dialect_of_record(session.dialect))
    if keeping is None or not keeping.may_travel:
        raise Refused(
            f"a conversation of {session.agent} cannot move between a container and this machine",
            f"go on where it was: sc resume {session.id}",
        )
    return keeping


def _persons_parts(context: Context, keeping: Keeping, conversation_id: str, cwd: str) -> Iterator[Part]:
    """What a person's own folder has of it."""
    if keeping.persons is not None:
        parts = parts_in(keeping.persons(context.environ), keeping.own, conversation_id, is_persons=True)
        yield from _fitting(parts, keeping, cwd)


def _fitting(parts: Iterator[Part], keeping: Keeping, cwd: str) -> Iterator[Part]:
    """Only what stands where the agent itself looks for it: the names are an agent's choice."""
    return (part for part in parts if keeping.fits is None or keeping.fits(part.path, cwd))


def _on_host(context: Context, request: StartRequest, worktree: str) -> Iterator[tuple[Part, Path, bool]]:
    """What goes into the person's own folder, and where; first the conversation itself. Nothing where it is there."""
    continues = request.continues
    if continues is None or continues.conversation_id is None:
        return
    conversation_id = continues.conversation_id
    before = context.store.get(continues.session_id)
    if before is None or not latest_holder(context, before, conversation_id).is_contained:
        return
    kept = find_kept(context, before, conversation_id)
    keeping = _travelling(kept.session)
    if keeping.persons is None:
        return
    home = keeping.persons(context.environ)
    parts = parts_in(kept.folder, keeping.own, conversation_id)
    for number, part in enumerate(_fitting(parts, keeping, worktree)):
        yield part, home / part.path, number == 0


def _lacking(part: Part, target: Path, *, is_first: bool) -> bytes | None:
    """What is to be written; None where that is there, and perhaps more. Raises Refused for what cannot go there."""
    if part.size > MOST_ON_HOST_BYTES:
        raise Refused(f"{part.path} is too long for {target.parent}", "leave --on-host out")
    try:
        ours = b"".join(chunks_of(part))
        theirs = target.read_bytes() if target.exists() else b""
    except OSError as error:
        raise storage_failed(error, target) from error
    if is_first and not ours.startswith(theirs) and not theirs.startswith(ours):
        raise Refused(f"{target} has another end than what is to go on", "move it away, or leave --on-host out")
    is_further = len(ours) > len(theirs) and ours.startswith(theirs)
    return ours if is_further else None
