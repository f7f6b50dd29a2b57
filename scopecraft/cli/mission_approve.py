"""`sc mission approve`: a person passes a gate, and what they approve is what they saw."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scopecraft.cli.command import command
from scopecraft.cli.mission_moved import moved
from scopecraft.cli.say import note
from scopecraft.cli.terminal import is_terminal
from scopecraft.errors import BadInput
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.moves_json import approval_dict
from scopecraft.sessions.person import person_name, refuse_agents
from scopecraft.sessions.places import mission_named

if TYPE_CHECKING:
    from scopecraft.model.mission import Approval, Mission
    from scopecraft.sessions.gate_content import OpenGate
    from scopecraft.sessions.gates import Uncommitted

_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("-y", "--yes", is_flag=True, help="Do not ask."),
    click.option("-q", "--quiet", is_flag=True, help="Do not show what is approved."),
    click.option("--commit", is_flag=True, help="Take what is not committed into a commit of yours first."),
    click.option("--only-committed", is_flag=True, help="Approve what is on the branch, and leave the rest as it is."),
    click.option("--project", help="Of the project by this name, wherever you are."),
    click.option("--json", "as_json", is_flag=True, help="Print JSON."),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the options say."""

    yes: bool
    quiet: bool
    commit: bool
    only_committed: bool
    as_json: bool

    @property
    def uncommitted(self) -> Uncommitted:
        if self.commit and self.only_committed:
            raise BadInput("--commit and --only-committed exclude each other", "leave one of them out")
        return "commit" if self.commit else "leave" if self.only_committed else "refuse"


def approve_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Those of `approve` and, since that approves at a gate, of `continue`."""
    return reduce(lambda decorated, option: option(decorated), reversed(_OPTIONS), function)


@command(
    "approve",
    examples=(
        ("sc mission approve fix-login", "look at what waits, and say yes"),
        ("sc mission approve fix-login review-plan", "this gate, where several wait"),
        ("sc mission approve fix-login --yes", "in a script: prints what was approved"),
        ("sc mission approve fix-login --commit", "with your own changes in the worktree"),
    ),
)
@click.argument("task")
@click.argument("step", required=False)
@approve_options
def approve(task: str, step: str | None, project: str | None, **options: bool) -> int | None:
    """Approve what TASK waits with: the artifact that is under review, or the commits on its branch. Then it goes on.

    What is approved is shown first: a document as it is, of code the changed files, and those that would run on your
    machine. The approval holds for exactly that; when the document or the branch changes, the gate opens again.

    This is for a person: inside a session of an agent it is refused.
    """
    refuse_agents(os.environ, "sc mission approve")
    context = Context.of(os.environ)
    return approved(context, mission_named(context, task, Path.cwd(), project), step, Wish(**options))


def approved(context: Context, mission: Mission, step: str | None, wish: Wish) -> int | None:
    from scopecraft.cli.changed_files import warn_of_host_files
    from scopecraft.cli.gate_shown import show_gate, what_is_approved
    from scopecraft.sessions.gate_content import gate_of
    from scopecraft.sessions.gates import approve as approve_gate
    from scopecraft.sessions.gates import refuse_uncommitted

    uncommitted = wish.uncommitted
    gate = gate_of(context, mission, step)
    is_shown = not (wish.quiet or wish.as_json) and (is_terminal(sys.stdout) or not wish.yes)
    if is_shown:
        show_gate(gate)
    elif gate.work is not None and not wish.as_json:
        warn_of_host_files(gate.work.host_files, f"see what it is: sc diff {mission.slug}")
    refuse_uncommitted(gate, uncommitted)
    if not wish.yes and not _is_agreed(gate, what_is_approved(gate), as_json=wish.as_json):
        return 1
    by = person_name(context)
    after = approve_gate(context, mission.id, gate.seen, by, uncommitted)
    state = after.state(gate.step.id)
    assert state is not None and state.approval is not None
    done = f"{gate.step.name} of {mission.slug} is approved{_of(state.approval)}"
    told = {"approved": {"step": gate.step.id, **approval_dict(state.approval)}}
    return moved(context, after, done, as_json=wish.as_json, told=told)


def _is_agreed(gate: OpenGate, what: str, *, as_json: bool) -> bool:
    from scopecraft.cli.choice import can_ask, choose

    if as_json or not can_ask():
        slug, step = gate.mission.slug, gate.step.id
        raise BadInput("nobody is here to say yes", f"say it beforehand: sc mission approve {slug} {step} --yes")
    question = f"approve {gate.step.name} of {gate.mission.slug}{f' ({what})' if what else ''}? (y)es or (n)o:"
    if choose(clean_line(question, 300), ("yes", "no"), default="no") == "yes":
        return True
    note(f"it is as it was; send it back with: sc mission reject {gate.mission.slug} {gate.step.id} -m WHY")
    return False


def _of(approval: Approval) -> str:
    parts = [f"{approval.artifact} {approval.sha256[:12]}"] if approval.sha256 else []
    parts += [f"commit {approval.commit[:12]}"] if approval.commit else []
    return f": {', '.join(parts)}" if parts else ""
