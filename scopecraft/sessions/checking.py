"""Checks: the commands by which a person sees whether a mission's work is good, run in its worktree.

In a container as set-up commands have it: an agent's image, walls and network, none of its keys, and nothing that is
committed there is kept. While an agent's container is at work on the worktree, the check joins it, as `sc exec` does.
Each run leaves a record and its output in the mission's folder: see `missions/check_record.py`.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from scopecraft.config.projects import load_projects, project_named
from scopecraft.config.secrets import Secrets, read_secrets_file
from scopecraft.errors import AlreadyRunning, LockHeld, NotFound, Refused, ScopecraftError, StorageFailed
from scopecraft.missions.check_record import Execution, executions_of, interrupted, output_file, save_execution
from scopecraft.missions.folder import folder_of
from scopecraft.missions.planner import current_step
from scopecraft.missions.recipe import load_workflow
from scopecraft.missions.trash import refuse_half_removed
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.mission import Mission
from scopecraft.model.naming import slug_of
from scopecraft.model.workflow import QuickCommand
from scopecraft.sessions.clean_up import remove_tree
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import repository_of
from scopecraft.sessions.present_mission import refuse_frozen
from scopecraft.sessions.set_up import Hear, Work, commands_held, nobody
from scopecraft.sessions.setup_container import CANCELLED
from scopecraft.sessions.setup_log import SetupLog

_ID_NAME = 40


def _never() -> bool:
    return False


def _unheard() -> None:
    """Nobody waits for it."""


@dataclass(frozen=True, slots=True)
class CheckRun:
    """How a check is to run. `hear` gets each line of output, made safe to show; `should_end` is asked now and then.

    `seconds` is the time limit, None for the setting `checks.timeout`. `id` is that of the record: who answers before
    the check is over has one made by `new_execution_id`, and hears by `recorded` when it can be found.
    """

    hear: Hear = nobody
    recorded: Callable[[], None] = _unheard
    seconds: float | None = None
    should_end: Callable[[], bool] = _never
    id: str | None = None


def checks_of(context: Context, mission: Mission) -> list[QuickCommand]:
    """What can be checked: the commands of the step that the mission stands at, then of its others, each name once.

    Where its workflow names none, those of the settings.
    """
    steps = load_workflow(folder_of(context.home, mission)).steps
    nearest = [*steps[mission.current_step :], *reversed(steps[: mission.current_step])]
    found: dict[str, QuickCommand] = {}
    for step in nearest:
        for command in step.quick_commands:
            found.setdefault(command.name, command)
    return list(found.values()) or [QuickCommand(*pair) for pair in context.settings.checks.commands.items()]


def checks_named(context: Context, mission: Mission, names: Sequence[str]) -> list[QuickCommand]:
    """Those by these names, in their order; without any, those that the mission's step has, else all there are.

    Raises NotFound where there is none, naming how to add one.
    """
    known = checks_of(context, mission)
    if not known:
        raise NotFound(
            f"there is no check for {mission.slug}", "add one: sc config set checks.commands.test 'make test'"
        )
    if not names:
        return _of_step(context, mission) or known
    by_name = {check.name: check for check in known}
    unknown = next((name for name in names if name not in by_name), None)
    if unknown is not None:
        raise NotFound(f"no check of {mission.slug} is called {unknown!r}", f"there are: {', '.join(by_name)}")
    return [by_name[name] for name in dict.fromkeys(names)]


def _of_step(context: Context, mission: Mission) -> list[QuickCommand]:
    step = current_step(mission, load_workflow(folder_of(context.home, mission)))
    return list(step.quick_commands) if step else []


def new_execution_id(check: QuickCommand) -> str:
    """Sorts by time; a file's name."""
    name = slug_of(check.name)[:_ID_NAME].strip("-") or "check"
    return f"{clock.now():%Y%m%dT%H%M%S}-{os.urandom(3).hex()}-{name}"


def run_check(context: Context, mission: Mission, check: QuickCommand, how: CheckRun) -> Execution:
    """Its record once it is over: passed, failed, or ended at its limit or on request.

    On the host where the check says so: whoever calls has asked the person, since an agent wrote what runs. Raises
    Refused for a mission that is frozen or works on the host, AlreadyRunning beside another command of the worktree,
    NotFound without a worktree, and what a container start raises; then the record says so.
    """
    refuse_frozen(mission)
    refuse_half_removed(context.home, mission)
    if not Path(mission.worktree).is_dir():
        raise NotFound(
            f"the worktree of {mission.slug} is not there",
            f"its next step makes it: sc mission continue {mission.slug}",
        )
    folder = folder_of(context.home, mission)
    with _held(folder, mission):
        _end_interrupted(folder)
        begun = Execution(
            id=how.id or new_execution_id(check),
            name=check.name,
            command=check.command,
            status="running",
            started_at=clock.to_text(clock.now()),
            where=check.where,
        )
        save_execution(folder, begun)
        how.recorded()
        return _run(context, mission, folder, begun, how)


def executions(context: Context, mission: Mission) -> list[Execution]:
    """All that were run, the oldest first; what nobody runs any more is said to be interrupted."""
    folder = folder_of(context.home, mission)
    found = executions_of(folder)
    if any(each.status == "running" for each in found) and not mission.is_frozen:
        with contextlib.suppress(LockHeld, StorageFailed), commands_held(folder, timeout=0):
            _end_interrupted(folder)
            return executions_of(folder)
    return found


def _run(context: Context, mission: Mission, folder: Path, begun: Execution, how: CheckRun) -> Execution:
    since = time.monotonic()
    ended = interrupted(begun, begun.started_at)
    try:
        ended = _judged(context, begun, how, _carried_out(context, mission, folder, begun, how))
    except ScopecraftError as error:
        ended = replace(begun, status="failed", error=CANCELLED if how.should_end() else error.message)
        if not how.should_end():
            raise
    finally:
        remove_tree(folder / "setup")  # the command's home
        ended = replace(ended, finished_at=clock.to_text(clock.now()))
        save_execution(folder, ended)
        _tell(context, mission, ended, time.monotonic() - since)
    return ended


def _judged(context: Context, begun: Execution, how: CheckRun, code: int | None) -> Execution:
    if code is not None:
        return replace(begun, status="failed" if code else "completed", exit_code=code)
    limit = how.seconds or context.settings.checks.timeout
    return replace(begun, status="failed", error=CANCELLED if how.should_end() else f"took longer than {limit:g} s")


def _carried_out(context: Context, mission: Mission, folder: Path, begun: Execution, how: CheckRun) -> int | None:
    """Its exit code; None where it was ended."""
    with SetupLog(output_file(folder, begun.id), how.hear, Secrets(read_secrets_file(context.home))) as output:
        output.begin(begun.command)
        code = _executed(context, mission, begun, how, output.feed)
        output.finish(code)
    return code


def _executed(
    context: Context, mission: Mission, begun: Execution, how: CheckRun, feed: Callable[[bytes], None]
) -> int | None:
    work = Work(
        kind="check",
        commands=(begun.command,),
        mission=mission,
        repository=repository_of(project_named(load_projects(context.home), mission.project)),
        session_id=None,
        hear=how.hear,
        seconds=max(1, math.ceil(how.seconds or context.settings.checks.timeout)),
        should_end=how.should_end,
    )
    if begun.where == "host":
        from scopecraft.sessions.setup_host import run_on_this_machine

        return run_on_this_machine(context, work, begun.command, feed)
    from scopecraft.sessions.check_inside import joined_session, run_inside

    session = joined_session(context, mission)
    if session is not None:
        return run_inside(context, work, session, feed)
    from scopecraft.sessions.setup_container import run_in_container

    return run_in_container(context, work, begun.command, feed)


@contextlib.contextmanager
def _held(folder: Path, mission: Mission) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(commands_held(folder))
        except LockHeld as error:
            raise AlreadyRunning(
                f"another check or set-up of {mission.slug} is at work", "wait for it, or end it where it was begun"
            ) from error
        except StorageFailed as error:
            if folder.is_dir():
                raise
            raise Refused(f"{mission.slug} was moved meanwhile", f"see how it is: sc show {mission.slug}") from error
        yield


def _end_interrupted(folder: Path) -> None:
    """The caller holds what every check holds, so whoever ran these is not there any more."""
    for each in executions_of(folder):
        if each.status == "running":
            save_execution(folder, interrupted(each, clock.to_text(clock.now())))


def _tell(context: Context, mission: Mission, ended: Execution, seconds: float) -> None:
    data: dict[str, str | int | float | bool | None] = {
        "id": ended.id,
        "name": ended.name,
        "exit_code": ended.exit_code,
        "seconds": round(seconds, 1),
        "where": ended.where,
        "error": ended.error or None,
    }
    context.store.append(Event(0, clock.to_text(clock.now()), "check_ran", mission.id, data=data))
