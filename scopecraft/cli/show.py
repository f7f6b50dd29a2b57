"""`sc show`: all that is known of a task, or of one session."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from scopecraft.cli.artifacts import artifact_rows, artifacts_json, print_artifact
from scopecraft.cli.command import command
from scopecraft.cli.ls import tones_of, word_of
from scopecraft.cli.say import warn
from scopecraft.cli.show_waiting import waiting_rows
from scopecraft.cli.table import print_json, print_lines
from scopecraft.cli.terminal import Tone, has_colour, pad, paint
from scopecraft.errors import BadInput, NotFound, StateUnreadable
from scopecraft.missions.advance import VISIT_STEP, WORK_STEP
from scopecraft.missions.finding import find_mission
from scopecraft.model import clock
from scopecraft.model.duration import duration_text
from scopecraft.model.mission import Mission
from scopecraft.model.mission_words import STATUS_WORDS
from scopecraft.model.session import Ended, Queued, Session, began_at, has_left_line
from scopecraft.model.session_words import going_on_with
from scopecraft.model.text import clean, clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.details import Details, Recorded, details_of, recorded_of
from scopecraft.sessions.look import View, look_at_all
from scopecraft.sessions.places import mission_named, session_named, telling
from scopecraft.sessions.session_json import view_dict

LABEL_CELLS = 12
_TOLD_WAIT_SECONDS = 5  # from asking to the beginning: in line, or for its set-up


@command(
    "show",
    examples=(
        ("sc show fix-login", "the mission and its sessions"),
        ("sc show r-0193", "one session, by a unique piece of its id"),
        ("sc show fix-login --artifact plan.md", "a file that the agent wrote for the mission"),
        ("sc show fix-login --json", "for programs"),
    ),
)
@click.argument("name", metavar="TASK|SESSION")
@click.option("--artifact", metavar="NAME", help="Print this artifact of the task, and nothing else.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--project", help="Of the project by this name, wherever you are.")
def show(name: str, artifact: str | None, as_json: bool, project: str | None) -> None:
    """Show a task with its sessions, or one session: state, branch, what the agent said and used, commits, alerts.

    What an agent said and used is read from its whole stream, so of a task's sessions only the newest of an agent tells
    it; name another to see its own. With --json every session has the same keys, and `activity` is null where it was
    not read.

    Artifacts are files that an agent left for the mission, in /mission/artifacts of its container. One that is printed
    goes out as it is, but for a terminal: there whatever could steer it is written out.
    """
    context = Context.of(os.environ)
    if artifact is not None:
        if as_json:
            raise BadInput("--artifact prints a file, not JSON", "leave --json or --artifact out")
        print_artifact(context, _mission_that_is_there(context, name, project), artifact)
        return
    mission, sessions = _named(context, name, project)
    views = look_at_all(context, sessions)
    for notice in context.store.notices:
        warn(notice)
    told = telling([view.session for view in views])
    known: list[Recorded] = [
        details_of(context, view.session) if view.session is told else recorded_of(context, view.session)
        for view in views
    ]
    if as_json:
        rows = [_session_json(view, each) for view, each in zip(views, known, strict=True)]
        artifacts = artifacts_json(context, mission) if mission else []
        print_json({"mission": asdict(mission) if mission else None, "artifacts": artifacts, "sessions": rows})
        return
    colour = has_colour(sys.stdout)
    lines = _mission_lines(context, mission, colour) if mission else []
    for view, each in zip(views, known, strict=True):
        lines += [*([""] if lines else []), *_session_lines(view, each, colour)]
        lines += _rows(waiting_rows(context, view.session), colour)
    if mission and not views:
        lines += ["", f"no session yet; start one: sc run {clean_line(mission.slug)} -m 'what to do'"]
    print_lines(lines)


def _named(context: Context, name: str, project: str | None) -> tuple[Mission | None, list[Session]]:
    """A task's mission with all its sessions, newest first; or with the one that was named."""
    try:
        mission = mission_named(context, name, Path.cwd(), project)
    except NotFound:
        session = session_named(context, name, Path.cwd(), project)
        return _mission_of(context, session), [session]
    return mission, context.store.sessions(mission_id=mission.id)


def _mission_that_is_there(context: Context, name: str, project: str | None) -> Mission:
    mission, _ = _named(context, name, project)
    if mission is None:
        raise NotFound(f"the mission of {name!r} is not there any more", "see what there is with: sc ls --all")
    return mission


def _mission_of(context: Context, session: Session) -> Mission | None:
    try:
        return find_mission(context.home, session.mission_id, None, partial=False)
    except StateUnreadable as error:
        warn(error.message)  # the session can be shown all the same
        return None


def _session_json(view: View, known: Recorded) -> dict[str, Any]:
    return {
        **view_dict(view),
        "activity": asdict(known.activity) if isinstance(known, Details) else None,
        "alerts": [asdict(alert) for alert in known.alerts],
        "commits": asdict(known.commits) if known.commits else None,
        "stream": str(known.stream) if known.stream else None,
        "screen": list(known.screen),
    }


def _mission_lines(context: Context, mission: Mission, colour: bool) -> list[str]:
    title = clean_line(mission.title)
    rows = [
        ("id", mission.id),
        ("status", STATUS_WORDS[mission.status]),
        ("project", mission.project),
        ("branch", mission.branch),
        ("base", mission.base[:12]),
        ("worktree", mission.worktree),
    ]
    if mission.pull_request is not None:
        rows.append(("pull request", f"{mission.pull_request.number}, at {mission.pull_request.head[:12]}"))
    if mission.errors:
        rows.append(("error", mission.errors[-1]))
    rows += artifact_rows(context, mission)
    return [paint(title, "bold") if colour else title, *_rows(rows, colour)]


def _session_lines(view: View, known: Recorded, colour: bool) -> list[str]:
    session = view.session
    where = " in a container" if session.mode == "dispatch" and session.is_contained else ""
    how = f"{session.mode}{where}, {session.agent}" + (f", {session.model}" if session.model else "")
    step = "" if session.step_id == WORK_STEP else f"{clean_line(session.step_id)}, "
    which = f"{step}attempt {session.attempt}" if session.step_id != VISIT_STEP else "visit"
    head = f"{session.id}  {which}  ({clean_line(how)})"
    state = word_of(view)
    shown = paint(state, *tones_of(view)) if colour else state
    rows = [("state", shown + _reason(view)), *_time_rows(session)]
    if session.follows:
        rows.append(("follows", f"{session.follows}, by {session.origin}"))
    if session.conversation_id and session.dialect != "plain":  # a plain program knows nothing of it
        rows.append(("conversation", session.conversation_id))
    if going_on_with(session):
        rows.append(("go on", going_on_with(session)))
    lines = [paint(head, "bold") if colour else head, *_rows(rows[:1], colour, raw=True), *_rows(rows[1:], colour)]
    if isinstance(known, Details):
        return lines + _detail_lines(known, colour)
    return lines + _rows([*_commit_rows(known), *_alert_rows(known)], colour)


def _time_rows(session: Session) -> list[tuple[str, str]]:
    """The time in line counts for itself: no agent worked then."""
    status, asked = session.status, session.created_at
    if isinstance(status, Queued):
        return [("since", _local(asked))]
    if has_left_line(status):
        return [("asked", _local(asked))]
    began = began_at(session)
    has_begun = not isinstance(status, Ended) or status.started_at is not None
    rows = [("began" if has_begun else "asked", _local(began))]
    if _seconds(asked, began) >= _TOLD_WAIT_SECONDS:
        rows.insert(0, ("asked", _local(asked)))
    if isinstance(status, Ended):
        rows.append(("took", duration_text(_seconds(began, status.ended_at))))
    return rows


def _seconds(before: str, after: str) -> float:
    return (clock.from_text(after) - clock.from_text(before)).total_seconds()


def _local(at: str) -> str:
    """`2026-03-01 14:05:09`, where the person is."""
    return f"{clock.from_text(at).astimezone():%Y-%m-%d %H:%M:%S}"


def _reason(view: View) -> str:
    return f": {clean_line(view.detail)}" if view.detail else ""


def _detail_lines(details: Details, colour: bool) -> list[str]:
    from scopecraft.model.usage_words import usage_text

    activity = details.activity
    rows = []
    if usage_text(activity.usage):
        rows.append(("used", usage_text(activity.usage)))
    if activity.tools:
        calls = "1 call" if activity.tool_calls == 1 else f"{activity.tool_calls} calls"
        rows.append(("tools", f"{calls}: {', '.join(activity.tools)}"))
    rows += _commit_rows(details)
    if activity.damaged_count:
        rows.append(("damaged", f"lines {', '.join(str(number) for number in activity.damaged_lines[:10])}"))
    rows += [("error", error.text) for error in activity.errors[-3:]]
    rows += _alert_rows(details)
    if details.stream is not None and details.stream.exists():
        rows.append(("log", str(details.stream)))
    lines = _rows(rows, colour)
    if activity.last_message:
        lines += ["", *(f"  {line}" for line in clean(activity.last_message.strip()).splitlines()[-20:])]
    if details.screen:
        lines += ["", *(f"  | {line}" for line in details.screen)]
    return lines


def _commit_rows(known: Recorded) -> list[tuple[str, str]]:
    return [("commits", str(known.commits))] if known.commits else []


def _alert_rows(known: Recorded) -> list[tuple[str, str]]:
    return [("alert", alert.text) for alert in known.alerts]


def _rows(rows: list[tuple[str, str]], colour: bool, *, raw: bool = False) -> list[str]:
    """`raw` text is safe already and may carry our own colours."""
    tones: dict[str, tuple[Tone, ...]] = {"error": ("red",), "alert": ("yellow",)}
    lines = []
    for label, text in rows:
        shown = text if raw else clean_line(text)
        name = pad(label, LABEL_CELLS)
        lines.append(f"  {paint(name, *tones.get(label, ('dim',))) if colour else name} {shown}")
    return lines
