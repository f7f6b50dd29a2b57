"""Alerts for dangerous operations: what a tool is told to do, before anybody knows whether it works.

This tells a person; it stops nobody. An agent that hides what it does is held by its container, not by this.
docs/reference/alerts.md shows the table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scopecraft.errors import BadInput, BadSettings
from scopecraft.model.activity import ToolCall
from scopecraft.model.event import Alert
from scopecraft.model.expression import compiled
from scopecraft.model.text import clean_line
from scopecraft.streams.danger_beyond import BEYOND_RULES
from scopecraft.streams.danger_git import GIT_RULES
from scopecraft.streams.danger_machine import MACHINE_RULES
from scopecraft.streams.danger_rule import Rule
from scopecraft.streams.shell_text import runs

LOOKED_AT_CHARACTERS = 2_000  # many expressions are slow on long texts
SHOWN_CHARACTERS = 200
RULES: tuple[Rule, ...] = (*MACHINE_RULES, *GIT_RULES, *BEYOND_RULES)
OWN_CODE = "danger_own_rule"
OWN_TEXT = "it does what an expression in `alerts.dangerous` looks for"

_RUNS_COMMANDS = re.compile(r"bash|shell|exec|terminal|command", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dangers:
    """What is looked for: the built-in rules, and a person's own expressions; `worktree` is where the agent works."""

    own: tuple[re.Pattern[str], ...] = ()
    worktree: str = ""


def dangers(expressions: Sequence[str] = (), *, worktree: str = "") -> Dangers:
    """BadSettings names an expression that is none."""
    return Dangers(tuple(map(_compiled, expressions)), worktree.rstrip("/"))


def dangers_of(call: ToolCall, looked_for: Dangers) -> list[Alert]:
    """One alert for each rule that the call breaks, none for nearly all of them; never raises."""
    shown = clean_line(call.command or ", ".join(call.files) or call.input_text, SHOWN_CHARACTERS)
    return [Alert(code, f"{text}: {shown}") for code, text in _broken(call, looked_for)]


def _broken(call: ToolCall, looked_for: Dangers) -> Iterator[tuple[str, str]]:
    command = call.command or (call.input_text if _RUNS_COMMANDS.search(call.name) else "")
    command = command[:LOOKED_AT_CHARACTERS]
    # one word given to a tool that runs no commands may be a path
    named = "" if command or len(call.input_text.split(None, 1)) != 1 else call.input_text[:LOOKED_AT_CHARACTERS]
    everything = "\n".join((command, named, *call.files)).lower()
    candidates = [rule for rule in RULES if any(word in everything for word in rule.words)]
    if candidates:
        run = runs(command)
        yield from ((rule.code, rule.text) for rule in candidates if _breaks(rule, run, call.files, named, looked_for))
    given = (call.command or call.input_text)[:LOOKED_AT_CHARACTERS]
    for expression in looked_for.own:
        if expression.search(given) or any(expression.search(path) for path in call.files):
            yield OWN_CODE, f"{OWN_TEXT} ({clean_line(expression.pattern, SHOWN_CHARACTERS)})"


def _breaks(rule: Rule, run: str, files: tuple[str, ...], named: str, looked_for: Dangers) -> bool:
    if run and rule.command is not None and rule.command.search(run):
        return True
    if run and rule.judge is not None and rule.judge(run, looked_for.worktree):
        return True
    if rule.written is not None and any(rule.written.search(path) for path in files):
        return True
    return bool(named) and rule.named is not None and rule.named.search(named) is not None


def _compiled(expression: str) -> re.Pattern[str]:
    try:
        return compiled(expression)
    except BadInput as error:
        raise BadSettings(f"alerts.dangerous: {error.message}", "mend it with: sc config edit") from error
