"""The lines of `sc watch`: what waits for a person, what works, what is idle, what stands in line. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from scopecraft.cli.ls import task_text, tones_of, word_of
from scopecraft.cli.table import Cell, Column, table_lines
from scopecraft.cli.terminal import Tone, fit, paint
from scopecraft.cli.watch_board import Board
from scopecraft.model import clock
from scopecraft.model.duration import duration_text
from scopecraft.model.queue import QueueRules
from scopecraft.model.session import Running
from scopecraft.model.text import clean_line
from scopecraft.model.usage_words import count_text
from scopecraft.sessions.look import View
from scopecraft.supervisor.watching import Activities

ORDER = ("waiting", "running", "starting", "unknown", "idle", "queued")
_COUNTED = {
    "waiting": ("1 waits for you", "{} wait for you"),
    "running": ("1 works", "{} work"),
    "starting": ("1 starts", "{} start"),
    "unknown": ("1 unknown", "{} unknown"),
    "idle": ("1 idle", "{} idle"),
    "queued": ("1 in line", "{} in line"),
}
_LONGEST_DETAIL = 300
_LONGEST_TASK = 28
_ROOMY_CELLS = 100  # a narrower terminal has more use for what is asked than for who asks
_NARROW_CELLS = 60  # here what is asked or done stands in a line of its own
_KEYS = "q leaves · sc attach TASK goes there · sc answer TASK answers"
_TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
_COLUMNS = {
    "TASK": Column("TASK", least=8),
    "STATE": Column("STATE"),
    "SINCE": Column("SINCE", right=True),
    "PROJECT": Column("PROJECT", least=4),
    "AGENT": Column("AGENT", least=4),
    "TOKENS": Column("TOKENS", right=True),
    "COST": Column("COST", right=True),
    "DETAIL": Column("DETAIL", least=8),
}


def watch_lines(board: Board | None, now: datetime, *, width: int, height: int = 0, colour: bool = False) -> list[str]:
    """A sum, the table, and how to leave, in `height` lines; 0: all there is, and no word on keys."""
    if board is None:
        return [_painted("looking …", width, colour, "dim")]
    views = sorted(board.views, key=_order)
    head = [_painted(_sum(views, board.rules), width, colour, "bold")]
    if board.complaint:
        head.append(_painted(f"cannot look: {clean_line(board.complaint)}", width, colour, "red"))
    if board.is_stuck:
        head.append(_painted("no supervisor is up to start what waits: sc up", width, colour, "yellow"))
    head += [_painted(clean_line(notice), width, colour, "yellow") for notice in board.notices[-1:]]
    keys = _KEYS if width >= _NARROW_CELLS else _KEYS.partition(" · ")[0]
    foot = [_painted(keys, width, colour, "dim")] if height else []
    blocks = _blocks(views, board.activities, now, width=width, colour=colour)
    if not blocks:
        return [*head, *(["", *foot] if foot else [])]
    title, *rows = blocks
    spaced = not height or height > len(head) + len(foot) + 6
    gap = [""] if spaced else []
    room = height - len(head) - len(foot) - len(title) - 2 * len(gap) if height else None
    body = [line for row in _cut(rows, room, width, colour) for line in row]
    lines = [*head, *gap, *title, *body, *(gap if foot else []), *foot]
    return lines[:height] if height else lines


def _order(view: View) -> tuple[int, int, str]:
    return ORDER.index(view.word), view.place, view.since or view.session.created_at


def _sum(views: Sequence[View], rules: QueueRules) -> str:
    counts = Counter(view.word for view in views)
    parts = []
    for word in ORDER:
        one, many = _COUNTED[word]
        if counts[word]:
            parts.append(one if counts[word] == 1 else many.format(counts[word]))
    told = " · ".join(parts) or "nothing runs, and nothing waits"
    if rules.is_paused:
        because = clean_line(rules.paused_because)
        told += " · the queue is paused" + (f": {because}" if because else "")
    if rules.parked_until:
        told += f" · the queue is parked until {clock.from_text(rules.parked_until).astimezone():%H:%M}"
    return told


def _blocks(
    views: Sequence[View], activities: Activities, now: datetime, *, width: int, colour: bool
) -> list[list[str]]:
    """The titles of the columns, then the lines of each session."""
    if not views:
        return []
    rows = [_cells_of(view, activities.get(view.session.id, {}), now) for view in views]
    names = _shown(rows, width)
    lines = table_lines(
        [_COLUMNS[name] for name in names], [[row[name] for name in names] for row in rows], width=width, colour=colour
    )
    blocks = [[line] for line in lines]
    if "DETAIL" not in names:
        for block, row, view in zip(blocks[1:], rows, views, strict=True):
            if row["DETAIL"].text and view.word != "queued":  # its place among the others says enough
                block.append(_painted(f"  {row['DETAIL'].text}", width, colour))
    return blocks


def _cut(rows: list[list[str]], room: int | None, width: int, colour: bool) -> list[list[str]]:
    """As many whole rows as there is room for, and how many there would be beside them."""
    if room is None or sum(len(row) for row in rows) <= room:
        return rows
    kept: list[list[str]] = []
    used = 1  # for the word on the rest
    for row in rows:
        if used + len(row) > room:
            break
        kept.append(row)
        used += len(row)
    return [*kept, [_painted(f"… and {len(rows) - len(kept)} more", width, colour, "dim")]]


def _shown(rows: Sequence[Mapping[str, Cell]], width: int) -> list[str]:
    left_out = {name for name in ("TOKENS", "COST") if not any(row[name].text for row in rows)}
    left_out |= {name for name in ("AGENT", "PROJECT") if len({row[name].text for row in rows}) == 1}
    if 0 < width < _ROOMY_CELLS:
        left_out |= {"AGENT", "TOKENS"}
    if 0 < width < _NARROW_CELLS:
        left_out |= {"PROJECT", "COST", "DETAIL"}
    return [name for name in _COLUMNS if name not in left_out]


def _cells_of(view: View, activity: Mapping[str, Any], now: datetime) -> dict[str, Cell]:
    session = view.session
    since = (now - clock.from_text(view.since)).total_seconds() if view.since else None
    tokens = sum(int(activity.get(name) or 0) for name in _TOKENS)
    cost = activity.get("cost_usd")
    return {
        "TASK": Cell(fit(clean_line(task_text(session)), _LONGEST_TASK), ("bold",)),
        "STATE": Cell(word_of(view), tones_of(view)),
        "SINCE": Cell("" if since is None else duration_text(since)),
        "PROJECT": Cell(session.project),
        "AGENT": Cell(session.agent),
        "TOKENS": Cell(count_text(tokens) if tokens else ""),
        "COST": Cell(f"${cost:.2f}" if isinstance(cost, int | float) else ""),
        "DETAIL": Cell(clean_line(_detail(view, activity), _LONGEST_DETAIL)),
    }


def _detail(view: View, activity: Mapping[str, Any]) -> str:
    """What is asked; of one that works, the tool that it uses or what it said last."""
    if view.detail or not isinstance(view.session.status, Running):
        return view.detail
    names = ("tool", "last_message") if activity.get("is_tool_open", True) else ("last_message", "tool")
    return next((str(activity[name]) for name in names if activity.get(name)), "")


def _painted(text: str, width: int, colour: bool, *tones: Tone) -> str:
    text = fit(text, width)
    return paint(text, *tones) if colour else text
