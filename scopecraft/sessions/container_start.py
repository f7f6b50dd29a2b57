"""Starting an autonomous session: refuse what cannot work, then mission, record, files, container, in that order."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from scopecraft.atomic import storage_failed
from scopecraft.errors import ScopecraftError
from scopecraft.executors.launcher import LAUNCHER_ARGV, LauncherFiles, give_to, write_launcher
from scopecraft.missions.folder import folder_of
from scopecraft.model.launch import AgentCommand, ContainerLaunch, Limits, Mount
from scopecraft.model.mission import Mission
from scopecraft.model.naming import check_title
from scopecraft.model.session import Session
from scopecraft.sessions.adoption import start_in_place
from scopecraft.sessions.agent_choice import (
    Chosen,
    Place,
    agent_request,
    choose_agent,
    choose_image,
    refuse_agent,
    require_program,
)
from scopecraft.sessions.beginning import Beginning, begin, came_up, take_what_is_late
from scopecraft.sessions.caches import cache_environment, lay_out_caches
from scopecraft.sessions.container_launch import (
    AGENT_HOME,
    Box,
    container_launch,
    labels_of,
    limits_of,
    session_mounts,
)
from scopecraft.sessions.context import Context
from scopecraft.sessions.conversation_moves import lay_out_conversation
from scopecraft.sessions.held_open import held_open
from scopecraft.sessions.image_programs import require_git_lfs
from scopecraft.sessions.kept_artifacts import ARTIFACTS, kept_mounts
from scopecraft.sessions.mission_environment import mission_environment
from scopecraft.sessions.mission_start import ReadyMission, mission_for
from scopecraft.sessions.places import within_project_of
from scopecraft.sessions.request import StartRequest, Visitor
from scopecraft.sessions.set_up import set_up_if_due
from scopecraft.sessions.settle_facts import SettleFacts, boot_id, save_facts, uptime
from scopecraft.worktrees.pointer import verify_pointer
from scopecraft.worktrees.private import HARVEST_COMMAND, PrivateRequest, make_private
from scopecraft.worktrees.refusal import Needs, refuse_unsupported
from scopecraft.worktrees.repository import Repository, resolve_base

CONFIG_FOLDER = f"{AGENT_HOME}/config"
HOOKS_FOLDER = "/session/hooks"  # mounted by itself: the agent cannot put a link in its place
WINDOW_SECONDS = 7 * 24 * 3600  # a person sits there, or comes back tomorrow; only a forgotten one ends by it


def start_container(context: Context, request: StartRequest) -> Session:
    """A running autonomous session. What is refused leaves nothing behind; what fails later is recorded as failed."""
    context, chosen, image = choose_container(context, request)
    with (
        room_for(context, request, image) as (ready, room),
        begin(context, request, chosen, ready, "container") as beginning,
    ):
        if set_up_if_due(context, beginning):
            room = replace(room, needs=None)  # it may have changed the worktree
        with laid_out(context, beginning, room) as launch:
            beginning.take_turn()
            return came_up(context, beginning.session, start_in_place(context, launch))


@contextlib.contextmanager
def room_for(context: Context, request: StartRequest, image: str) -> Iterator[tuple[ReadyMission, Room]]:
    """The mission of the request, held, and what a container of it is made of. Raises what a container cannot carry."""
    with mission_for(context, request) as ready:
        take_what_is_late(context, ready.mission)
        pointer = verify_pointer(ready.worktree, ready.repository.common_dir)
        needs = refuse_unsupported(ready.repository, ready.worktree, pointer)
        if needs.uses_git_lfs:
            require_git_lfs(context, image)
        yield ready, Room(image, pointer, needs=needs)


def choose_container(context: Context, request: StartRequest) -> tuple[Context, Chosen, str]:
    """The context with its project's settings, the agent, the image. Raises what speaks against it; makes nothing."""
    check_title(request.task)
    context = within_project_of(context, request)
    chosen = choose_agent(context, request.agent)
    if request.visitor is None:
        refuse_agent(context, chosen, request)
    image = choose_image(context, chosen)
    if request.visitor is None:
        require_program(context, chosen, image)
    return context, chosen, image


@dataclass(frozen=True, slots=True)
class Room:
    """What a session's container is made of, beside the session."""

    image: str
    pointer: bytes  # the worktree's own
    window: str = ""  # the tmux server's socket, for an agent that gets the terminal of a window
    needs: Needs | None = None  # of its private git directory, where they are known at this moment


@contextlib.contextmanager
def laid_out(context: Context, beginning: Beginning, room: Room) -> Iterator[ContainerLaunch]:
    """Files, private git directory and facts are written; what is left to do is to start this.

    A half-done merge or rebase that it takes over goes back where it was if the block fails.
    """
    session = beginning.session
    # who only reads has nothing to go on with there
    is_writer = session.workspace == "codegen"
    half_done = _half_done(context, session, beginning.ready.repository) if is_writer else None
    with _given_back(half_done, beginning.folder.path / "git"):
        yield _lay_out(context, beginning, room, half_done)


@contextlib.contextmanager
def _given_back(half_done: Path | None, taken_over: Path) -> Iterator[None]:
    """A start that fails must not take a half-done merge or rebase down with it."""
    try:
        yield
    except (ScopecraftError, OSError, KeyboardInterrupt):
        if half_done is not None and taken_over.is_dir() and not half_done.exists():
            with contextlib.suppress(OSError):
                taken_over.rename(half_done)
        raise


def _lay_out(context: Context, beginning: Beginning, room: Room, half_done: Path | None) -> ContainerLaunch:
    ready, folder, session = beginning.ready, beginning.folder, beginning.session
    owner = ready.worktree.stat()
    user = (owner.st_uid, owner.st_gid)
    settings = context.settings.container
    limits = limits_of(settings, session.timeout_seconds or (WINDOW_SECONDS if room.window else None))
    private = make_private(
        ready.repository,
        PrivateRequest(
            worktree=ready.worktree,
            pointer=room.pointer,
            branch=session.branch,
            mission_id=session.mission_id,
            session_folder=folder.path,
            owner=user,
            store=context.home.objects,
            told=beginning.request.on_note,
            resume_from=half_done,
            needs=room.needs,
        ),
    )
    is_root = context.containers.user_inside(user)[0] == 0
    caches = lay_out_caches(context, folder.path, user)
    _write_files(context, beginning, limits, user, as_root=is_root)
    facts = SettleFacts(
        image=room.image,
        user=user,
        limits=limits,
        private=private.facts.to_dict(),
        private_mounts=private.mounts,
        where=context.containers.engine,
        window=room.window,
        boot_id=boot_id(),
        began_uptime=uptime(),
        secret_names=tuple(beginning.chosen.secrets.values),
    )
    save_facts(folder, facts)
    artifacts = folder_of(context.home, ready.mission) / "artifacts"
    only_reads = session.workspace == "document"
    own = (
        *session_mounts(folder, ready.worktree, artifacts, only_reads=only_reads),
        *kept_mounts(context, ready.mission, beginning.request.step, user[0]),
    )
    if room.window:
        own += (Mount(folder.hooks, HOOKS_FOLDER, read_only=False),)
    box = Box(
        image=room.image,
        user=user,
        mounts=(*own, *_git_mounts(private.mounts, only_reads=only_reads), *caches),
        labels=labels_of(context.home.label, session),
        network=settings.network,
        limits=limits,
    )
    return container_launch(session, box, LAUNCHER_ARGV)


def _git_mounts(mounts: tuple[Mount, ...], *, only_reads: bool) -> tuple[Mount, ...]:
    """Who may not change the worktree may not commit either."""
    return tuple(replace(mount, read_only=True) for mount in mounts) if only_reads else mounts


def _half_done(context: Context, session: Session, repository: Repository) -> Path | None:
    """The private git directory of the session before, when that ended in the middle of a merge or rebase.

    Only while the branch is where that session left it: a person who went on without the agent has settled the matter.
    """
    events = context.store.events(mission_id=session.mission_id)
    taken = next((event for event in reversed(events) if event.kind == "commits_taken"), None)
    if taken is None or not taken.data.get("in_progress") or taken.session_id is None:
        return None
    if resolve_base(repository, f"refs/heads/{session.branch}").commit != taken.data.get("tip"):
        return None
    folder = context.folder(taken.session_id).path / "git"
    return folder if folder.is_dir() else None


def _write_files(
    context: Context, beginning: Beginning, limits: Limits, user: tuple[int, int], *, as_root: bool
) -> None:
    """`user` is who the files belong to on this machine, `as_root` whether that is root inside."""
    folder = beginning.folder
    lay_out_conversation(context, beginning.request, folder.agent)
    command = _command(beginning.chosen, beginning.request, beginning.session, as_root=as_root)
    for place, contents in ((folder.agent / "config", command.config_files), (folder.hooks, command.session_files)):
        for name, content in contents.items():
            _write_file(place / name, content)
    files = LauncherFiles(
        command=command,
        limits=limits,
        workdir=beginning.session.worktree,
        environment={
            **_told(beginning.ready.mission, beginning.session),
            **cache_environment(context),
            **command.env,
            **beginning.chosen.environment,
        },
        last_act=f"exec {shlex.join(HARVEST_COMMAND)}\n",
        in_terminal=beginning.session.mode == "dispatch",
    )
    write_launcher(folder.path, files)
    if os.getuid() != user[0]:
        theirs = (folder.agent, folder.hooks, folder.out, folder.secrets, folder.inbox.parent, folder.path / "launch")
        for part in (*theirs, folder.stream, folder.stderr):
            give_to(part, user)


def _write_file(file: Path, content: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.write_bytes(content)
    except OSError as error:
        raise storage_failed(error, file) from error


def agent_environment(chosen: Chosen, mission: Mission, session: Session, *, as_root: bool) -> dict[str, str]:
    """What an agent of the mission finds set in its container: for a person who comes in beside it."""
    visitor = Visitor("exec", on_begun=lambda _: None)
    command = _command(chosen, StartRequest(session.task, None, Path(), visitor=visitor), session, as_root=as_root)
    return {**_told(mission, session), **command.env, **chosen.environment}


def _told(mission: Mission, session: Session) -> dict[str, str]:
    return {**mission_environment(mission), "SC_STEP": session.step_id, "SC_ARTIFACTS": ARTIFACTS}


def _command(chosen: Chosen, request: StartRequest, session: Session, *, as_root: bool) -> AgentCommand:
    place = Place(
        program=chosen.settings.command,
        cwd=session.worktree,
        conversation_id=session.conversation_id or "",
        config_folder=CONFIG_FOLDER,
        sandboxed=True,
        as_root=as_root,
    )
    if request.visitor is not None:
        return held_open(chosen.dialect, agent_request(chosen, request, place))
    if session.mode == "dispatch":
        return chosen.dialect.interactive(agent_request(chosen, request, in_window(place)))
    return chosen.dialect.headless(agent_request(chosen, request, place))


def in_window(place: Place) -> Place:
    """The same for an agent with a person before it, who is asked for permissions."""
    return replace(place, sandboxed=False, hooks_folder=HOOKS_FOLDER)
