"""The page of `sc mission show`: a mission's head, its steps with what became of each, and what happens next. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from scopecraft.cli.terminal import Tone, cells, pad, paint, wrap
from scopecraft.model import clock
from scopecraft.model.duration import duration_text
from scopecraft.model.mission_words import STEP_MARKS, STEP_WORDS, StepMark, money_text
from scopecraft.model.text import clean_line
from scopecraft.model.usage_words import count_text
from scopecraft.model.workflow import Step
from scopecraft.sessions.mission_page import Kept, MissionPage
from scopecraft.sessions.mission_story import (
    HASH_CHARACTERS,
    Mood,
    latest_checks,
    latest_outside,
    local_minute,
    played_by,
    runs_beside,
    step_story,
)

LABEL_CELLS = 10
_LONGEST_TEXT = 500
_NARROW_CELLS = 60  # here a step's name and how it stands have no columns of their own
_MOST_ARTIFACTS = 20
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
_MOODS: dict[Mood, tuple[Tone, ...]] = {"plain": (), "good": ("green",), "bad": ("red",), "waits": ("yellow",)}


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
    blocks += [[*_beside(page, now)], [*_happened(page), *_artifacts(page.artifacts)], [*_next(page)]]
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
    yield _row("created", f"{local_minute(mission.created_at)}, {duration_text(age)} ago")
    if page.view.cost_usd is not None:
        yield _row("cost", money_text(page.view.cost_usd))
    if mission.pull_request is not None:
        yield _row("pull", f"request {mission.pull_request.number}, at {mission.pull_request.head[:HASH_CHARACTERS]}")
    if mission.is_frozen:
        yield _row("archived", "its folder stands in missions/completed")


def _timeline(page: MissionPage, now: datetime, *, is_roomy: bool) -> Iterator[_Line]:
    size = max((cells(clean_line(step.name)) for step in page.view.workflow.steps), default=0)
    for number, (step, mark) in enumerate(page.view.marks, 1):
        words = " · ".join(part for part in (STEP_WORDS[mark], played_by(step)) if part)
        lead, name = f"{STEP_MARKS[mark]} {number:>2} ", clean_line(step.name)
        if is_roomy:
            yield _Line(f"{lead}{pad(name, size)}  ", words, _TONES[mark])
        else:
            yield _Line(lead, f"{name} · {words}" if words else name, _TONES[mark])
        yield from _of_step(page, step, now)


def _of_step(page: MissionPage, step: Step, now: datetime) -> Iterator[_Line]:
    """What became of it, in the order in which it happened."""
    for told in step_story(page, step, now):
        yield _inner(told.text, _MOODS[told.mood])


def _beside(page: MissionPage, now: datetime) -> Iterator[_Line]:
    for told in runs_beside(page, now):
        yield _Line("  beside  ", f"{told.run.session.step_id}: {told.text}", ("dim",), _MOODS[told.mood])


def _happened(page: MissionPage) -> Iterator[_Line]:
    yield from (_row("check", text) for text in latest_checks(page))
    yield from (_row("happened", text) for text in latest_outside(page))


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
