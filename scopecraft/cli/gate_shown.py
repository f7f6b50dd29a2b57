"""What a gate is about, on the screen: the artifact as text, or what the code review is of."""

from __future__ import annotations

import sys
from collections.abc import Generator

from scopecraft.cli.changed_files import host_file_lines, stat_lines, totals
from scopecraft.cli.patch_output import show_lines
from scopecraft.cli.terminal import Tone, has_colour, paint
from scopecraft.model.text import clean, clean_line
from scopecraft.model.usage_words import count_text
from scopecraft.sessions.gate_content import OpenGate, Work

SHORT = 12


def show_gate(gate: OpenGate) -> None:
    """On stdout, through a pager at a terminal; nothing in it steers that."""
    slug = clean_line(gate.mission.slug)
    whole = f"sc diff {slug}" if gate.work else f"sc mission cat {slug} {gate.step.review}"
    show_lines(gate_lines(gate, colour=has_colour(sys.stdout)), whole)


def what_is_approved(gate: OpenGate) -> str:
    """`plan.md 1a2b3c4d5e6f`, the commit, or both; empty where the gate is about nothing."""
    parts = [f"{gate.step.review} {gate.seen.sha256[:SHORT]}"] if gate.seen.sha256 else []
    if gate.work is not None:
        parts.append(f"commit {gate.work.tip[:SHORT]} on {gate.mission.branch}")
    return clean_line(", ".join(parts))


def gate_lines(gate: OpenGate, *, colour: bool) -> Generator[str, None, None]:
    """Safe to show: a document as it is, of code the changed files, and those that would run on the host."""

    def toned(text: str, *tones: Tone) -> str:
        return paint(text, *tones) if colour else text

    yield toned(f"{clean_line(gate.step.name)} of {clean_line(gate.mission.slug)}", "bold")
    if gate.content is not None:
        yield from ("", toned(f"{gate.step.review}:", "bold"))
        if b"\0" in gate.content:
            yield f"no text: {count_text(len(gate.content))} bytes"
        else:
            yield from clean(gate.content.decode("utf-8", "surrogateescape")).splitlines()
    if gate.work is None:
        return
    yield ""
    yield from _code(gate, gate.work, colour=colour)
    if gate.work.host_files:
        yield from ("", toned("what runs on your machine was changed:", "bold", "red"))
        yield from (f"  {line}" for line in host_file_lines(gate.work.host_files))
    yield from ("", f"the change itself: sc diff {clean_line(gate.mission.slug)}")


def _code(gate: OpenGate, work: Work, *, colour: bool) -> Generator[str, None, None]:
    yield f"{clean_line(gate.mission.branch)} since {work.base[:SHORT]}: {totals(work.committed)}"
    yield from stat_lines(work.committed, colour=colour)
    if work.uncommitted:
        yield from ("", f"not committed: {totals(work.uncommitted)}")
        yield from stat_lines(work.uncommitted, colour=colour)
    yield from (clean_line(note) for note in work.notes)
