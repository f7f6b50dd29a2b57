"""The table of `sc missions`. Pure, but for printing."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime

from scopecraft.cli.table import Cell, Column, print_lines, table_lines
from scopecraft.cli.terminal import Tone, has_colour, width_of
from scopecraft.model import clock
from scopecraft.model.duration import duration_text
from scopecraft.model.mission_words import STAGE_MARKS, STEP_MARKS, Stage, money_text
from scopecraft.sessions.missions_seen import MissionView

STAGE_TONES: dict[Stage, tuple[Tone, ...]] = {
    "asks": ("yellow", "bold"),
    "gate": ("yellow", "bold"),
    "failed": ("red", "bold"),
    "idle": ("cyan",),
    "ready": ("cyan",),
    "stuck": ("red",),
    "working": ("green",),
    "starting": ("green",),
    "queued": ("blue",),
    "complete": ("dim",),
}
_WIDE_CELLS = 120  # there is room for what to type
_ROOMY_CELLS = 100  # a narrower terminal has no room for what the step says already
_NARROW_CELLS = 60  # and this one for nothing but who needs what
_MOST_MARKS = 12
_LONGEST_STATUS = 40
_COLUMNS = {
    "MARK": Column(""),
    "TASK": Column("TASK", least=8),
    "PROJECT": Column("PROJECT", least=4),
    "STATUS": Column("STATUS", least=10),
    "STEP": Column("STEP", least=8),
    "PROGRESS": Column("PROGRESS"),
    "COST": Column("COST", right=True),
    "AGE": Column("AGE", right=True),
    "NEXT": Column("NEXT", least=8),
}


def print_missions(views: Sequence[MissionView]) -> None:
    """What a narrow terminal has no room for is left out; a pipe always gets the same columns."""
    print_lines(mission_lines(views, clock.now(), width=width_of(sys.stdout), colour=has_colour(sys.stdout)))


def mission_lines(views: Sequence[MissionView], now: datetime, *, width: int, colour: bool) -> list[str]:
    """A header and a line for each; `width` 0 is a pipe."""
    rows = [cells_of(view, now) for view in views]
    names = _shown_columns(rows, width)
    shown = [[row[name] for name in names] for row in rows]
    return table_lines([_COLUMNS[name] for name in names], shown, width=width, colour=colour)


def _shown_columns(rows: Sequence[Mapping[str, Cell]], width: int) -> list[str]:
    left_out: set[str] = set()
    if width:
        left_out |= {name for name in ("PROJECT",) if len({row[name].text for row in rows}) == 1}
        left_out |= {name for name in ("COST",) if not any(row[name].text for row in rows)}
    if 0 < width < _WIDE_CELLS:
        left_out.add("NEXT")
    if 0 < width < _ROOMY_CELLS:
        left_out |= {"PROGRESS"}
    if 0 < width < _NARROW_CELLS:
        left_out |= {"PROJECT", "STEP", "COST", "AGE"}
    return [name for name in _COLUMNS if name not in left_out]


def cells_of(view: MissionView, now: datetime) -> dict[str, Cell]:
    mission, following = view.mission, view.next
    tones = STAGE_TONES[following.stage]
    age = (now - clock.from_text(mission.created_at)).total_seconds()
    return {
        "MARK": Cell(STAGE_MARKS[following.stage], tones),
        "TASK": Cell(mission.slug or mission.id, ("bold",)),
        "PROJECT": Cell(mission.project),
        "STATUS": Cell(following.words[:_LONGEST_STATUS], tones),
        "STEP": Cell(step_text(view)),
        "PROGRESS": Cell(progress_text(view)),
        "COST": Cell(money_text(view.cost_usd)),
        "AGE": Cell(duration_text(age)),
        "NEXT": Cell(following.commands[0] if following.commands and following.needs_person else ""),
    }


def step_text(view: MissionView) -> str:
    """`3/8 Research`: of the step that is told about, else of the one that the mission stands at."""
    steps = view.workflow.steps
    step = view.next.step
    number = view.workflow.index(step.id) if step else None
    if number is None:
        number = view.mission.current_step
    return f"{number + 1}/{len(steps)} {steps[number].name}" if number < len(steps) else view.next.step_name


def progress_text(view: MissionView) -> str:
    """A mark for each step: `++?.....`; of many steps how many are finished."""
    if len(view.marks) > _MOST_MARKS:
        return f"{view.finished}/{len(view.marks)}"
    return "".join(STEP_MARKS[mark] for _, mark in view.marks)
