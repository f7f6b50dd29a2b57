"""The live view of a running session: entries as they come, and on a terminal a line below that says how it is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from types import TracebackType
from typing import Self, TextIO

from scopecraft.cli.entries import lines_of
from scopecraft.cli.terminal import fit, has_colour, is_terminal, paint, width_of
from scopecraft.model.activity import Activity, Entry
from scopecraft.model.duration import duration_text
from scopecraft.model.text import clean_line
from scopecraft.model.usage_words import counted, usage_text

_SECONDS_BETWEEN_DRAWINGS = 0.1
_CLEAR_LINE = "\r\x1b[2K"
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_PLAIN_SPINNER = "|/-\\"


class ProgressView:
    """Draws on one stream, at most ten times a second; without a terminal it prints lines and nothing else."""

    def __init__(self, stream: TextIO, *, full: bool = False) -> None:
        self._stream = stream
        self._full = full
        self._live = is_terminal(stream)
        self._colour = has_colour(stream)
        self._frames = _frames_for(stream)
        self._status = ""  # what stands in the last line now, as it was written
        self._drawn_at: float | None = None  # seconds of the session

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.clear()

    def entry(self, entry: Entry, at: datetime | None) -> None:
        """Print an entry; `at` is when it was seen (shown in local time), None for one of an unknown time."""
        time_text = f"{at.astimezone():%H:%M:%S}" if at is not None else ""
        width = width_of(self._stream)
        lines = lines_of(entry, width=width, colour=self._colour, at=time_text, full=self._full)
        self._put(lines, keep_status=True)

    def tick(self, activity: Activity, elapsed_seconds: float) -> None:
        """Draw the status line anew; calls that come too early cost nothing."""
        if not self._live or not self._is_due(elapsed_seconds):
            return
        self._drawn_at = elapsed_seconds
        text = fit(status_text(activity, elapsed_seconds, self._frames), width_of(self._stream) - 1)
        status = paint(text, "dim") if self._colour else text
        if status != self._status:
            self._status = status
            self._write(_CLEAR_LINE + status)

    def clear(self) -> None:
        """Take the status line away, before a question or the end; the next tick draws it again."""
        if self._status:
            self._status = ""
            self._drawn_at = None
            self._write(_CLEAR_LINE)

    def done(self, lines: Iterable[str]) -> None:
        """The last words, already safe to show: what came of it."""
        self._put(list(lines), keep_status=False)
        self._status = ""

    def _is_due(self, elapsed_seconds: float) -> bool:
        return self._drawn_at is None or elapsed_seconds - self._drawn_at >= _SECONDS_BETWEEN_DRAWINGS

    def _put(self, lines: list[str], *, keep_status: bool) -> None:
        # one write for all of it: the status line never flickers
        before = _CLEAR_LINE if self._status else ""
        after = self._status if keep_status else ""
        self._write(before + "".join(line + "\n" for line in lines) + after)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def status_text(activity: Activity, elapsed_seconds: float, frames: str = _PLAIN_SPINNER) -> str:
    """`/ 2m14s · in 41k · out 3k · $0.38 · 12 tool calls · Bash`."""
    frame = frames[int(elapsed_seconds * 10) % len(frames)]
    parts = [f"{frame} {duration_text(elapsed_seconds)}", usage_text(activity.usage)]
    if activity.tool_calls:
        parts.append(counted(activity.tool_calls, "tool call"))
    if activity.error_count:
        parts.append(counted(activity.error_count, "error"))
    if activity.open_tool_calls:
        parts.append("a tool is running")
    elif activity.model:
        parts.append(clean_line(activity.model, 40))
    return " · ".join(part for part in parts if part)


def summary_lines(activity: Activity, elapsed_seconds: float) -> list[str]:
    """What a session came to, in a line or two: how long, what it used, what went wrong."""
    parts = [duration_text(elapsed_seconds), usage_text(activity.usage)]
    if activity.tool_calls:
        parts.append(counted(activity.tool_calls, "tool call"))
    lines = [" · ".join(part for part in parts if part)]
    if activity.damaged_count:
        named = ", ".join(str(line) for line in activity.damaged_lines[:10])
        more = " …" if activity.damaged_count > 10 else ""
        lines.append(f"{counted(activity.damaged_count, 'damaged line')} in the stream: {named}{more}")
    return lines


def _frames_for(stream: TextIO) -> str:
    try:
        _SPINNER.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _PLAIN_SPINNER
    return _SPINNER
