"""`sc mission reject`: the step whose work is under review does it again, and hears why."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scopecraft.cli.choice import can_ask
from scopecraft.cli.command import command
from scopecraft.cli.mission_moved import moved
from scopecraft.errors import BadInput
from scopecraft.sessions.context import Context
from scopecraft.sessions.person import person_name, refuse_agents
from scopecraft.sessions.places import mission_named

_COMMENT = "<!-- Why is it not right yet? What stands above goes to the agent; nothing written: nothing happens. -->"


@command(
    "reject",
    examples=(
        (
            "sc mission reject fix-login -m 'the plan leaves out the tests'",
            "the agent tries again, with that in its prompt",
        ),
        ("sc mission reject fix-login review-plan", "opens your editor for the reason"),
    ),
)
@click.argument("task")
@click.argument("step", required=False)
@click.option("-m", "--message", metavar="WHY", help="What is not right yet.")
@click.option("--project", help="Of the project by this name, wherever you are.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def reject(task: str, step: str | None, message: str | None, project: str | None, as_json: bool) -> int | None:
    """Send TASK back from the gate that it waits at: the step before begins again, with the reason in its prompt.

    This is for a person: inside a session of an agent it is refused.
    """
    from scopecraft.missions.folder import folder_of
    from scopecraft.missions.recipe import load_workflow
    from scopecraft.sessions.gate_content import waiting_gate
    from scopecraft.sessions.gates import reject as reject_gate
    from scopecraft.sessions.stepped import stepped

    refuse_agents(os.environ, "sc mission reject")
    context = Context.of(os.environ)
    mission = mission_named(context, task, Path.cwd(), project)
    workflow = load_workflow(folder_of(context.home, mission))
    gate = waiting_gate(stepped(context, mission, workflow), workflow, step)
    why = message if message is not None else _written(context)
    after = reject_gate(context, mission.id, gate.id, why, person_name(context))
    done = f"{gate.name} of {mission.slug} is rejected: {why.strip()}"
    return moved(context, after, done, as_json=as_json, told={"rejected": {"step": gate.id, "why": why.strip()}})


def _written(context: Context) -> str:
    """Raises BadInput where nobody is there to write."""
    if not can_ask():
        raise BadInput("a rejection needs a reason: the agent gets it", "say it: -m 'the plan leaves out …'")
    from scopecraft.cli.editor import edited

    text = edited(f"\n{_COMMENT}\n".encode(), context.home.config, "why.md", "say it: -m 'the plan leaves out …'")
    return text.decode("utf-8", "replace").replace(_COMMENT, "").strip()
