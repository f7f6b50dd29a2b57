"""Starting a step of type llm: one call of a model, by a process of its own that outlives whoever starts it."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from scopecraft.agents.llm import Llm
from scopecraft.agents.llm_provider import Provider
from scopecraft.errors import NotFound
from scopecraft.executors.process import ProcessLaunch
from scopecraft.model.launch import Limits
from scopecraft.model.naming import check_title
from scopecraft.model.session import Session
from scopecraft.sessions.agent_choice import Chosen, choose_agent
from scopecraft.sessions.beginning import Beginning, begin, came_up
from scopecraft.sessions.container_launch import limits_of
from scopecraft.sessions.context import Context
from scopecraft.sessions.llm_choice import choose_provider
from scopecraft.sessions.llm_claim import Call, write_call
from scopecraft.sessions.llm_prompt import with_inputs
from scopecraft.sessions.mission_start import ReadyMission
from scopecraft.sessions.places import project_here, within_project_of
from scopecraft.sessions.present_mission import would_begin
from scopecraft.sessions.request import StartRequest, check_prompt
from scopecraft.sessions.settle_facts import SettleFacts, boot_id, save_facts, uptime
from scopecraft.sessions.task_lock import task_held
from scopecraft.worktrees.include import Included

# Of the caller's environment, beside keys and addresses: how to reach the network, and how to speak.
_NEEDED = frozenset(
    {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "PYTHONPATH"}
    | {name for each in ("http_proxy", "https_proxy", "all_proxy", "no_proxy") for name in (each, each.upper())}
)


@dataclass(frozen=True, slots=True)
class _Ready:
    """What a call is made of, beside the session."""

    provider: Provider
    prompt: str
    limits: Limits


def start_llm(context: Context, request: StartRequest) -> Session:
    """A running call. What is refused leaves nothing behind; what fails later is recorded as failed.

    The mission is there already; it needs no worktree for this. Raises BadInput, CredentialsMissing, NotFound for an
    input that is not there, and what a start raises.
    """
    check_title(request.task)
    context = within_project_of(context, request)
    chosen = choose_agent(context, request.agent)
    provider, model = choose_provider(chosen, request)
    request = replace(request, model=model)
    limits = limits_of(context.settings.container, request.timeout_seconds)
    called = replace(chosen, dialect=Llm())
    with _mission_held(context, request) as ready:
        step_id = request.step.step_id if request.step else ""
        prompt = check_prompt(with_inputs(context.home, ready.mission, step_id, request.prompt or ""))
        with begin(context, request, called, ready, "process") as beginning:
            launch = _laid_out(context, beginning, _Ready(provider, prompt, limits))
            beginning.take_turn()
            return came_up(context, beginning.session, context.processes.start(launch))


@contextlib.contextmanager
def _mission_held(context: Context, request: StartRequest) -> Iterator[ReadyMission]:
    """As `mission_for`, without a worktree: none is made, and none is looked at."""
    project, repository = project_here(context, request.cwd, request.project)
    with task_held(context, project, repository, request) as task:
        mission = would_begin(context, replace(request, task=task), project, repository)
        if mission is None:
            raise NotFound(
                f"there is no mission {request.task} for a model to be asked in", "see those there are: sc missions"
            )
        yield ReadyMission(mission, project, repository, Path(mission.worktree), Included())


def _laid_out(context: Context, beginning: Beginning, ready: _Ready) -> ProcessLaunch:
    """Prompt, claim and facts are written; what is left to do is to start this."""
    folder, session, request = beginning.folder, beginning.session, beginning.request
    token = secrets.token_hex(8)
    call = Call(
        token=token,
        home=str(context.home.root),
        mission_id=session.mission_id,
        provider=ready.provider.name,
        model=session.model or ready.provider.default_model,
        effort=request.effort,
        timeout_seconds=ready.limits.timeout_seconds,
        output=next(iter(request.step.outputs if request.step else ()), None),
        price=beginning.chosen.settings.price,
    )
    write_call(folder, call, ready.prompt)
    facts = SettleFacts(
        image=None,
        user=(os.getuid(), os.getgid()),
        limits=ready.limits,
        private=None,
        boot_id=boot_id(),
        began_uptime=uptime(),
        secret_names=tuple(beginning.chosen.secrets.values),
    )
    save_facts(folder, facts)
    return ProcessLaunch(
        argv=(sys.executable, "-P", "-m", "scopecraft.sessions.llm_call", str(folder.path), token),
        env=_environment(context.environ, beginning.chosen),
        cwd=folder.path,
        log=folder.stderr,
    )


def _environment(environ: Mapping[str, str], chosen: Chosen) -> dict[str, str]:
    """Nobody else can read it: keys stand in it, as they do in that of any program that a person starts."""
    return {**{name: value for name, value in environ.items() if name in _NEEDED}, **chosen.environment}
