"""Before a yes: exactly what is approved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scopecraft.cli.gate_shown import gate_lines, what_is_approved
from scopecraft.cli.terminal import wrap
from scopecraft.tui.dialogs import Choose

if TYPE_CHECKING:
    from scopecraft.sessions.gate_content import OpenGate
    from scopecraft.tui.moves import Waiting


def approval_dialog(waiting: Waiting, width: int) -> Choose:
    """Answers `yes`, or what becomes of work that is not committed: `commit` or `leave`."""
    gate = waiting.gate
    shown = [part for line in gate_lines(gate, colour=True) for part in _wrapped(line, width)]
    lines = [*shown, *waiting.changes]
    what = what_is_approved(gate)
    question = f"approve {gate.step.name} of {gate.mission.slug}{f' ({what})' if what else ''}?"
    return Choose(lines, question, _answers(gate))


def _wrapped(line: str, width: int) -> list[str]:
    """All of a document is to be seen; lines of ours with colours are short."""
    return [line] if "\x1b" in line else wrap(line.expandtabs(4), width)


def _answers(gate: OpenGate) -> dict[str, tuple[str, str]]:
    if gate.work is None or not (gate.work.uncommitted is None or gate.work.uncommitted or gate.work.is_partial):
        return {"y": ("yes", "yes")}
    answers = {"o": ("leave", "only what is committed")}
    if gate.work.uncommitted and not gate.work.is_partial:
        answers = {"t": ("commit", "take the rest into a commit of yours"), **answers}
    return answers
