"""An entry of the journal as a line that a person reads. Its text comes from strangers, and cannot steer a terminal."""

from __future__ import annotations

from scopecraft.cli.terminal import Tone, fit, pad, paint
from scopecraft.model import clock
from scopecraft.model.event_words import Mood, mood_of, said_of
from scopecraft.model.text import clean_line
from scopecraft.model.usage_words import used_of
from scopecraft.sessions.journal import JournalEntry

TASK_CELLS = 16
_ROOMY_CELLS = 80  # a narrower terminal has no room for the day
_NARROW_CELLS = 60
_DIM: tuple[Tone, ...] = ("dim",)
_BOLD: tuple[Tone, ...] = ("bold",)
_TONES: dict[Mood, tuple[Tone, ...]] = {
    "good": ("green",),
    "bad": ("red",),
    "asks": ("yellow",),
    "idle": ("cyan",),
    "": (),
}


def event_line(entry: JournalEntry, *, width: int, colour: bool) -> str:
    """When in local time, the task, what happened; cut to `width` cells, 0: not at all."""
    said = said_of(entry.event, entry.outcome)
    at = clock.from_text(entry.event.at).astimezone()
    when = f"{at:%Y-%m-%d %H:%M:%S}" if not 0 < width < _ROOMY_CELLS else f"{at:%H:%M:%S}"
    size = TASK_CELLS if not 0 < width < _NARROW_CELLS else TASK_CELLS // 2
    task = pad(fit(clean_line(entry.task or "-"), 2 * size if not width else size), size)
    rest = clean_line(said.detail)
    used = used_of(entry.event)
    parts = [(f"{when}  ", _DIM), (f"{task}  ", _BOLD), (clean_line(said.what), _TONES[mood_of(entry.event)])]
    if rest or used:
        parts.append((": " + " · ".join(part for part in (rest, used) if part), ()))
    return _cut(parts, width, colour)


def _cut(parts: list[tuple[str, tuple[Tone, ...]]], width: int, colour: bool) -> str:
    left = fit("".join(text for text, _ in parts), width)
    line = ""
    for text, tones in parts:
        piece, left = left[: len(text)], left[len(text) :]
        line += paint(piece, *tones) if colour else piece
    return line
