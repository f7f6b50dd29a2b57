"""Setting up a new worktree before its first agent, and taking that down again: shell commands of the settings.

They come from the repository as often as not, so they run in a container as an agent does, unless a person has
confirmed that they may run on the machine itself.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from scopecraft.atomic import file_lock
from scopecraft.config.projects import load_projects, project_named
from scopecraft.config.secrets import Secrets, read_secrets_file
from scopecraft.errors import Refused, ScopecraftError, SetupFailed
from scopecraft.missions.advance import VISIT_STEP
from scopecraft.missions.finding import require_mission
from scopecraft.missions.folder import folder_by_id, folder_of
from scopecraft.missions.setup_record import SetupRecord, State, is_due, load_record, save_record, worktree_mark
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.mission import Mission
from scopecraft.model.session import Ended, Session
from scopecraft.model.text import clean_line
from scopecraft.sessions.clean_up import remove_tree
from scopecraft.sessions.context import Context
from scopecraft.sessions.host_changes import host_changes
from scopecraft.sessions.places import repository_of
from scopecraft.sessions.project_settings import with_confirmed
from scopecraft.sessions.setup_log import SetupLog
from scopecraft.worktrees.repository import Repository

if TYPE_CHECKING:
    from scopecraft.sessions.beginning import Beginning

LOCK_SECONDS = 5
_MOST_NAMED = 5
Kind = Literal["setup", "teardown", "check"]
Hear = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be run, and where; `hear` gets each line of output, made safe to show.

    `seconds` is the time limit of each command, None for that of the settings. `should_end` is asked now and then.
    """

    kind: Kind
    commands: tuple[str, ...]
    mission: Mission
    repository: Repository
    session_id: str | None
    hear: Hear
    seconds: int | None = None
    should_end: Callable[[], bool] = lambda: False

    @property
    def worktree(self) -> Path:
        return Path(self.mission.worktree)


def nobody(_: str) -> None:
    """Nobody hears what the commands print."""


def set_up_if_due(context: Context, beginning: Beginning) -> bool:
    """For a start: whether anything was due. What runs is the session's, so it takes its turn before.

    Worktrees that a person made themselves are left as they are: `sc setup` is there for them. Raises SetupFailed, and
    what a container start and a turn raise.
    """
    ready, request = beginning.ready, beginning.request
    commands = context.settings.setup.commands
    if not commands or not ready.worktree.is_relative_to(context.home.worktrees):
        return False
    folder = folder_of(context.home, ready.mission)
    mark = worktree_mark(ready.worktree)
    if not is_due(load_record(folder), mark, has_worked=_has_worked(context, beginning.session)):
        return False
    beginning.take_turn()
    if request.should_set_up:
        set_up(
            context, Work("setup", commands, ready.mission, ready.repository, beginning.session.id, request.on_setup)
        )
    elif request.visitor is None:  # a person who only looks decides nothing for the agents to come
        save_record(folder, SetupRecord("skipped", mark, _now()))
    return True


def run_setup(context: Context, mission: Mission, hear: Hear = nobody) -> int:
    """Once more, or for the first time, whatever is recorded: how many commands ran. Raises SetupFailed."""
    commands = context.settings.setup.commands
    if commands:
        set_up(context, Work("setup", commands, mission, _repository(context, mission), None, hear))
    return len(commands)


def run_teardown(context: Context, mission: Mission, hear: Hear = nobody) -> int:
    """Before a worktree is removed: how many commands ran, none where there is no worktree.

    Those of the repository only where they are confirmed already: tidying up waits for no answer. Each ends at its
    time limit. Raises SetupFailed at the first that fails; nothing was removed then.
    """
    if not Path(mission.worktree).is_dir():
        return 0
    project = project_named(load_projects(context.home), mission.project)
    repository = repository_of(project)
    context = with_confirmed(context, (project, repository))
    commands = context.settings.setup.teardown
    if not commands:
        return 0
    if context.settings.setup.run_on == "host":
        _refuse_changed_programs(context, mission, repository)
    with _held(context, mission):
        _run(context, Work("teardown", commands, mission, repository, None, hear))
    return len(commands)


def _refuse_changed_programs(context: Context, mission: Mission, repository: Repository) -> None:
    """What an agent changed must not run here only because its worktree is tidied up."""
    changed = host_changes(context, mission, repository)
    if changed:
        named = ", ".join(clean_line(each.path) for each in changed[:_MOST_NAMED])
        raise Refused(
            f"the teardown commands run on this machine, and {mission.slug} changed what runs here: {named}",
            f"see it: sc diff {mission.slug}   then leave the commands out: --no-teardown",
        )


def set_up(context: Context, work: Work) -> None:
    """Runs the commands and records it; whoever is killed meanwhile leaves a worktree that is set up anew."""
    with _held(context, work.mission), _recorded(context, work):
        _run(context, work)


def discard_set_up(context: Context, mission_id: str) -> None:
    """End what is left of a set-up whose command was killed; one that is at work stays. Never raises."""
    folder = folder_by_id(context.home, mission_id)
    record = load_record(folder) if folder is not None else None
    if folder is None or record is None or record.state != "running" or not record.engine:
        return
    with contextlib.suppress(ScopecraftError), commands_held(folder):
        from scopecraft.sessions.setup_container import end_killed, setup_name

        context.engine_at(record.engine).discard(setup_name(mission_id))
        end_killed(context, record.engine, require_mission(context.home, mission_id, None))


def _run(context: Context, work: Work) -> None:
    began = time.monotonic()
    log = folder_of(context.home, work.mission) / "logs" / f"{work.kind}.log"
    outcome = "failed"
    try:
        with SetupLog(log, work.hear, Secrets(read_secrets_file(context.home))) as output:
            for command in work.commands:
                _run_one(context, work, command, output)
        outcome = "done"
    finally:
        remove_tree(folder_of(context.home, work.mission) / "setup")  # the commands' home
        data: dict[str, str | int | float | bool | None] = {
            "outcome": outcome,
            "commands": len(work.commands),
            "seconds": round(time.monotonic() - began, 1),
            "where": context.settings.setup.run_on,
        }
        kind: Literal["setup_ran", "teardown_ran"] = "setup_ran" if work.kind == "setup" else "teardown_ran"
        context.store.append(Event(0, _now(), kind, work.mission.id, work.session_id, data))


def _run_one(context: Context, work: Work, command: str, output: SetupLog) -> None:
    output.begin(command)
    seconds = context.settings.setup.timeout
    if context.settings.setup.run_on == "host":
        from scopecraft.sessions.setup_host import run_on_this_machine

        code = run_on_this_machine(context, work, command, output.feed)
    else:
        from scopecraft.sessions.setup_container import run_in_container

        code = run_in_container(context, work, command, output.feed)
    output.finish(code)
    if code == 0:
        return
    what = "set-up" if work.kind == "setup" else "teardown"
    how = f"took longer than {seconds} s" if code is None else f"failed with exit code {code}"
    words = output.last_words()
    raise SetupFailed(
        f"the {what} command {how}: {clean_line(command, 200)}" + (f"\n{words}" if words else ""),
        _hint(work, output.path),
    )


def _hint(work: Work, log: Path) -> str:
    task = work.mission.slug
    if work.kind == "teardown":
        return f"all of it: {log}   without: sc rm {task} --no-teardown"
    return f"all of it: {log}   look around: sc exec {task} sh   again: sc setup {task}   without: --no-setup"


@contextlib.contextmanager
def _recorded(context: Context, work: Work) -> Iterator[None]:
    folder = folder_of(context.home, work.mission)
    mark = worktree_mark(work.worktree)
    engine = "" if context.settings.setup.run_on == "host" else context.engine
    save_record(folder, SetupRecord("running", mark, _now(), engine))
    state: State = "failed"
    try:
        yield
        state = "done"
    finally:
        save_record(folder, SetupRecord(state, mark, _now()))


@contextlib.contextmanager
def _held(context: Context, mission: Mission) -> Iterator[None]:
    with commands_held(folder_of(context.home, mission)):
        yield


@contextlib.contextmanager
def commands_held(folder: Path, timeout: float = LOCK_SECONDS) -> Iterator[None]:
    """Against every other set-up, teardown and check of the mission in the folder. Raises LockHeld."""
    with file_lock(folder / "setup.lock", timeout=timeout):
        yield


def _has_worked(context: Context, session: Session) -> bool:
    """Whether an agent of the mission came to life before."""
    others = context.store.sessions(mission_id=session.mission_id)
    return any(
        other.id != session.id
        and other.step_id != VISIT_STEP
        and not (isinstance(other.status, Ended) and other.status.started_at is None)
        for other in others
    )


def _repository(context: Context, mission: Mission) -> Repository:
    return repository_of(project_named(load_projects(context.home), mission.project))


def _now() -> str:
    return clock.to_text(clock.now())
