"""How every live session is, at the price of one request to the engine and one to tmux. No heavy imports here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from threading import Thread

from scopecraft.errors import ScopecraftError
from scopecraft.executors.engine_look import look_at_containers
from scopecraft.executors.tmux_look import look_at_windows
from scopecraft.model import clock
from scopecraft.model.event import EventKind
from scopecraft.model.handle import Alive, ContainerHandle, Exited, Gone, Look, Unknown, WindowHandle
from scopecraft.model.session import Queued, Running, Session, Status, Waiting, handle_of, is_live
from scopecraft.model.window import WindowView
from scopecraft.sessions.context import Context
from scopecraft.sessions.overdue import must_end


@dataclass(frozen=True, slots=True)
class View:
    """A session and what could be seen of it. `word` is one of starting, running, waiting, idle, ended, unknown."""

    session: Session
    word: str
    detail: str = ""  # for what it waits, why it ended so, why nobody knows; never what the word says already
    since: str | None = None


def look_at_all(context: Context, sessions: list[Session]) -> list[View]:
    """In the order given. What ended unseen is settled first, which may take its time and import more."""
    looks = _looks(context, [session for session in sessions if is_live(session.status)])
    return [_view(context, session, looks.get(session.id)) for session in sessions]


def _looks(context: Context, live: list[Session]) -> dict[str, Look]:
    containers: list[tuple[str, ContainerHandle]] = []
    windows: list[tuple[str, WindowHandle]] = []
    for session in live:
        handle = handle_of(session.status)
        if isinstance(handle, ContainerHandle):
            containers.append((session.id, handle))
        elif isinstance(handle, WindowHandle):
            windows.append((session.id, handle))
    found: dict[str, Look] = {}

    def ask_engine() -> None:
        answers = look_at_containers([handle for _, handle in containers], context.home.label)
        found.update({session_id: look for (session_id, _), look in zip(containers, answers, strict=True)})

    # at the same time: either may take its whole deadline
    asking = Thread(target=ask_engine)
    asking.start()
    seen = look_at_windows(handle for _, handle in windows)
    asking.join()
    return found | {session_id: seen[handle] for session_id, handle in windows}


def _view(context: Context, session: Session, look: Look | None) -> View:
    if not is_live(session.status):
        return ended_view(session)
    if isinstance(session.status, Queued):
        return plain_view(session)
    if isinstance(look, Unknown):
        return View(session, "unknown", look.why)
    if look is None or isinstance(look, Exited | Gone):
        return _settled_view(context, session)
    if session.executor == "container" and must_end(session, context.folder(session.id)):
        return _settled_view(context, session)
    if session.executor == "tmux":
        session, detail = observe(context, session, look)
        return plain_view(session, detail)
    return plain_view(session)


def _settled_view(context: Context, session: Session) -> View:
    """One session that cannot be settled, on a full disk for example, must not hide the others."""
    from scopecraft.sessions.settle import settle

    try:
        # another process that starts or settles it just now is not waited for
        session = settle(context, session.id, wait_seconds=0)
    except ScopecraftError as error:
        return View(session, "unknown", error.message)
    return ended_view(session) if not is_live(session.status) else plain_view(session)


def ended_view(session: Session) -> View:
    from scopecraft.model.session import Ended
    from scopecraft.model.session_words import outcome_detail

    assert isinstance(session.status, Ended)
    return View(session, "ended", outcome_detail(session.status.outcome), session.status.ended_at)


def plain_view(session: Session, detail: str = "") -> View:
    status = session.status
    if isinstance(status, Waiting):
        if status.reason == "idle":
            return View(session, "idle", detail, status.since)
        return View(session, "waiting", f"{status.reason}: {detail}" if detail else status.reason, status.since)
    if isinstance(status, Running):
        return View(session, "running", "", status.started_at)
    return View(session, status.kind, "", session.created_at)


def observe(context: Context, session: Session, look: Look) -> tuple[Session, str]:
    """Move a dispatch session between running and waiting as its agent's own files say; what it asks."""
    if not isinstance(handle_of(session.status), WindowHandle) or not isinstance(look, Alive):
        return session, ""
    from scopecraft.agents.base import dialect_of_record
    from scopecraft.sessions.conversation import learn_conversation

    now = clock.now()
    state = dialect_of_record(session.dialect).window_state(window_view(context, session, now))
    learn_conversation(context, session, state.conversation_id)
    after = status_after(session.status, state.kind, state.reason, state.since or clock.to_text(now))
    if after is None:
        return session, state.detail
    kind: EventKind = "session_waiting" if isinstance(after, Waiting) else "session_resumed"
    detail = _safe(context, session, state.detail)
    data = {"reason": after.reason, "detail": detail} if isinstance(after, Waiting) else {}
    moved = context.store.move(session.id, after, kind, clock.to_text(now), seen=session.status, data=data)
    return moved or context.store.get(session.id) or session, state.detail


def window_view(context: Context, session: Session, now: datetime) -> WindowView:
    """What the session's dialect may look at; for a session with a window."""
    handle = handle_of(session.status)
    assert isinstance(handle, WindowHandle)
    return WindowView(
        hooks_folder=context.folder(session.id).hooks,
        conversation_id=session.conversation_id or "",
        cwd=session.worktree,
        created_at=session.created_at,
        environ=context.environ,
        pane_pid=handle.pane_pid,
        pane_started=handle.pane_started,
        age_seconds=(now - clock.from_text(session.created_at)).total_seconds(),
    )


def _safe(context: Context, session: Session, detail: str) -> str:
    """What is kept of an agent's question, without keys; only paid for when there is one."""
    from scopecraft.sessions.redaction import secrets_of

    return secrets_of(context, session).redact(detail) if detail else detail


def status_after(status: Status, kind: str, reason: str | None, since: str) -> Status | None:
    """The status that an agent's own state calls for; None when it is right already, or nobody can tell. Pure."""
    if not isinstance(status, Running | Waiting) or kind == "unknown":
        return None
    if kind in ("waiting", "idle"):
        wanted = reason if kind == "waiting" and reason in ("permission", "question", "login") else "idle"
        if isinstance(status, Waiting) and status.reason == wanted:
            return None
        return Waiting(status.started_at, status.handle, since, wanted)  # type: ignore[arg-type]
    return Running(status.started_at, status.handle) if isinstance(status, Waiting) else None
