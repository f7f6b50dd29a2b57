"""How every live session is, at the price of one request to the engine and one to tmux. No heavy imports here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from threading import Thread
from typing import Literal

from scopecraft.errors import ScopecraftError
from scopecraft.executors.engine_look import look_at_containers
from scopecraft.executors.tmux_look import look_at_windows
from scopecraft.model import clock
from scopecraft.model.event import EventKind
from scopecraft.model.handle import Alive, ContainerHandle, Exited, Gone, Look, ProcessHandle, Unknown, WindowHandle
from scopecraft.model.session import Queued, Running, Session, Status, Waiting, handle_of, is_live
from scopecraft.model.window import UNKNOWN_STATE, DispatchState, StateSource, WindowView
from scopecraft.sessions.context import Context
from scopecraft.sessions.overdue import must_end

# Who says so: an agent's own files, whoever runs it, or what was written down; `none` where nobody can tell.
Source = StateSource | Literal["stream", "engine", "tmux", "process", "record"]
_RECENT_EVENTS = 10


@dataclass(frozen=True, slots=True)
class View:
    """A session and what could be seen of it.

    `word` is one of queued, starting, running, waiting, idle, ended, unknown.
    """

    session: Session
    word: str
    detail: str = ""  # for what it waits, why it ended so, why nobody knows; never what the word says already
    since: str | None = None
    source: Source = "record"
    place: int = 0  # in the line, 1 is next; 0 for what does not wait there


def look_at_all(context: Context, sessions: list[Session]) -> list[View]:
    """In the order given. What ended unseen is settled first, which may take its time and import more."""
    looks = looks_of(context, [session for session in sessions if is_live(session.status)])
    if not any(isinstance(session.status, Queued) for session in sessions):
        return [_view(context, session, looks.get(session.id)) for session in sessions]
    places = {item.session.id: item.place for item in context.store.line()}
    return [
        queued_view(session, places.get(session.id))
        if isinstance(session.status, Queued)
        else _view(context, session, looks.get(session.id))
        for session in sessions
    ]


def looks_of(context: Context, live: list[Session]) -> dict[str, Look]:
    """By session; nothing for one without a container, a window or process. Within the deadlines of engine and tmux."""
    containers: list[tuple[str, ContainerHandle]] = []
    windows: list[tuple[str, WindowHandle]] = []
    found: dict[str, Look] = {}
    for session in live:
        handle = handle_of(session.status)
        if isinstance(handle, ContainerHandle):
            containers.append((session.id, handle))
        elif isinstance(handle, WindowHandle):
            windows.append((session.id, handle))
        elif isinstance(handle, ProcessHandle):
            found[session.id] = context.processes.look(handle)

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
    if isinstance(look, Unknown):
        return View(session, "unknown", look.why, source="none")
    if look is None or isinstance(look, Exited | Gone):
        return _settled_view(context, session)
    if must_end(session, context.folder(session.id)):
        return _settled_view(context, session)
    if session.executor == "tmux":
        session, state = observe(context, session, look)
        is_told = state.kind != "unknown" and state.source != "none"
        return replace(plain_view(session, state.detail), source=state.source if is_told else "tmux")
    if isinstance(session.status, Waiting):
        return replace(plain_view(session, _asked(context, session)), source="stream")
    return replace(plain_view(session), source="process" if session.executor == "process" else "engine")


def _asked(context: Context, session: Session) -> str:
    """What a container session waits for, as the journal has it."""
    latest = context.store.earlier_events(session_id=session.id, limit=_RECENT_EVENTS)
    if isinstance(session.status, Waiting) and session.status.reason == "limit":
        reached = next((event for event in latest if event.kind == "limit_reached"), None)
        return str(reached.data.get("text") or "") if reached else ""
    waits = next((event for event in latest if event.kind == "session_waiting"), None)
    return str(waits.data.get("detail") or "") if waits else ""


def _settled_view(context: Context, session: Session) -> View:
    """One session that cannot be settled, on a full disk for example, must not hide the others."""
    from scopecraft.sessions.settle import settle

    try:
        # another process that starts or settles it just now is not waited for
        session = settle(context, session.id, wait_seconds=0)
    except ScopecraftError as error:
        return View(session, "unknown", error.message, source="none")
    return ended_view(session) if not is_live(session.status) else plain_view(session)


def ended_view(session: Session) -> View:
    from scopecraft.model.session import Ended, has_left_line
    from scopecraft.model.session_words import end_sentence, outcome_detail

    assert isinstance(session.status, Ended)
    status = session.status
    detail = end_sentence(status) if has_left_line(status) else outcome_detail(status.outcome)
    return View(session, "ended", detail, status.ended_at)


def queued_view(session: Session, place: int | None) -> View:
    """`place` 1 is the next one; None: it has left the line this moment."""
    assert isinstance(session.status, Queued)
    detail = "" if place is None else "next in line" if place == 1 else f"{ordinal(place)} in line"
    return View(session, "queued", detail, session.status.enqueued_at, place=place or 0)


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `11th`, `23rd`."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def plain_view(session: Session, detail: str = "") -> View:
    status = session.status
    if isinstance(status, Waiting):
        if status.reason == "idle":
            return View(session, "idle", detail, status.since)
        return View(session, "waiting", f"{status.reason}: {detail}" if detail else status.reason, status.since)
    if isinstance(status, Running):
        return View(session, "running", "", status.started_at)
    return View(session, status.kind, "", session.created_at)


def observe(context: Context, session: Session, look: Look) -> tuple[Session, DispatchState]:
    """Move a dispatch session between running and waiting as its agent's own files say; and what these say."""
    if not isinstance(handle_of(session.status), WindowHandle) or not isinstance(look, Alive):
        return session, UNKNOWN_STATE
    from scopecraft.agents.base import dialect_of_record
    from scopecraft.sessions.conversation import learn_conversation

    now = clock.now()
    state = dialect_of_record(session.dialect).window_state(window_view(context, session, now))
    learn_conversation(context, session, state.conversation_id)
    after = status_after(session.status, state.kind, state.reason, state.since or clock.to_text(now))
    if after is None:
        return session, state
    return move_as_said(context, session, after, _safe(context, session, state.detail)), state


def move_as_said(context: Context, session: Session, after: Status, detail: str) -> Session:
    """Between running and waiting, with what it asks; the session as it is then, whoever has moved it meanwhile."""
    kind: EventKind = "session_waiting" if isinstance(after, Waiting) else "session_resumed"
    data = {"reason": after.reason, "detail": detail} if isinstance(after, Waiting) else {}
    at = clock.to_text(clock.now())
    moved = context.store.move(session.id, after, kind, at, seen=session.status, data=data)
    return moved or context.store.get(session.id) or session


def window_view(context: Context, session: Session, now: datetime) -> WindowView:
    """What the session's dialect may look at; for a session with a window."""
    handle = handle_of(session.status)
    assert isinstance(handle, WindowHandle)
    folder = context.folder(session.id)
    is_inside = session.is_contained  # then its process has another number, and a configuration of its own
    return WindowView(
        hooks_folder=folder.hooks,
        conversation_id=session.conversation_id or "",
        cwd=session.worktree,
        created_at=session.created_at,
        environ={} if is_inside else context.environ,
        config_folder=folder.agent / "config" if is_inside else None,
        pane_pid=0 if is_inside else handle.pane_pid,
        pane_started=0 if is_inside else handle.pane_started,
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
        wanted = reason if kind == "waiting" and reason in ("permission", "question", "login", "limit") else "idle"
        if isinstance(status, Waiting) and status.reason == wanted:
            return None
        return Waiting(status.started_at, status.handle, since, wanted)  # type: ignore[arg-type]
    return Running(status.started_at, status.handle) if isinstance(status, Waiting) else None
