"""What happens next with a mission, and what a person types for it. Pure.

Lists, pages, notifications and the commands that move a mission tell it in these words. They hold names that strangers
gave: whoever shows them makes them safe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scopecraft.missions.planner import due, maker_of, open_gates, running_steps, startable, with_steps
from scopecraft.model.mission import FINISHED_PHASES, Mission
from scopecraft.model.mission_words import NEEDS_PERSON, PHASE_MARKS, STAGE_WORDS, Stage, StepMark
from scopecraft.model.session import Queued, Session, Starting, Waiting
from scopecraft.model.session_words import WAITING_FOR
from scopecraft.model.workflow import FINISHED, RAW_INPUT, Step, Workflow


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a mission beside its folder.

    `live` are its sessions that have not ended, `places` those of them in line, `changed` the gates that wait again
    because what was approved is not there any more. `is_merged`: its branch is in the base.
    """

    live: Sequence[Session] = ()
    places: Mapping[str, int] = field(default_factory=dict)
    changed: frozenset[str] = frozenset()
    is_supervised: bool = True
    is_merged: bool = False
    task: str = ""  # what names the mission, where its slug does not


NOTHING_KNOWN = Known()


@dataclass(frozen=True, slots=True)
class NextStep:
    """`words` are few, for a list; `sentence` says what happens next; `commands` are what a person can type, the first
    one what most will want. `step` is the one that this is about, None after the last one.
    """

    stage: Stage
    words: str
    sentence: str
    commands: tuple[str, ...] = ()
    step: Step | None = None
    session_id: str | None = None

    @property
    def needs_person(self) -> bool:
        return self.stage in NEEDS_PERSON

    @property
    def step_name(self) -> str:
        return self.step.name if self.step else FINISHED


def next_step(mission: Mission, workflow: Workflow, known: Known = NOTHING_KNOWN) -> NextStep:
    """What a person is needed for goes before what goes on by itself."""
    mission = with_steps(mission, workflow)
    for tell in (_asks, _gate, _failed, _idle, _working, _starting, _ready):
        found = tell(mission, workflow, known)
        if found is not None:
            return found
    return _over(mission, workflow, known)


def step_marks(mission: Mission, workflow: Workflow, live: Sequence[Session] = ()) -> list[tuple[Step, StepMark]]:
    """How each step stands, in the order of the workflow."""
    mission = with_steps(mission, workflow)
    phases = {state.step_id: state.phase for state in mission.steps}
    marks = {step.id: PHASE_MARKS[phases.get(step.id, "pending")] for step in workflow.steps}
    if "pending" in marks.values():
        marks |= dict.fromkeys((step.id for step in _waiting_gates(mission, workflow, live)), "waits")
        failed = {step_id for step_id, mark in marks.items() if mark == "failed"}
        marks |= {step.id: "ready" for step in startable(mission, workflow) if step.id not in failed}
    for session in live:
        if session.step_id in marks:
            marks[session.step_id] = _mark_of(session)
    return [(step, marks[step.id]) for step in workflow.steps]


def _mark_of(session: Session) -> StepMark:
    if isinstance(session.status, Queued):
        return "queued"
    return "waits" if isinstance(session.status, Waiting) else "running"


def finished_count(mission: Mission, workflow: Workflow) -> int:
    return sum(state.phase in FINISHED_PHASES for state in with_steps(mission, workflow).steps)


def _waiting_gates(mission: Mission, workflow: Workflow, live: Sequence[Session]) -> list[Step]:
    """Without those whose work somebody goes on with at the moment."""
    at_work = {session.step_id for session in live}
    made_by = ((gate, maker_of(workflow, gate)) for gate in open_gates(mission, workflow))
    return [gate for gate, maker in made_by if maker is None or maker.id not in at_work]


def _asks(mission: Mission, workflow: Workflow, known: Known) -> NextStep | None:
    for session in known.live:
        status = session.status
        if isinstance(status, Waiting) and status.reason != "idle":
            words = WAITING_FOR[status.reason]
            can_answer = session.executor != "tmux" and status.reason in ("permission", "question")
            command = "answer" if can_answer else "attach" if session.executor == "tmux" else "send"
            said = " 'go on'" if command == "send" else ""
            return NextStep(
                "asks",
                words,
                f"{_name(workflow, session)} {words}",
                (f"sc {command} {_of(mission, known, session)}{said}",),
                workflow.step(session.step_id),
                session.id,
            )
    return None


def _gate(mission: Mission, workflow: Workflow, known: Known) -> NextStep | None:
    gates = _waiting_gates(mission, workflow, known.live)
    if not gates:
        return None
    gate = gates[0]
    words = "waits for your code review" if gate.type == "code-review" else STAGE_WORDS["gate"]
    if gate.id in known.changed:
        what = "the branch" if gate.review is None else gate.review
        sentence = f"{gate.name} waits for you again: {what} has changed since it was approved"
    else:
        what = f": read {gate.review}" if gate.review else ": look at the diff" if gate.type == "code-review" else ""
        sentence = f"{gate.name} waits for you{what}"
    if len(gates) > 1:
        sentence += f"; so do: {', '.join(other.name for other in gates[1:])}"
    which = f" {_quoted(gate.id)}" if len(gates) > 1 else ""
    approve = f"sc mission approve {_task(mission, known)}{which}"
    return NextStep(
        "gate", words, sentence, (approve, f"sc mission reject {_task(mission, known)}{which} -m 'why'"), gate
    )


def _failed(mission: Mission, workflow: Workflow, known: Known) -> NextStep | None:
    at_work = {session.step_id for session in known.live}
    for step in workflow.steps:
        state = mission.state(step.id)
        if state is None or state.phase != "failed" or state.is_wanted or step.is_gate or step.id in at_work:
            continue
        why = mission.errors[-1] if mission.errors else ""
        return NextStep(
            "failed",
            STAGE_WORDS["failed"],
            failure_text(step.name, why),
            (f"sc mission retry {_task(mission, known)}", f"sc logs {state.run_id or _task(mission, known)}"),
            step,
            state.run_id,
        )
    return None


def failure_text(step_name: str, why: str) -> str:
    """A reason that names the step already says all."""
    if why.startswith(f"{step_name} "):
        return why
    return f"{step_name} failed: {why}" if why else f"{step_name} failed"


def _idle(mission: Mission, workflow: Workflow, known: Known) -> NextStep | None:
    for session in known.live:
        if isinstance(session.status, Waiting):
            name, of = _name(workflow, session), _of(mission, known, session)
            is_step = any(state.run_id == session.id and state.phase == "running" for state in mission.steps)
            done = f"sc mission continue {_task(mission, known)}" if is_step else f"sc stop {of}"
            how = "say that it is done" if is_step else "end it"
            has_window = session.executor == "tmux"
            go_on = "go on in its window" if has_window else "send it a message"
            return NextStep(
                "idle",
                STAGE_WORDS["idle"],
                f"{name} is idle: {go_on}, or {how}",
                (f"sc attach {of}" if has_window else f"sc send {of} 'TEXT'", done),
                workflow.step(session.step_id),
                session.id,
            )
    return None


def _working(mission: Mission, workflow: Workflow, known: Known) -> NextStep | None:
    of_steps = [session for session in known.live if workflow.step(session.step_id) is not None]
    working = [session for session in of_steps if not isinstance(session.status, Queued)]
    if working:
        names = _listed([_name(workflow, session) for session in working])
        starts = all(isinstance(session.status, Starting) for session in working)
        stage: Stage = "starting" if starts else "working"
        verb = "starts" if starts else "is at work" if len(working) == 1 else "are at work"
        in_window = next((each for each in working if each.executor == "tmux"), None)
        watch = f"sc mission watch {_task(mission, known)}"
        go = (f"sc attach {_of(mission, known, in_window)}", watch) if in_window else (watch,)
        step = workflow.step(working[0].step_id)
        then = _then(workflow, step) if step else ""
        return NextStep(stage, STAGE_WORDS[stage], f"{names} {verb}{then}", go, step, working[0].id)
    if of_steps:
        session = of_steps[0]
        place = known.places.get(session.id)
        where = f"waits in the queue{f', at place {place}' if place else ''}"
        return NextStep(
            "queued",
            f"place {place} in the queue" if place else STAGE_WORDS["queued"],
            f"{_name(workflow, session)} {where}",
            (*(() if known.is_supervised else ("sc up",)), "sc queue"),
            workflow.step(session.step_id),
            session.id,
        )
    return None


def _starting(mission: Mission, workflow: Workflow, known: Known) -> NextStep | None:
    begun = running_steps(mission, workflow) or due(mission, workflow)
    if not begun:
        return None
    state = mission.state(begun[0].id)
    return NextStep(
        "starting",
        STAGE_WORDS["starting"],
        f"{_listed([step.name for step in begun])} {'is' if len(begun) == 1 else 'are'} about to begin"
        + ("" if known.is_supervised else "; no supervisor is up to start it"),
        (f"sc mission watch {_task(mission, known)}",)
        if known.is_supervised
        else ("sc up", f"sc mission watch {_task(mission, known)}"),
        begun[0],
        state.run_id if state else None,
    )


def _ready(mission: Mission, workflow: Workflow, known: Known) -> NextStep | None:
    free = startable(mission, workflow)
    if not free:
        return None
    words = "not begun" if mission.status == "draft" else STAGE_WORDS["ready"]
    if mission.status == "draft" and any(RAW_INPUT in step.inputs for step in free):
        write = f"sc mission edit {_task(mission, known)} {RAW_INPUT}"
        return NextStep("ready", words, "it does not say yet what is to be done", (write,), free[0])
    names = _listed([step.name for step in free])
    return NextStep("ready", words, f"{names} can begin", (f"sc mission continue {_task(mission, known)}",), free[0])


def _over(mission: Mission, workflow: Workflow, known: Known) -> NextStep:
    left = [state for state in mission.steps if state.phase not in FINISHED_PHASES]
    if left:
        step = workflow.step(left[0].step_id)
        name = step.name if step else left[0].step_id
        back = (
            f"sc mission show {_task(mission, known)}",
            f"sc mission back {_task(mission, known)} {_quoted(workflow.steps[0].id)}",
        )
        return NextStep("stuck", STAGE_WORDS["stuck"], f"{name} cannot begin: what it needs is not done", back, step)
    reopen = (f"sc mission reopen {_task(mission, known)}",)
    begun = {state.step_id for state in mission.steps if state.run_id or state.phase == "done"}
    if mission.steps and not begun:
        return NextStep("complete", STAGE_WORDS["complete"], "it is complete; none of its steps was begun", reopen)
    if mission.steps and not any(step.type == "agent" and step.id in begun for step in workflow.steps):
        look = (f"sc mission ls {_task(mission, known)}", *reopen)  # models alone make no branch
        return NextStep("complete", STAGE_WORDS["complete"], "it is complete; its work is its artifacts", look)
    if known.is_merged:
        return NextStep("complete", STAGE_WORDS["complete"], "it is complete, and merged", reopen)
    ways = (f"sc merge {_task(mission, known)}", f"sc pr {_task(mission, known)}")
    return NextStep("complete", STAGE_WORDS["complete"], f"it is complete; its work is on {mission.branch}", ways)


def _then(workflow: Workflow, step: Step) -> str:
    """What comes after it, as far as that is told by the order."""
    number = workflow.index(step.id)
    after = workflow.steps[number + 1 :] if number is not None else ()
    if not after:
        return ""
    return f"; then {after[0].name}" + (", which waits for you" if after[0].is_gate else "")


def _name(workflow: Workflow, session: Session) -> str:
    step = workflow.step(session.step_id)
    return step.name if step else f"the session {session.id}"


def _of(mission: Mission, known: Known, session: Session) -> str:
    """What names the session: the task, where it has no other one."""
    return _task(mission, known) if len(known.live) == 1 else session.id


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _task(mission: Mission, known: Known) -> str:
    """A title without a letter has no slug."""
    return known.task or mission.slug or mission.id


def _quoted(text: str) -> str:
    """For a shell: a workflow may come from a repository."""
    import shlex  # seldom needed

    return shlex.quote(text)
