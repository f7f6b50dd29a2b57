"""A set-up command or a check in a container: an agent's walls, without its keys, and no commit of it comes back."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from scopecraft.atomic import replace_file
from scopecraft.errors import RepositoryRefused, SetupFailed
from scopecraft.executors.launcher import LAUNCHER_ARGV, LauncherFiles, give_to, write_launcher
from scopecraft.missions.folder import folder_of
from scopecraft.model.launch import AgentCommand, ContainerLaunch, Limits, Mount
from scopecraft.model.mission import Mission
from scopecraft.sessions.agent_choice import choose_agent, choose_image
from scopecraft.sessions.caches import cache_environment, lay_out_caches
from scopecraft.sessions.clean_up import remove_tree
from scopecraft.sessions.container_launch import AGENT_HOME, WORKSPACE, limits_of
from scopecraft.sessions.context import Context
from scopecraft.sessions.folder import SessionFolder, launcher_exit
from scopecraft.sessions.mission_environment import mission_environment
from scopecraft.worktrees.alerts import of_nested
from scopecraft.worktrees.facts import trusted_since_ns
from scopecraft.worktrees.nested import clear_nested
from scopecraft.worktrees.pointer import verify_pointer
from scopecraft.worktrees.private import PrivateGit, PrivateRequest, make_private

if TYPE_CHECKING:
    from scopecraft.sessions.set_up import Work

READ_SECONDS = 0.3
READ_BYTES = 1024**2
SLACK_NS = 1_000_000_000
CANCELLED = "it was ended before its time"
ROOM_SECONDS = 60  # beyond the command's own time: a slow start, and its end


def setup_name(mission_id: str) -> str:
    return f"sc-setup-{mission_id}"


def run_in_container(context: Context, work: Work, command: str, hear: Callable[[bytes], None]) -> int | None:
    """Its exit code; None when it was ended at its time limit. Raises what a container start raises, and SetupFailed.

    It sees the worktree, and git as an agent does; what it commits is not kept.
    """
    limits = limits_of(context.settings.container, work.seconds or context.settings.setup.timeout)
    end_killed(context, context.engine, work.mission)
    with _place(context, work) as folder:
        owner = work.worktree.stat()
        user = (owner.st_uid, owner.st_gid)
        private = _private(context, work, folder, user)
        caches = lay_out_caches(context, folder.path, user)
        _write_files(context, work, folder, command, limits)
        if os.getuid() != user[0]:
            parts = (folder.agent, folder.out, folder.secrets, folder.path / "launch", folder.stream, folder.stderr)
            for part in parts:
                give_to(part, user)
        began_ns = folder.stream.stat().st_ctime_ns - SLACK_NS
        mounts = (*_mounts(work, folder), *_git_mounts(work, folder, private), *caches)
        launch = ContainerLaunch(
            session_id=work.session_id or "",
            labels=_labels(context, work),
            image=choose_image(context, choose_agent(context, None)),
            argv=LAUNCHER_ARGV,
            env={"HOME": AGENT_HOME, "LANG": "C.UTF-8"},
            cwd=str(work.worktree),
            user=user,
            mounts=mounts,
            network=context.settings.container.network,
            limits=limits,
        )
        _note_begun(context, work.mission, private, began_ns)
        try:
            code = _follow(context, work, launch, folder, hear)
        finally:
            _clear_nested(context, work.mission, hear)
        return None if launcher_exit(folder)[1] == "timeout" else code


def _follow(
    context: Context, work: Work, launch: ContainerLaunch, folder: SessionFolder, hear: Callable[[bytes], None]
) -> int:
    deadline = time.monotonic() + launch.limits.timeout_seconds + launch.limits.stop_grace_seconds + ROOM_SECONDS
    name = setup_name(work.mission.id)
    with folder.stream.open("rb", buffering=0) as output, context.containers.beside(name, launch) as handle:
        code = None
        while code is None and time.monotonic() < deadline:
            code = context.containers.wait(handle, READ_SECONDS)
            while data := output.read(READ_BYTES):
                hear(data)
            if code is None and work.should_end():
                raise SetupFailed(CANCELLED)
        if code is None:
            raise SetupFailed("the container of the command did not end at its time limit", "see: sc doctor")
    return code


@contextlib.contextmanager
def _place(context: Context, work: Work) -> Iterator[SessionFolder]:
    """A fresh folder for one command; the home that commands have is kept from one to the next."""
    around = folder_of(context.home, work.mission) / "setup"
    folder = SessionFolder(around / "command")
    remove_tree(folder.path)
    folder.make()
    kept = around / "home"
    if not kept.is_dir():
        kept.mkdir(mode=0o700)
    remove_tree(folder.agent)
    kept.rename(folder.agent)
    try:
        yield folder
    finally:
        with contextlib.suppress(OSError):
            folder.agent.rename(kept)
        remove_tree(folder.path)


def _private(context: Context, work: Work, folder: SessionFolder, user: tuple[int, int]) -> PrivateGit | None:
    """None where git cannot be had inside: most commands need none."""
    with contextlib.suppress(RepositoryRefused):
        return make_private(
            work.repository,
            PrivateRequest(
                worktree=work.worktree,
                pointer=verify_pointer(work.worktree, work.repository.common_dir),
                branch=work.mission.branch,
                mission_id=work.mission.id,
                session_folder=folder.path,
                owner=user,
                store=context.home.objects,
            ),
        )
    return None


def _write_files(context: Context, work: Work, folder: SessionFolder, command: str, limits: Limits) -> None:
    # one output, so that both stay in the order of writing
    argv = ("/bin/sh", "-c", 'exec /bin/sh -e -c "$1" 2>&1', "sh", command)
    environment = {**mission_environment(work.mission), **cache_environment(context)}
    files = LauncherFiles(AgentCommand(argv), limits, str(work.worktree), environment, None)
    write_launcher(folder.path, files)


def _mounts(work: Work, folder: SessionFolder) -> tuple[Mount, ...]:
    return (
        Mount(work.worktree, str(work.worktree), read_only=False),
        Mount(work.worktree, WORKSPACE, read_only=False),
        Mount(folder.path / "launch", "/session/launch"),
        Mount(folder.secrets, "/session/secrets", read_only=False),
        Mount(folder.agent, AGENT_HOME, read_only=False),
        Mount(folder.out, "/session/out", read_only=False),
        Mount(folder.stream, "/session/stream.jsonl", read_only=False),
        Mount(folder.stderr, "/session/stderr.log", read_only=False),
    )


def _git_mounts(work: Work, folder: SessionFolder, private: PrivateGit | None) -> tuple[Mount, ...]:
    """Without a git directory of its own there is a pointer to nothing: the worktree's own can never be written."""
    if private is not None:
        return private.mounts
    pointer = folder.path / "pointer"
    pointer.unlink(missing_ok=True)
    pointer.write_bytes(b"gitdir: /session/git\n")
    pointer.chmod(0o444)
    return tuple(Mount(pointer, f"{place}/.git") for place in (str(work.worktree), WORKSPACE))


def end_killed(context: Context, engine: str, mission: Mission) -> None:
    """End the container of a set-up whose command was killed, and clear up after it as after any other.

    Raises EngineFailed, EngineUnavailable and StorageFailed.
    """
    if _begun_file(context, mission).exists():
        context.engine_at(engine).discard(setup_name(mission.id))
        _clear_nested(context, mission, lambda _: None)


def _begun_file(context: Context, mission: Mission) -> Path:
    """There while a command may be at work in the worktree, or was and nobody has looked what it left."""
    return folder_of(context.home, mission) / "setup" / "begun.json"


def _note_begun(context: Context, mission: Mission, private: PrivateGit | None, began_ns: int) -> None:
    since = began_ns if private is None else trusted_since_ns(private.facts)
    pointers = private.facts.submodule_pointers if private is not None else {}
    row = {"since_ns": since, "pointers": {path: os.fsdecode(pointer) for path, pointer in pointers.items()}}
    replace_file(_begun_file(context, mission), json.dumps(row).encode())


def _clear_nested(context: Context, mission: Mission, hear: Callable[[bytes], None]) -> None:
    """As after an agent: repositories inside the worktree run programs when a person uses git there."""
    file = _begun_file(context, mission)
    try:
        row = json.loads(file.read_bytes())
        since, pointers = row["since_ns"], {path: os.fsencode(text) for path, text in row["pointers"].items()}
    except (OSError, ValueError, KeyError):
        return
    worktree = Path(mission.worktree)
    if worktree.is_dir():
        found = clear_nested(worktree, _nested_folder(context, mission), since_ns=since, pointers=pointers)
        for alert in of_nested(found):
            hear(alert.text.replace("the agent", "the command").encode() + b"\n")
    file.unlink(missing_ok=True)


def _nested_folder(context: Context, mission: Mission) -> Path:
    return folder_of(context.home, mission) / "nested"


def _labels(context: Context, work: Work) -> dict[str, str]:
    return {
        "scopecraft.home": context.home.label,
        "scopecraft.kind": "check" if work.kind == "check" else "setup",
        "scopecraft.mission": work.mission.id,
        "scopecraft.session": work.session_id or "",
    }
