"""What a mission's programs are told about it: agents, set-up commands and visits find the same variables. Pure."""

from __future__ import annotations

import re

from scopecraft.model.mission import Mission

COMPOSE_CHARACTERS = 40


def mission_environment(mission: Mission) -> dict[str, str]:
    """Nothing secret. `SC_PORT_BASE` is missing where the mission has no ports of its own."""
    ports = {} if mission.port_base is None else {"SC_PORT_BASE": str(mission.port_base)}
    return {
        "SC_TASK": mission.slug,
        "SC_MISSION": mission.id,
        "SC_PROJECT": mission.project,
        "SC_BRANCH": mission.branch,
        "SC_WORKTREE": mission.worktree,
        "COMPOSE_PROJECT_NAME": compose_name(mission),
        **ports,
    }


def compose_name(mission: Mission) -> str:
    """A project's name as Compose takes it: small letters, digits, `-` and `_`; two missions never share one."""
    slug = re.sub(r"[^a-z0-9_]+", "-", mission.slug.lower())[:COMPOSE_CHARACTERS].strip("-_")
    return "-".join(part for part in ("sc", slug, mission.id[-8:]) if part)
