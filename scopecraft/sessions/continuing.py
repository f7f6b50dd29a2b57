"""Sessions that follow another one: the request for a new attempt, or for one more prompt in the same conversation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from scopecraft.agents.base import dialect_of_record
from scopecraft.agents.keeping import keeping_of
from scopecraft.errors import NotFound, Refused, StateUnreadable
from scopecraft.missions.advance import VISIT_STEP
from scopecraft.missions.finding import require_mission
from scopecraft.missions.folder import folder_of
from scopecraft.model.mission import Mission
from scopecraft.model.naming import slug_of
from scopecraft.model.session import Origin, Queued, Session, is_live
from scopecraft.sessions.context import Context
from scopecraft.sessions.conversation import learn_conversation
from scopecraft.sessions.folder import read_untrusted
from scopecraft.sessions.kept_request import load_request
from scopecraft.sessions.request import LONGEST_PROMPT_BYTES, Continuation, StartRequest

GO_ON = "Go on with the task."


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What a person wants to be different this time; None: as it was."""

    prompt: str | None = None
    agent: str | None = None
    model: str | None = None


def retry_request(context: Context, session: Session, otherwise: Otherwise) -> StartRequest:
    """The session's own request once more, for a conversation that is new; see `began`. Refused while it lives."""
    _refuse_visit(session)
    if is_live(session.status):
        raise Refused(f"{session.id} is {session.status.kind}", f"end it first: sc stop {session.id}")
    request = _request_again(context, session, "retry")
    changed = replace(
        request,
        prompt=request.prompt if otherwise.prompt is None else otherwise.prompt,
        model=otherwise.model or request.model,
    )
    if otherwise.agent in (None, session.agent):
        return changed
    # what was said to the one agent means nothing to another
    return replace(changed, agent=otherwise.agent, model=otherwise.model, arguments=())


def began(context: Context, session: Session) -> Session:
    """The session that began this one's conversation: what came later in it makes no sense by itself."""
    seen: set[str] = set()
    while session.origin in ("resume", "takeover", "handback") and session.follows and session.id not in seen:
        seen.add(session.id)
        session = context.store.get(session.follows) or session
    return session


def resume_request(context: Context, session: Session, prompt: str | None) -> StartRequest:
    """The same conversation with one more prompt; None where a person will type it.

    Raises Refused for a session that lives, or whose agent cannot go on.
    """
    _refuse_visit(session)
    _refuse_call(session)
    if is_live(session.status):
        raise Refused(f"{session.id} is {session.status.kind}", _instead(session))
    return follow_request(context, session, "resume", prompt)


def follow_request(context: Context, session: Session, origin: Origin, prompt: str | None) -> StartRequest:
    """Of a session that goes on with the conversation of this one. Raises Refused where that cannot be."""
    conversation_id = conversation_of(context, session)
    is_window = origin == "takeover" or (origin == "resume" and session.mode == "dispatch")
    return replace(
        _request_again(context, session, origin),
        prompt=prompt,
        continues=Continuation(session.id, origin, conversation_id),
        is_new=origin != "handback",
        timeout_seconds=None if is_window else _time_limit(context, session),
    )


def conversation_of(context: Context, session: Session) -> str:
    """The id of its conversation, which its agent can go on with. Raises Refused."""
    _refuse_visit(session)
    _refuse_call(session)
    dialect = dialect_of_record(session.dialect)
    if keeping_of(dialect) is None:
        raise Refused(f"{session.agent} cannot go on with a conversation", f"begin a new one: sc retry {session.id}")
    if session.conversation_id is None and not isinstance(session.status, Queued):
        from scopecraft.sessions.deciding import read_activity  # much to import, and seldom needed

        learn_conversation(context, session, read_activity(context, session).conversation_id)
        session = context.store.get(session.id) or session
    if session.conversation_id is None:
        raise Refused(f"{session.id} has no conversation", f"begin a new one: sc retry {session.id}")
    return session.conversation_id


def _time_limit(context: Context, session: Session) -> int | None:
    """That of the session, or of the autonomous one that a window came from: nobody times a person."""
    while session.mode == "dispatch" and session.follows:
        before = context.store.get(session.follows)
        if before is None:
            break
        session = before
    return session.timeout_seconds if session.mode == "autonomous" else None


def mission_of(context: Context, session: Session) -> Mission:
    """Raises NotFound where it is gone."""
    try:
        return require_mission(context.home, session.mission_id, None)
    except NotFound as error:
        raise NotFound(f"the mission of {session.id} ({session.task}) is not there any more", error.hint) from error


def refuse_waiting(session: Session) -> None:
    """One that stands in line has said nothing yet that could be gone on with. Raises Refused."""
    if isinstance(session.status, Queued):
        raise Refused(
            f"{session.task} waits in the queue: it has not begun",
            f"see its place: sc queue   take it out: sc queue remove {session.id}",
        )


def _instead(session: Session) -> str:
    if isinstance(session.status, Queued):
        return f"it waits for its turn: sc show {session.id}"
    return f"say it now: sc send {session.id} TEXT"


def _refuse_visit(session: Session) -> None:
    if session.step_id == VISIT_STEP:
        raise Refused(f"{session.id} was a visit of yours, and no agent's", f"go there again: sc exec {session.task}")


def _refuse_call(session: Session) -> None:
    if session.executor == "process":
        raise Refused(
            f"{session.id} is a call of a model, and no conversation", f"ask once more: sc retry {session.id}"
        )


def _request_again(context: Context, session: Session, origin: Origin) -> StartRequest:
    """As it was asked for then; what only a new mission can take is left out, where there is one to go on with."""
    kept = load_request(context.folder(session.id).path)
    if kept is not None and origin == "retry" and not session.branch:
        return replace(kept, agent=session.agent, project=session.project)  # it never began: nothing of it was made
    mission = mission_of(context, session)
    if kept is None:
        kept = StartRequest(
            task=session.task,
            prompt=_raw_input(context, mission),
            cwd=Path("/"),
            model=session.model,
            timeout_seconds=session.timeout_seconds,
        )
    return replace(
        kept,
        task=mission.slug if slug_of(mission.title) else mission.title,
        agent=session.agent,
        project=session.project,
        base=None,
        type=None,
        start_from=None,
        is_task_given=True,
        is_new=True,
        step=replace(kept.step, run_id=None) if kept.step else None,
        continues=Continuation(session.id, origin),
    )


def _raw_input(context: Context, mission: Mission) -> str | None:
    """What the mission was made for. An agent could have put something else in its place: no link is followed."""
    file = folder_of(context.home, mission) / "artifacts" / "raw-input.md"
    read = read_untrusted(file, LONGEST_PROMPT_BYTES)
    if read is None:
        raise StateUnreadable(f"{file} cannot be read", "say what to do: sc retry SESSION -m TEXT")
    return read.decode("utf-8", "replace") or None
