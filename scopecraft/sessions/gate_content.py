"""A gate that waits for a person, with what they are to approve: an artifact, or the code on the branch."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scopecraft.errors import NotFound, Overtaken, Refused
from scopecraft.missions.artifacts import open_artifact
from scopecraft.missions.folder import folder_of
from scopecraft.missions.planner import open_gates, running_steps, startable
from scopecraft.missions.recipe import load_workflow
from scopecraft.model.host_files import HostFile
from scopecraft.model.mission import Mission
from scopecraft.model.text import clean_line
from scopecraft.model.workflow import Step, Workflow
from scopecraft.sessions.context import Context
from scopecraft.sessions.stepped import stepped

if TYPE_CHECKING:
    from scopecraft.worktrees.difference import FileChange

CODE = "code-review"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a person had before them, as an approval compares it. `tree` is of what is not committed, None: nothing."""

    gate_id: str
    sha256: str | None = None
    commit: str | None = None
    tree: str | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """The code that a review is about.

    `uncommitted` is None where the worktree is there and cannot be read; `is_partial`: some of it no commit can hold.
    """

    base: str
    tip: str
    committed: tuple[FileChange, ...]
    uncommitted: tuple[FileChange, ...] | None
    tree: str | None
    host_files: tuple[HostFile, ...]
    notes: tuple[str, ...] = ()
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class OpenGate:
    """`content` is of the artifact that the gate is about; None where it is about none, or a code review has none."""

    mission: Mission
    workflow: Workflow
    step: Step
    seen: Seen
    content: bytes | None = None
    work: Work | None = None


def gate_of(context: Context, mission: Mission, gate: str | None = None) -> OpenGate:
    """The gate that waits, or the named one, with what is to be approved.

    Raises NotFound, Refused and Overtaken where it does not wait, and what reading artifact and branch raise.
    """
    workflow = load_workflow(folder_of(context.home, mission))
    mission = stepped(context, mission, workflow)
    return _looked_at(context, mission, workflow, waiting_gate(mission, workflow, gate))


def is_at_gate(context: Context, mission: Mission) -> bool:
    """Whether a gate waits, and nothing else is under way or may begin."""
    workflow = load_workflow(folder_of(context.home, mission))
    mission = stepped(context, mission, workflow)
    is_busy = startable(mission, workflow) or running_steps(mission, workflow)
    return not is_busy and bool(open_gates(mission, workflow))


def waiting_gate(mission: Mission, workflow: Workflow, gate: str | None) -> Step:
    waiting = open_gates(mission, workflow)
    if gate is None:
        if waiting:
            return waiting[0]
        raise Refused(
            f"{clean_line(mission.slug)} does not wait for a review just now",
            f"see how it is: sc mission show {clean_line(mission.slug)}",
        )
    step = next((step for step in workflow.steps if gate in (step.id, step.name)), None)
    gates = [step.id for step in workflow.steps if step.is_gate]
    if step is None or not step.is_gate:
        what = "is no gate" if step else "is no step"
        raise NotFound(f"{clean_line(gate)} {what} of {mission.slug}", f"its gates: {', '.join(gates) or 'none'}")
    if step not in waiting:
        raise Overtaken(
            f"{step.id} of {mission.slug} does not wait for a review just now",
            f"see how it is: sc mission show {mission.slug}",
        )
    return step


def _looked_at(context: Context, mission: Mission, workflow: Workflow, step: Step) -> OpenGate:
    content = _content(context, mission, step)
    work = _work(context, mission) if step.type == CODE else None
    seen = Seen(
        step.id,
        sha256=None if content is None else hashlib.sha256(content).hexdigest(),
        commit=work.tip if work else None,
        tree=work.tree if work else None,
    )
    return OpenGate(mission, workflow, step, seen, content, work)


def _content(context: Context, mission: Mission, step: Step) -> bytes | None:
    """A review of code does without the artifact where there is none: the code is what it is about."""
    if step.review is None:
        return None
    missing = contextlib.suppress(NotFound) if step.type == CODE else contextlib.nullcontext()
    with missing, open_artifact(context.home, mission, step.review) as pieces:
        return b"".join(pieces)
    return None


def _work(context: Context, mission: Mission) -> Work:
    from scopecraft.sessions.mission_diff import mission_diff

    with mission_diff(context, mission) as diff:
        part = diff.uncommitted
        if part is not None:
            uncommitted: tuple[FileChange, ...] | None = part.files
        else:
            uncommitted = None if Path(mission.worktree).is_dir() else ()
        return Work(
            base=diff.base,
            tip=diff.tip,
            committed=diff.committed.files,
            uncommitted=uncommitted,
            tree=part.after if part is not None and part.files else None,
            host_files=diff.host_files,
            notes=diff.notes,
            is_partial=part is not None and bool(diff.notes),
        )
