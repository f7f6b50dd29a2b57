"""`sc doctor`: what scopecraft needs, and how to get what is not there."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from typing import get_args

import click

from scopecraft.cli.command import command
from scopecraft.cli.table import print_json, print_lines
from scopecraft.cli.terminal import Tone, cells, has_colour, pad, paint, width_of, wrap
from scopecraft.errors import ToolMissing
from scopecraft.model.text import clean_line
from scopecraft.sessions.doctor import Finding, Level, diagnose, something_is_missing

_MARKS: dict[Level, tuple[str, Tone]] = {
    "ok": ("ok", "green"),
    "info": ("info", "blue"),
    "warn": ("warning", "yellow"),
    "missing": ("missing", "red"),
}
_MARK_CELLS = 7


@command(
    "doctor",
    examples=(
        ("sc doctor", "every finding, and the line that mends it"),
        ("sc doctor --json", "for programs"),
    ),
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(as_json: bool) -> int:
    """Check git, tmux, the container engine, its image, credentials, disks and versions.

    Each finding comes with the line that mends it, or says that there is none. Takes ten seconds at most, also where
    the engine hangs.

    Exit code: 4 when something is missing that scopecraft cannot do without, else 0.
    """
    findings = diagnose(os.environ)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        print_lines(finding_lines(findings, width=width_of(sys.stdout), colour=has_colour(sys.stdout)))
    return ToolMissing.exit_code if something_is_missing(findings) else 0


def finding_lines(findings: list[Finding], *, width: int, colour: bool) -> list[str]:
    """One finding a line, what mends it below, and a last line that counts."""
    column = max((cells(finding.name) for finding in findings), default=0)
    lines: list[str] = []
    for finding in findings:
        lines += _lines_of(finding, column, width=width, colour=colour)
    return [*lines, "", _verdict(findings, colour)]


def _lines_of(finding: Finding, column: int, *, width: int, colour: bool) -> list[str]:
    word, tone = _MARKS[finding.level]
    mark = pad(word, _MARK_CELLS)
    margin = " " * (_MARK_CELLS + 2 + column + 2)
    room = max(20, width - len(margin)) if width else 0
    first, *more = wrap(clean_line(finding.text), room)
    head = f"{paint(mark, tone) if colour else mark}  {pad(finding.name, column)}  {first}"
    return [head, *(margin + line for line in more), *_mend_lines(finding, margin, room, colour=colour)]


def _mend_lines(finding: Finding, margin: str, room: int, *, colour: bool) -> list[str]:
    if finding.mend is None and finding.level in ("ok", "info"):
        return []
    text = clean_line(finding.mend) if finding.mend is not None else "there is no remedy at hand"
    # a line to be copied is never broken
    lines = [f"-> {text}"] if finding.mend is not None else wrap(f"-> {text}", room)
    return [margin + (paint(line, "cyan") if colour else line) for line in lines]


def _verdict(findings: list[Finding], colour: bool) -> str:
    counts = {level: sum(finding.level == level for finding in findings) for level in get_args(Level)}
    if counts["missing"]:
        text = f"{counts['missing']} missing, {counts['warn']} to look at: scopecraft cannot do everything yet"
        return paint(text, "red", "bold") if colour else text
    text = f"nothing is missing, {counts['warn']} to look at" if counts["warn"] else "all is well"
    return paint(text, "green", "bold") if colour else text
