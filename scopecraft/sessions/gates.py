"""Passing a gate, sending back from one, and whether an approval still fits what it was given for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from scopecraft.errors import BadInput, NotFound, Overtaken, Refused
from scopecraft.missions.folder import changing, folder_of, save_mission
from scopecraft.missions.moves import approved, rejected
from scopecraft.missions.planner import dependents
from scopecraft.missions.recipe import load_workflow
from scopecraft.missions.versions import agent_version, artifact_hash, keep_version, versions_of
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.ids import SESSION_ID, made_at
from scopecraft.model.mission import Approval, Mission
from scopecraft.model.text import clean_line
from scopecraft.model.workflow import Step, Workflow
from scopecraft.sessions.context import Context
from scopecraft.sessions.gate_content import OpenGate, Seen, Work, gate_of, waiting_gate
from scopecraft.sessions.stepped import stepped

if TYPE_CHECKING:
    from scopecraft.worktrees.repository import Repository

Uncommitted = Literal["refuse", "commit", "leave"]
_TOLD = ("artifact", "sha256", "commit")  # of an approval, in the journal


def approve(context: Context, mission_id: str, seen: Seen, by: str, uncommitted: Uncommitted = "refuse") -> Mission:
    """The mission as it is then; what this lets begin is for `carry_on`.

    Raises Overtaken where the gate waits no more, or its content is not what was seen, and Refused for work that is
    not committed, unless it is said what becomes of it: taken into a commit of the person's, or left as it is.
    """
    if uncommitted == "commit":
        _refuse_at_work(context, mission_id)
    with changing(context.home, mission_id) as found:
        gate = gate_of(context, found, seen.gate_id)
        _refuse_changed(gate, seen, uncommitted)
        approval = _approval(gate, by, _commit_of(context, gate, uncommitted))
        mission = approved(gate.mission, gate.workflow, gate.step.id, approval, approval.at)
        _keep(context, mission, approval)
        save_mission(context.home, mission)
        data = {"step": gate.step.id, "by": by, **{name: getattr(approval, name) for name in _TOLD}}
        data |= {"edited": True} if _is_edited(context, mission, approval) else {}
        context.store.append(Event(0, approval.at, "gate_approved", mission.id, data=data))
    return mission


def reject(context: Context, mission_id: str, gate_id: str, why: str, by: str) -> Mission:
    """The step that the gate is about is to be done again, with the reason. Raises what `moves.rejected` raises."""
    if not why.strip():
        raise BadInput("a rejection needs a reason: the agent gets it", "say it: -m 'the plan leaves out …'")
    with changing(context.home, mission_id) as found:
        workflow = load_workflow(folder_of(context.home, found))
        mission = stepped(context, found, workflow)
        gate = waiting_gate(mission, workflow, gate_id)
        at = clock.to_text(clock.now())
        mission = rejected(mission, workflow, gate.id, why.strip(), at)
        save_mission(context.home, mission)
        data = {"step": gate.id, "by": by, "why": why.strip()}
        context.store.append(Event(0, at, "gate_rejected", mission.id, data=data))
    return mission


def contents_changed(context: Context, mission: Mission, workflow: Workflow) -> set[str]:
    """Ids of the gates that were passed for something that is not there any more, or is no file now.

    What a later step of the workflow was begun to change it may change: that is for the gates after it. Raises what
    reading the repository raises: one that is away for now costs nobody their approval.
    """
    if mission.is_frozen:
        return set()
    return {step.id for step in workflow.steps if step.is_gate and not _stands(context, mission, workflow, step)}


def _stands(context: Context, mission: Mission, workflow: Workflow, gate: Step) -> bool:
    state = mission.state(gate.id)
    if state is None or state.approval is None or state.phase != "done":
        return True
    later = _begun_since(mission, workflow, gate, state.approval)
    return _has_artifact(context, mission, state.approval, later) and _has_commit(
        context, mission, state.approval, later
    )


def _begun_since(mission: Mission, workflow: Workflow, gate: Step, approval: Approval) -> list[Step]:
    """The steps behind the gate that began, for the first time or again, after it was passed."""
    behind = dependents(workflow, gate.id) - {gate.id}
    passed_at = clock.from_text(approval.at)
    runs = {
        state.step_id: state.run_id
        for state in mission.steps
        if state.step_id in behind and SESSION_ID.fullmatch(state.run_id or "") and state.run_id
    }
    return [step for step in workflow.steps if step.id in runs and made_at(runs[step.id]) >= passed_at]


def _has_artifact(context: Context, mission: Mission, approval: Approval, later: list[Step]) -> bool:
    name = approval.artifact
    if name is None or any(name in step.outputs for step in later):
        return True
    try:
        return artifact_hash(context.home, mission, name) == approval.sha256
    except Refused:
        return False


def _has_commit(context: Context, mission: Mission, approval: Approval, later: list[Step]) -> bool:
    """Whether the branch stands there; where a later step works on the code it may have gone on from there."""
    from scopecraft.worktrees.repository import resolve_base

    commit = approval.commit
    if commit is None:
        return True
    repository = _repository(context, mission)
    try:
        tip = resolve_base(repository, f"refs/heads/{mission.branch}").commit
    except NotFound:
        return False
    may_go_on = any(step.type == "agent" and step.workspace == "codegen" for step in later)
    return tip == commit or (may_go_on and repository.git.succeeds("merge-base", "--is-ancestor", commit, tip))


def _repository(context: Context, mission: Mission) -> Repository:
    from scopecraft.config.projects import load_projects, project_named
    from scopecraft.sessions.places import repository_of

    return repository_of(project_named(load_projects(context.home), mission.project))


def _approval(gate: OpenGate, by: str, commit: str | None) -> Approval:
    return Approval(
        by=by,
        at=clock.to_text(clock.now()),
        artifact=gate.step.review if gate.seen.sha256 else None,
        sha256=gate.seen.sha256,
        commit=commit,
        host_files=tuple(file.path for file in gate.work.host_files) if gate.work else (),
    )


def _keep(context: Context, mission: Mission, approval: Approval) -> None:
    """What was approved can be read for as long as the mission is there."""
    if approval.artifact is None:
        return
    version = keep_version(context.home, mission, approval.artifact, by=approval.by, at=approval.at)
    if version is None or version.sha256 != approval.sha256:
        raise Overtaken(
            f"{approval.artifact} is being written to", f"look again: sc mission approve {clean_line(mission.slug)}"
        )


def _is_edited(context: Context, mission: Mission, approval: Approval) -> bool:
    """Whether the artifact is not as an agent left it."""
    if approval.artifact is None:
        return False
    left = agent_version(versions_of(context.home, mission, approval.artifact))
    return left is not None and left.sha256 != approval.sha256


def _refuse_changed(gate: OpenGate, seen: Seen, uncommitted: Uncommitted) -> None:
    now = gate.seen
    if now.sha256 != seen.sha256:
        raise Overtaken(
            f"{gate.step.review} has changed since you were shown it", f"look again: sc mission approve {_slug(gate)}"
        )
    if now.commit != seen.commit:
        raise Overtaken(
            f"the branch of {_slug(gate)} has moved since you were shown it",
            f"look again: sc mission approve {_slug(gate)}",
        )
    if uncommitted != "leave" and now.tree != seen.tree:
        raise Overtaken(
            f"the worktree of {_slug(gate)} has changed since you were shown it",
            f"look again: sc mission approve {_slug(gate)}",
        )


def refuse_uncommitted(gate: OpenGate, uncommitted: Uncommitted) -> None:
    """Raises Refused where work is not committed and nobody has said what becomes of it."""
    work, slug = gate.work, _slug(gate)
    if work is None or uncommitted == "leave":
        return
    if work.uncommitted is None:
        raise Refused(
            "; ".join(work.notes) or f"what is not committed of {slug} cannot be told",
            f"mend that, or approve what is on the branch: sc mission approve {slug} --only-committed",
        )
    alone = f"leave it out: sc mission approve {slug} --only-committed"
    if uncommitted == "refuse" and (work.uncommitted or work.is_partial):
        count = len(work.uncommitted)
        what = f"{count} files in the worktree of {slug} are" if count > 1 else f"work in the worktree of {slug} is"
        raise Refused(f"{what} not committed", f"take it in: sc mission approve {slug} --commit   {alone}")
    if uncommitted == "commit" and work.is_partial:
        raise Refused(f"no commit can hold all of it: {work.notes[0]}", f"commit the rest by hand, or {alone}")


def _commit_of(context: Context, gate: OpenGate, uncommitted: Uncommitted) -> str | None:
    """The commit that is approved, with what is to be taken into it."""
    refuse_uncommitted(gate, uncommitted)
    if gate.work is not None and gate.work.tree is not None and uncommitted == "commit":
        return _committed(context, gate, gate.work, gate.work.tree)
    return gate.seen.commit


def _committed(context: Context, gate: OpenGate, work: Work, tree: str) -> str:
    from scopecraft.sessions.mission_diff import LARGEST_BYTES
    from scopecraft.worktrees.person_commit import Wanted, commit_worktree

    mission = gate.mission
    wanted = Wanted(mission.branch, work.tip, tree, f"Approved work of {mission.slug}", LARGEST_BYTES)
    return commit_worktree(_repository(context, mission), Path(mission.worktree), wanted)


def _refuse_at_work(context: Context, mission_id: str) -> None:
    """An agent whose branch moves under it loses its way back. Raises AlreadyRunning."""
    from scopecraft.missions.finding import require_mission
    from scopecraft.sessions.present_mission import refuse_while_alive

    refuse_while_alive(context, require_mission(context.home, mission_id, None))


def _slug(gate: OpenGate) -> str:
    return clean_line(gate.mission.slug)
