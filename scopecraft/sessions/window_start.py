"""Starting a dispatch session: an interactive agent in a tmux window of the mission's worktree, on the host."""

from __future__ import annotations

import os
import shutil

from scopecraft.atomic import storage_failed
from scopecraft.errors import AgentMissing, StartFailed
from scopecraft.executors.tmux_client import check_version
from scopecraft.missions.folder import folder_of
from scopecraft.model.handle import Exited, WindowHandle
from scopecraft.model.launch import AgentCommand, WindowLaunch
from scopecraft.model.naming import check_title
from scopecraft.model.session import Session, handle_of
from scopecraft.model.text import clean
from scopecraft.sessions.agent_choice import Chosen, Place, agent_request, choose_agent, require_command
from scopecraft.sessions.beginning import Beginning, begin, came_up, take_what_is_late
from scopecraft.sessions.context import Context
from scopecraft.sessions.conversation_moves import put_on_host
from scopecraft.sessions.host_changes import host_changes_if_known
from scopecraft.sessions.mission_environment import mission_environment
from scopecraft.sessions.mission_start import mission_for
from scopecraft.sessions.places import within_project_of
from scopecraft.sessions.request import StartRequest
from scopecraft.sessions.set_up import set_up_if_due
from scopecraft.sessions.settle_facts import SettleFacts, boot_id, save_facts

EARLY_DEATH_SECONDS = 1.0

# Of the caller, and wrong or misleading for an agent in a window of its own
NOT_PASSED_ON = frozenset({"TMUX", "TMUX_PANE", "TERM", "COLUMNS", "LINES", "SHLVL", "PWD", "OLDPWD", "_"})
NOT_PASSED_PREFIXES = ("GIT_", "CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT")


def start_window(context: Context, request: StartRequest) -> Session:
    """A running dispatch session; StartFailed with the agent's last words when it dies at once."""
    context, chosen, program = choose_program(context, request)
    with mission_for(context, request) as ready:
        take_what_is_late(context, ready.mission)
        changed = host_changes_if_known(context, ready.mission, ready.repository)
        request.on_host_files(ready.mission.slug, changed)
        with begin(context, request, chosen, ready, "window") as beginning:
            set_up_if_due(context, beginning)
            session = _start(context, beginning, program)
    return _survived(context, session)


def choose_program(context: Context, request: StartRequest) -> tuple[Context, Chosen, tuple[str, ...]]:
    """The context with its project's settings, agent and program. Raises what speaks against it; makes nothing."""
    check_title(request.task)
    context = within_project_of(context, request)
    chosen = choose_agent(context, request.agent)
    program = _program(context, request, chosen)
    check_version()
    return context, chosen, program


def _program(context: Context, request: StartRequest, chosen: Chosen) -> tuple[str, ...]:
    """The agent's program on this machine; none for an agent whose arguments are the whole command."""
    program = chosen.settings.host_command or chosen.settings.command
    first = require_command(context, chosen, request, program)
    if shutil.which(first, path=context.environ.get("PATH")) is None:
        raise AgentMissing(
            f"{first} is not installed on this machine, and a dispatch session runs here",
            f"install it, or name where it is: agents.{chosen.name}.host_command in {context.home.settings_file}",
        )
    chosen.dialect.interactive(agent_request(chosen, request, Place(program)))  # refuses what it cannot say
    return program


def _start(context: Context, beginning: Beginning, program: tuple[str, ...]) -> Session:
    session, folder = beginning.session, beginning.folder
    put_on_host(context, beginning.request, session.worktree)
    command = _command(beginning, program)
    for name, content in command.session_files.items():
        file = folder.hooks / name
        try:
            file.write_bytes(content)
            file.chmod(0o700)
        except OSError as error:
            raise storage_failed(error, file) from error
    where = context.tmux.socket
    facts = SettleFacts(
        image=None,
        user=(os.getuid(), os.getgid()),
        limits=None,
        private=None,
        where=where,
        boot_id=boot_id(),
        secret_names=tuple(beginning.chosen.secrets.values),
    )
    save_facts(folder, facts)
    launch = WindowLaunch(
        session_id=session.id,
        window_name=f"{session.task}-{session.mode}",
        argv=command.argv,
        env={
            **passed_on(context),
            **mission_environment(beginning.ready.mission),
            "SC_STEP": session.step_id,
            "SC_ARTIFACTS": str(folder_of(context.home, beginning.ready.mission) / "artifacts"),
            **command.env,
            **beginning.chosen.environment,
            "SCOPECRAFT_SESSION": session.id,
        },
        unset=tuple(sorted(NOT_PASSED_ON - {"TMUX", "TMUX_PANE", "TERM"})),
        cwd=session.worktree,
        folder=folder.path / "launch",
    )
    return came_up(context, session, context.tmux.start(launch))


def passed_on(context: Context) -> dict[str, str]:
    """The caller's environment, as a person expects it in a terminal of their own."""
    return {
        name: value
        for name, value in context.environ.items()
        if name not in NOT_PASSED_ON and not name.startswith(NOT_PASSED_PREFIXES)
    }


def _command(beginning: Beginning, program: tuple[str, ...]) -> AgentCommand:
    session, chosen = beginning.session, beginning.chosen
    place = Place(
        program=program,
        cwd=session.worktree,
        conversation_id=session.conversation_id or "",
        hooks_folder=str(beginning.folder.hooks),
    )
    return chosen.dialect.interactive(agent_request(chosen, beginning.request, place))


def _survived(context: Context, session: Session) -> Session:
    handle = handle_of(session.status)
    died = context.tmux.early_death(handle, seconds=EARLY_DEATH_SECONDS) if isinstance(handle, WindowHandle) else None
    return refuse_early_death(context, session, died)


def refuse_early_death(context: Context, session: Session, died: Exited | None) -> Session:
    """The session, settled if its agent has ended; StartFailed with its last words unless it ended well."""
    if not isinstance(died, Exited):
        return session
    from scopecraft.sessions.redaction import secrets_of
    from scopecraft.sessions.settle import settle

    session = settle(context, session.id)
    if died.exit_code == 0:
        return session
    words = clean("\n".join(line for line in died.last_lines[-15:] if line.strip()))
    words = secrets_of(context, session).redact(words)
    raise StartFailed(
        f"the agent ended at once with exit code {died.exit_code}" + (f":\n{words}" if words else ""),
        f"see it whole with: sc show {session.id}",
    )
