"""Which checks there are, put together from settings and surroundings."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from scopecraft.agents.base import dialect
from scopecraft.config.paths import home_of
from scopecraft.config.settings import Settings
from scopecraft.errors import BadInput, BadSettings, ScopecraftError
from scopecraft.executors.engine_facts import EngineFacts, ask_engine
from scopecraft.model import clock
from scopecraft.model.text import clean_line
from scopecraft.sessions import doctor_host as host
from scopecraft.sessions.agent_choice import DEFAULT_IMAGE, PERSONAL_IMAGE
from scopecraft.sessions.context import Context
from scopecraft.sessions.doctor import Check, Finding
from scopecraft.sessions.doctor_engine import Surroundings, engine_findings, is_mended

_HEALED = "the next sc merge or sc sync of a task there finishes it"
NAMESPACES = Path("/proc/sys/user/max_user_namespaces")


def checks(environ: Mapping[str, str]) -> dict[str, Check]:
    """By name, in the order in which they are shown. Settings that cannot be used count as not there, and are told."""
    context = Context(home_of(environ), environ)
    settings = _settings_findings(context)
    return {
        "home": lambda: [*host.home_findings(context.home), *settings, *_interrupted(context)],
        "git": host.git_findings,
        "tmux": host.tmux_findings,
        "engine": lambda: _engine(context),
        "credentials": lambda: _credentials(context),
        "agent": lambda: host.agent_findings(host_programs(context.settings), environ),
        "notify": lambda: host.notify_findings(context.settings.notify.command, environ),
        "disk": lambda: host.disk_findings({"the home": existing(context.home.root)}),
        "system": host.system_findings,
    }


def _settings_findings(context: Context) -> list[Finding]:
    try:
        agent = context.settings.agent(context.settings.default_agent)
        dialect(agent.dialect)
    except (BadSettings, BadInput) as error:
        context.settings = Settings()
        return [Finding("settings", "warn", error.message, error.hint or None)]
    return []


def _interrupted(context: Context) -> list[Finding]:
    """Merges that were killed on the way, by project."""
    from scopecraft.config.projects import is_there, load_projects
    from scopecraft.worktrees.moving import is_half_moved

    with suppress(ScopecraftError):  # a damaged list is said by the commands that need it
        return [
            Finding("merges", "warn", f"a merge in {clean_line(project.path)} was interrupted: {_HEALED}")
            for project in load_projects(context.home)
            if is_there(project) and is_half_moved(Path(project.common_dir))
        ]
    return []


def _engine(context: Context) -> list[Finding]:
    settings, environ = context.settings, context.environ
    address = context.engine
    facts = ask_engine(address, wanted_images(settings))
    worth_asking = isinstance(facts, EngineFacts) and is_mended(facts.runc_version) is False
    around = Surroundings(
        is_installed=shutil.which("dockerd", path=environ.get("PATH")) is not None,
        has_runsc=shutil.which("runsc", path=environ.get("PATH")) is not None,
        offered_runc=host.offered_by_packages("runc", environ) if worth_asking else None,
        kernel_user_namespaces=_number(NAMESPACES),
    )
    found = engine_findings(facts, around, address, clock.now())
    if isinstance(facts, EngineFacts) and facts.root_folder and address.startswith("unix://"):
        found += host.disk_findings({"the engine": Path(facts.root_folder)})
    return found


def wanted_images(settings: Settings) -> tuple[str, ...]:
    """What a start of the default agent would try, in this order."""
    configured = settings.agent(settings.default_agent).image or settings.container.image
    return (configured,) if configured else (PERSONAL_IMAGE, DEFAULT_IMAGE)


def host_programs(settings: Settings) -> list[host.HostProgram]:
    """The default agent's program first; an agent that runs whatever it is given has none."""
    found = []
    for name in dict.fromkeys((settings.default_agent, *settings.agents)):
        agent = settings.agent(name)
        own = dialect(agent.dialect).program
        command = agent.host_command or agent.command or (own,)
        if command[0]:
            found.append(host.HostProgram(name, command[0], is_known=Path(command[0]).name == own))
    return found


def _credentials(context: Context) -> list[Finding]:
    name = context.settings.default_agent
    agent = context.settings.agent(name)
    # a command of one's own is not known to need a key; other ways in, such as a cloud provider's, are given by name
    names = () if agent.command else dialect(agent.dialect).credential_names
    ways = (*names, *agent.pass_env, *agent.env) if names else ()
    return host.credential_findings(context.home, {**agent.env, **context.environ}, name, ways)


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next((each for each in (folder, *folder.parents) if each.is_dir()), folder)


def _number(file: Path) -> int:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return 0
