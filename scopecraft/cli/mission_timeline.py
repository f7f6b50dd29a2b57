"""The page of `sc mission show`: a mission's head, its steps with what became of each, and what happens next. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from scopecraft.cli.terminal import Tone, cells, pad, paint, wrap
from scopecraft.missions.advance import FINISHED
from scopecraft.model import clock
from scopecraft.model.duration import duration_text
from scopecraft.model.event import Event
from scopecraft.model.event_words import said_of
from scopecraft.model.mission import Approval, StepState
from scopecraft.model.mission_words import STEP_MARKS, STEP_WORDS, StepMark, money_text
from scopecraft.model.session import Completed, Ended, Killed, Queued, Starting, Waiting, began_at
from scopecraft.model.session_words import WAITING_FOR, end_sentence
from scopecraft.model.text import clean_line
from scopecraft.model.usage_words import count_text, usage_text
from scopecraft.model.workflow import Step
from scopecraft.sessions.mission_page import Kept, MissionPage, Run

LABEL_CELLS = 10
_HASH_CELLS = 12
_LONGEST_TEXT = 500
_LATEST_CHECKS = 5
_NARROW_CELLS = 60  # here a step's name and how it stands have no columns of their own
_MOST_ARTIFACTS = 20
_BESIDE = frozenset({"visit"})  # a person's own shell is no part of a mission's story
_TOLD_OF_A_GATE = ("gate_approved", "gate_rejected", "gate_opened")
_OUTSIDE = frozenset(
    {"branch_merged", "branch_synced", "branch_pushed", "pull_request_opened", "mission_completed", "mission_reopened"}
)
_TONES: dict[StepMark, tuple[Tone, ...]] = {
    "done": ("green",),
    "skipped": ("dim",),
    "failed": ("red", "bold"),
    "running": ("green", "bold"),
    "queued": ("blue",),
    "waits": ("yellow", "bold"),
    "ready": ("cyan",),
    "pending": ("dim",),
}


@dataclass(frozen=True, slots=True)
class _Line:
    """A text behind a label or a mark; what does not fit goes on below itself."""

    lead: str
    text: str
    tones: tuple[Tone, ...] = ("dim",)
    text_tones: tuple[Tone, ...] = ()


def page_lines(page: MissionPage, now: datetime, *, width: int, colour: bool) -> list[str]:
    """`width` 0 is a pipe: nothing is wrapped. All text of strangers is made safe."""
    is_roomy = not 0 < width < _NARROW_CELLS
    title = _Line("", page.view.mission.title, (), ("bold",))
    blocks = [[title, *_head(page, now)], list(_timeline(page, now, is_roomy=is_roomy))]
    blocks += [[*_beside(page, now)], [*_checks(page), *_outside(page), *_artifacts(page.artifacts)], [*_next(page)]]
    lines: list[str] = []
    for block in blocks:
        if block:
            lines += [*([""] if lines else []), *(text for line in block for text in _shown(line, width, colour))]
    return lines


def _head(page: MissionPage, now: datetime) -> Iterator[_Line]:
    mission, following = page.view.mission, page.view.next
    age = (now - clock.from_text(mission.created_at)).total_seconds()
    yield _row("id", mission.id)
    yield _row("task", mission.slug)
    yield _row("type", mission.type)
    yield _row("project", mission.project)
    yield _row("branch", mission.branch)
    yield _row("workflow", f"{page.view.workflow.name} ({page.view.workflow.id}, {page.view.workflow.source})")
    if page.parent:
        yield _row("part of", page.parent)
    yield _row("status", following.words)
    yield _row("created", f"{_local(mission.created_at)}, {duration_text(age)} ago")
    if page.view.cost_usd is not None:
        yield _row("cost", money_text(page.view.cost_usd))
    if mission.pull_request is not None:
        yield _row("pull", f"request {mission.pull_request.number}, at {mission.pull_request.head[:_HASH_CELLS]}")
    if mission.is_frozen:
        yield _row("archived", "its folder stands in missions/completed")


def _timeline(page: MissionPage, now: datetime, *, is_roomy: bool) -> Iterator[_Line]:
    size = max((cells(clean_line(step.name)) for step in page.view.workflow.steps), default=0)
    for number, (step, mark) in enumerate(page.view.marks, 1):
        state = page.view.mission.state(step.id) or StepState(step.id)
        words = " · ".join(part for part in (STEP_WORDS[mark], _kind(step)) if part)
        lead, name = f"{STEP_MARKS[mark]} {number:>2} ", clean_line(step.name)
        if is_roomy:
            yield _Line(f"{lead}{pad(name, size)}  ", words, _TONES[mark])
        else:
            yield _Line(lead, f"{name} · {words}" if words else name, _TONES[mark])
        yield from _of_step(page, step, state, now)


def _of_step(page: MissionPage, step: Step, state: StepState, now: datetime) -> Iterator[_Line]:
    """What became of it, in the order in which it happened."""
    told: list[tuple[str, _Line]] = [
        (run.session.created_at, _inner(_run_text(run, now), _run_tones(run))) for run in page.runs_of(step.id)
    ]
    gate_events = page.events_of(step.id, _TOLD_OF_A_GATE)
    told += [(event.at, line) for event in gate_events for line in _decision(step, event)]
    noted = {event.at for event in gate_events if event.kind == "gate_approved"}
    if state.approval is not None and state.approval.at not in noted:
        told.append((state.approval.at, _inner(_approval_text(step, state.approval))))
    yield from (line for _, line in sorted(told, key=lambda each: each[0]))
    if state.approval is not None and state.approval.host_files:
        yield _inner(f"would run on your machine: {', '.join(state.approval.host_files)}", ("yellow",))
    if step.id in page.changed and not any(_is_reopening(event) for event in gate_events[-1:]):
        yield _inner("what was approved has changed since: it waits again", ("yellow",))
    if step.loop is not None and state.loops:
        yield _inner(f"its verdict sent the work back {state.loops} of at most {step.loop.at_most} times")
    if state.phase == "pending" and state.feedback:
        yield _inner(f"is told: {state.feedback[-1]}")


def _kind(step: Step) -> str:
    """Who does it: a person, a model, or an agent in its role."""
    if step.is_gate:
        return ""
    where = "in a window" if step.mode == "dispatch" else ""
    return " ".join(part for part in (step.role or "", where) if part)


def _run_text(run: Run, now: datetime) -> str:
    session, status = run.session, run.session.status
    who = ", ".join(part for part in (session.agent, session.model or "") if part)
    end = clock.from_text(status.ended_at) if isinstance(status, Ended) else now
    seconds = (end - clock.from_text(began_at(session))).total_seconds()
    parts = [f"attempt {session.attempt}" if session.attempt > 1 else "", session.id, who]
    if isinstance(status, Ended):
        is_good = _is_good(status)
        parts += [duration_text(seconds), usage_text(run.usage), "" if is_good else end_sentence(status)]
    elif isinstance(status, Queued):
        parts.append("in the queue")
    elif isinstance(status, Starting):
        parts.append("starts")
    else:
        asks = WAITING_FOR[status.reason] if isinstance(status, Waiting) else ""
        parts += [duration_text(seconds), asks]
    return " · ".join(part for part in parts if part)


def _run_tones(run: Run) -> tuple[Tone, ...]:
    status = run.session.status
    if isinstance(status, Ended) and not _is_good(status):
        return ("red",)
    return ("yellow",) if isinstance(status, Waiting) else ()


def _is_good(status: Ended) -> bool:
    """A window is ended by whoever says that its step is done."""
    outcome = status.outcome
    return isinstance(outcome, Completed) or (isinstance(outcome, Killed) and outcome.by.startswith(FINISHED))


def _decision(step: Step, event: Event) -> Iterator[_Line]:
    by = str(event.data.get("by") or "somebody")
    if event.kind == "gate_approved":
        sha256, commit = event.data.get("sha256"), event.data.get("commit")
        approval = Approval(
            by,
            event.at,
            step.review if sha256 else None,
            str(sha256) if sha256 else None,
            str(commit) if commit else None,
        )
        yield _inner(_approval_text(step, approval), ("green",))
    elif event.kind == "gate_rejected":
        why = str(event.data.get("why") or event.data.get("reason") or "")
        yield _inner(f"rejected by {by}, {_local(event.at)}" + (f": {why}" if why else ""), ("yellow",))
    elif _is_reopening(event):
        yield _inner(f"waits again since {_local(event.at)}: {event.data.get('because')}", ("yellow",))


def _is_reopening(event: Event) -> bool:
    return event.kind == "gate_opened" and bool(event.data.get("because"))


def _approval_text(step: Step, approval: Approval) -> str:
    what = []
    if approval.sha256:
        what.append(f"{approval.artifact or step.review} {approval.sha256[:_HASH_CELLS]}")
    if approval.commit:
        what.append(f"commit {approval.commit[:_HASH_CELLS]}")
    return f"approved by {approval.by}, {_local(approval.at)}" + (f": {', '.join(what)}" if what else "")


def _beside(page: MissionPage, now: datetime) -> Iterator[_Line]:
    """Sessions that a person asked for beside the workflow."""
    steps = {step.id for step in page.view.workflow.steps} | _BESIDE
    for run in page.runs:
        if run.session.step_id not in steps:
            yield _Line("  beside  ", f"{run.session.step_id}: {_run_text(run, now)}", ("dim",), _run_tones(run))


def _checks(page: MissionPage) -> Iterator[_Line]:
    ran = [event for event in page.events if event.kind == "check_ran"]
    for event in ran[-_LATEST_CHECKS:]:
        yield _row("check", f"{_local(event.at)}: {said_of(event).detail}")


def _outside(page: MissionPage) -> Iterator[_Line]:
    """What became of its branch, and of the mission as a whole."""
    happened = [event for event in page.events if event.kind in _OUTSIDE]
    for event in happened[-_LATEST_CHECKS:]:
        yield _row("happened", f"{_local(event.at)}: {said_of(event)}")


def _artifacts(kept: Sequence[Kept]) -> Iterator[_Line]:
    for each in kept[:_MOST_ARTIFACTS]:
        artifact = each.artifact
        if artifact.refusal:
            yield _row("artifact", f"{artifact.name} cannot be read: {artifact.refusal}")
            continue
        versions = f", {each.versions} versions" if each.versions > 1 else ""
        yield _row("artifact", f"{artifact.name} ({count_text(artifact.size)} bytes{versions})")
    if len(kept) > _MOST_ARTIFACTS:
        yield _row("artifacts", f"{len(kept) - _MOST_ARTIFACTS} more")


def _next(page: MissionPage) -> Iterator[_Line]:
    following = page.view.next
    yield _Line("next: ", following.sentence, ("bold",))
    for command in following.commands:
        yield _Line("  ", command, (), ("cyan",))


def _row(label: str, text: str) -> _Line:
    return _Line(f"  {pad(label, LABEL_CELLS)} ", text)


def _inner(text: str, tones: tuple[Tone, ...] = ()) -> _Line:
    return _Line("       ", text, (), tones or ("dim",))


def _shown(line: _Line, width: int, colour: bool) -> list[str]:
    text = clean_line(line.text, _LONGEST_TEXT)
    # below a narrow margin there must be room for words
    room = max(width - cells(line.lead), 12) if width else 0
    parts = wrap(text, room)
    leads = [line.lead, *(" " * cells(line.lead) for _ in parts[1:])]
    if not colour:
        return [f"{lead}{part}".rstrip() for lead, part in zip(leads, parts, strict=True)]
    return [paint(lead, *line.tones) + paint(part, *line.text_tones) for lead, part in zip(leads, parts, strict=True)]


def _local(at: str) -> str:
    return f"{clock.from_text(at).astimezone():%Y-%m-%d %H:%M}"
