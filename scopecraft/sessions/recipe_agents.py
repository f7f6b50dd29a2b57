"""Whether the agents that a recipe names are there, and can do what it asks of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from scopecraft.errors import ScopecraftError
from scopecraft.model.workflow import Recipe, Role, Step

if TYPE_CHECKING:
    from scopecraft.config.projects import Project
    from scopecraft.sessions.context import Context
    from scopecraft.worktrees.repository import Repository


def agent_problems(context: Context, place: tuple[Project, Repository] | None, recipe: Recipe) -> list[str]:
    """A sentence each, with its place. Agents of the repository's own settings count before these are confirmed."""
    return [*_unknown_agents(context, place, recipe), *_wrong_efforts(context, recipe)]


def _unknown_agents(context: Context, place: tuple[Project, Repository] | None, recipe: Recipe) -> list[str]:
    named = [_agent_of(step, recipe.roles) for step in recipe.workflow.steps]
    if not any(named):
        return []
    from scopecraft.config.settings import BUILT_IN
    from scopecraft.sessions.project_settings import question_about

    known = {*BUILT_IN, *context.settings.agents}
    brought = question_about(context, place) if place is not None else None
    known |= {key[1] for key in (brought.layer.values if brought is not None else ()) if key[0] == "agents"}
    return [
        f"steps[{number}].{'dialect' if step.dialect else 'agent'}: no agent is called {agent!r}; "
        f"agents: {', '.join(sorted(known))}"
        for number, (step, agent) in enumerate(zip(recipe.workflow.steps, named, strict=True))
        if agent is not None and agent not in known
    ]


def _wrong_efforts(context: Context, recipe: Recipe) -> list[str]:
    """Where an agent that the settings know cannot be told how much to think."""
    found = []
    for number, step in enumerate(recipe.workflow.steps):
        role = recipe.roles.get(step.role or "")
        effort = step.effort or (role.effort if role is not None else None)
        if step.type == "agent" and effort is not None:
            name = _agent_of(step, recipe.roles) or context.settings.default_agent
            if not _may_take_effort(context, name):
                found.append(f"steps[{number}].effort: {name} cannot be told how much to think")
    return found


def _may_take_effort(context: Context, name: str) -> bool:
    from scopecraft.agents.base import dialect, takes_effort

    try:
        return takes_effort(dialect(context.settings.agent(name).dialect))
    except ScopecraftError:
        return True  # an agent of a repository's own settings, or one that is not there: told elsewhere


def _agent_of(step: Step, roles: Mapping[str, Role]) -> str | None:
    """None where nobody names one, and for what is no agent's."""
    role = roles.get(step.role or "")
    return None if step.type != "agent" else step.dialect or (role.dialect if role is not None else None)
