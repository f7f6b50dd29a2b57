"""What becomes of a task of the earlier Scopecraft, told in its file: a line of its Log, and its status.

A line names its session, so that telling the same again changes nothing, whoever was killed on the way.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from scopecraft.atomic import replace_file
from scopecraft.config.projects import load_projects, project_named
from scopecraft.errors import NotFound, ScopecraftError, StateUnreadable
from scopecraft.missions.advance import VISIT_STEP
from scopecraft.missions.folder import folder_of, read_mission, require_folder
from scopecraft.missions.task_files import FOLDER, TaskPlace, find_task
from scopecraft.missions.task_text import front_status, log_lines, with_log, with_status
from scopecraft.missions.task_writing import change_task
from scopecraft.model import clock
from scopecraft.model.event import Alert
from scopecraft.model.mission import Mission, MissionStatus
from scopecraft.model.session import Outcome, Session
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.decided import Decided
from scopecraft.sessions.places import repository_of

LINK = "task.json"  # in the mission's folder: the file below .tasks that it carries out
BEGUN = "in_progress"
_STATUS: dict[MissionStatus, str] = {
    "draft": "todo",
    "ready": "todo",
    "waiting_human": "reviewing",
    "waiting_code_review": "reviewing",
    "running_code_agent": BEGUN,
    "running_root_llm": BEGUN,
    "failed": "blocked",
    "completed": "done",
}
_LONGEST_LINE = 300


def link_task(context: Context, mission: Mission, path: str) -> None:
    """From now on what becomes of the mission is told in that file below `.tasks`. Raises StorageFailed."""
    document = json.dumps({"version": 1, "task_file": path}, indent=2).encode() + b"\n"
    replace_file(folder_of(context.home, mission) / LINK, document)


def linked_task(folder: Path) -> TaskPlace | None:
    """Of the mission in the folder; None where it carries out no such task, or nobody can read which."""
    try:
        path = json.loads((folder / LINK).read_bytes())["task_file"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return TaskPlace(path) if isinstance(path, str) else None


def tell_begun(context: Context, session: Session) -> None:
    """That the session works at its mission's task, if that has a file. What cannot be told is an alert."""
    where = "in a window" if session.mode == "dispatch" else "in a container"
    entry = f"started {session.id}: {session.agent} {where}"
    at = clock.to_text(clock.now())
    for alert in _tell(context, session, entry, at, lambda text, _: with_status(text, BEGUN)):
        from scopecraft.sessions.settle import raise_alert  # which tells of ends by this module

        raise_alert(context, session, alert)


def tell_task(context: Context, session: Session, decided: Decided) -> tuple[Alert, ...]:
    """How the session ended. A status that somebody else has set meanwhile stays."""

    def moved(text: str, mission: Mission) -> str:
        return with_status(text, _STATUS[mission.status]) if front_status(text) == BEGUN else text

    return _tell(context, session, ended_entry(session.id, decided), decided.status.ended_at, moved)


def tell_done(context: Context, mission_id: str) -> None:
    """That the mission is complete. Where its task's file cannot be told, `sc archive` says why, when it tells it."""
    with suppress(ScopecraftError, OSError):
        folder = require_folder(context.home, mission_id)
        place = linked_task(folder)
        if place is not None:
            checkout, place = found_task(context, read_mission(folder), place)
            change_task(checkout, place, lambda text: with_status(text, "done"))


def ended_entry(session_id: str, decided: Decided) -> str:
    """`ended r-…: completed; 2 commits; $0.12`."""
    commits = [event.data.get("commits") for event in decided.events if event.kind == "commits_taken"]
    count = next((number for number in commits if isinstance(number, int)), 0)
    cost = decided.summary.get("cost_usd")
    words = [_outcome(decided.status.outcome), f"{count} commit{'' if count == 1 else 's'}"]
    if isinstance(cost, int | float):
        words.append(f"${cost:.2f}")
    return f"ended {session_id}: {'; '.join(words)}"


def _outcome(outcome: Outcome) -> str:
    kind = outcome.kind.replace("_", " ")
    reason = getattr(outcome, "reason", "")
    return f"{kind}: {clean_line(str(reason), _LONGEST_LINE)}" if reason else kind


def _tell(
    context: Context, session: Session, entry: str, at: str, moved: Callable[[str, Mission], str]
) -> tuple[Alert, ...]:
    if session.step_id == VISIT_STEP:
        return ()
    try:
        folder = require_folder(context.home, session.mission_id)
        place = linked_task(folder)
        if place is None:
            return ()
        mission = read_mission(folder)
        mark = f": {entry.partition(':')[0]}:"

        def told(text: str) -> str:
            if any(mark in line for line in log_lines(text)):
                return text
            return with_log(moved(text, mission), [f"- {_stamp(at)}: {entry}"])

        change_task(*found_task(context, mission, place), told)
    except (StateUnreadable, FileNotFoundError):
        return ()  # the mission itself; settling tells of that
    except (ScopecraftError, OSError) as error:
        return (_untold(error),)
    return ()


def found_task(context: Context, mission: Mission, place: TaskPlace) -> tuple[Path, TaskPlace]:
    """The checkout, and where the task stands in it now: a person may have moved it from `backlog` to `current`.

    Raises NotFound.
    """
    repository = repository_of(project_named(load_projects(context.home), mission.project))
    if repository.main_worktree is None:
        raise NotFound(f"{mission.project} has no checkout any more", "write it there yourself")
    checkout = repository.main_worktree
    if (checkout / FOLDER / place.path).exists():
        return checkout, place
    again = find_task(checkout, place.id)
    return checkout, again or place


def _stamp(at: str) -> str:
    """As the earlier Scopecraft writes times: of the person's own clock."""
    return clock.from_text(at).astimezone().strftime("%Y-%m-%d %H:%M")


def _untold(error: Exception) -> Alert:
    return Alert("task_untold", f"its file in .tasks could not be told: {error}")
