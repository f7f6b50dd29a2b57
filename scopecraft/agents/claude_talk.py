"""Speaking to Claude Code in its window. Each rule was seen with the real program.

- A text that begins with `!` becomes a shell command on the person's machine: a space before it keeps it a message.
- `exit` and its like end the program, whatever white space or invisible character stands around them.
- A backslash before Enter is a line break: a space after it keeps the message whole.
- `/word` is a command of its own; a path such as `/etc/hosts is wrong` is not.
- A permission's first choice is always "Yes"; Esc refuses and ends the turn.
- A question's choices have numbers, the one after the last takes free text; after several questions, or where several
  choices may be taken, a last page asks to submit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

import orjson

from scopecraft.agents.claude_hooks import LINES_FILE
from scopecraft.agents.claude_stream import QUESTION_TOOL
from scopecraft.agents.file_tail import last_lines
from scopecraft.agents.records import Record, items, record, text
from scopecraft.agents.talk import Answer, Choice, Inquiry, Paste, Press, Question, Step, Typed
from scopecraft.errors import BadInput, Refused
from scopecraft.model.text import clean_line
from scopecraft.model.window import DispatchState, WindowView

_COMMAND = re.compile(r"/[A-Za-z][\w:-]*(?:\s|\Z)")
_ENDS_IT = frozenset({"exit", "quit", ":q", ":q!", ":wq", ":wq!"})
_PLAN_TOOL = "ExitPlanMode"
_CUT = "scopecraft: cut"  # set for a payload that has lost the end of a command
# to a permission: whoever says so means yes or no, and not words for the agent
_UNCLEAR = frozenset({"y", "yes", "ok", "okay", "sure", "accept", "approve", "n", "no", "reject", "1", "2", "3"})
MOST_BY_NUMBER = 9  # choices that have a key

Chosen = int | tuple[int, ...] | str  # a choice by its number, several of them, or words of one's own


class ClaudeTalk:
    interrupt_key: ClassVar[str] = "Escape"  # ends the turn

    def typed(self, message: str) -> Typed:
        told = "".join(character for character in message if character.isprintable()).strip()
        if told.casefold() in _ENDS_IT:
            raise BadInput(f"{told!r} would end Claude Code instead of being read", "end it with: sc stop")
        if _COMMAND.match(message.lstrip()):
            return Typed(message, starts_turn=False)
        before = " " if message.lstrip()[:1] in ("!", "/") else ""
        after = " " if message.endswith("\\") else ""
        return Typed(f"{before}{message}{after}")

    def question(self, view: WindowView, state: DispatchState) -> Question | None:
        if state.kind != "waiting" or state.reason not in ("permission", "question") or not state.since:
            return None
        asked = _asked_at(last_lines(view.hooks_folder / LINES_FILE), state.since)
        tool = text(asked.get("tool_name")) if asked else ""
        if not asked or not tool:
            return None
        if tool == QUESTION_TOOL:
            return Question("question", state.detail, state.since, inquiries_of(record(asked.get("tool_input"))))
        if tool == _PLAN_TOOL:
            return Question("question", state.detail, state.since)
        # every line of a command: what looks like its comment may be the next one
        command = record(asked.get("tool_input")).get("command")
        words = f"{tool}: {command}" if isinstance(command, str) else state.detail
        return Question("permission", words, state.since, is_cut=asked.get(_CUT) is True)

    def answer(self, question: Question, answers: tuple[str, ...]) -> Answer:
        if answers == ("deny",):
            return Answer((Press("Escape"),))
        if question.kind == "permission":
            if question.is_cut and answers == ("allow",):
                raise Refused("the command is longer than what can be shown here", "read it in its window: sc attach")
            return _permission(answers)
        if not question.inquiries:
            raise Refused("what it shows cannot be answered from here", "answer it in its window: sc attach")
        return _keys(question.inquiries, answers)


def is_allowed(answers: tuple[str, ...]) -> bool:
    """Whether a permission is given; else the answers are words for the agent. Raises BadInput for what is neither."""
    if answers == ("allow",):
        return True
    words = [answer.strip().casefold() for answer in answers]
    if words[0] in ("allow", "deny") or (len(words) == 1 and words[0] in _UNCLEAR):
        raise BadInput(
            f"{' '.join(answers)!r} is neither allow nor deny, and no words for the agent",
            "say allow, deny, or in words what to do instead",
        )
    return False


def _permission(answers: tuple[str, ...]) -> Answer:
    if is_allowed(answers):
        return Answer((Press("1"),), may_repeat=True)
    # as its own "No, and tell Claude what to do differently" does
    return Answer((Press("Escape"),), message="\n".join(answers))


def _counted(number: int, one: str) -> str:
    return f"{number} {one}{'' if number == 1 else 's'}"


def choose(inquiries: tuple[Inquiry, ...], answers: tuple[str, ...]) -> list[Chosen]:
    """What each answer takes. Raises BadInput, naming the choices."""
    if len(answers) != len(inquiries):
        asked = " / ".join(clean_line(each.text, 80) for each in inquiries)
        raise BadInput(
            f"it asks {_counted(len(inquiries), 'question')} and got {_counted(len(answers), 'answer')}: {asked}",
            "give one answer for each question, each in quotes",
        )
    pairs = zip(inquiries, answers, strict=True)
    return [_many(inquiry, answer) if inquiry.is_many else _one(inquiry, answer) for inquiry, answer in pairs]


def _keys(inquiries: tuple[Inquiry, ...], answers: tuple[str, ...]) -> Answer:
    steps: list[Step] = []
    for inquiry, chosen in zip(inquiries, choose(inquiries, answers), strict=True):
        if isinstance(chosen, tuple):
            steps += [*(Press(str(number)) for number in chosen), Press("Right")]
        elif isinstance(chosen, int):
            steps.append(Press(str(chosen)))
        else:
            steps += [Press(str(len(inquiry.choices) + 1)), Paste(" ".join(chosen.split())), Press("Enter")]
    if len(inquiries) > 1 or inquiries[0].is_many:
        steps.append(Press("Enter"))  # the last page: "Submit answers"
    return Answer(tuple(steps), may_repeat=len(steps) == 1)


def _one(inquiry: Inquiry, answer: str) -> int | str:
    number = _number(inquiry, answer)
    if number is None and len(inquiry.choices) >= MOST_BY_NUMBER:
        raise _no_such(inquiry, answer)
    return number or answer


def _many(inquiry: Inquiry, answer: str) -> tuple[int, ...]:
    numbers: list[int] = []
    for part in (answer,) if _number(inquiry, answer) else answer.split(","):
        number = _number(inquiry, part)
        if number is None:
            raise _no_such(inquiry, part)
        numbers.append(number)
    return tuple(dict.fromkeys(numbers))


def _number(inquiry: Inquiry, answer: str) -> int | None:
    """The key of the choice that the answer names: its label, or its number."""
    labels = [choice.label.casefold() for choice in inquiry.choices[:MOST_BY_NUMBER]]
    wanted = answer.strip()
    if wanted.casefold() in labels:
        return labels.index(wanted.casefold()) + 1
    return int(wanted) if re.fullmatch("[1-9]", wanted) and int(wanted) <= len(labels) else None


def _no_such(inquiry: Inquiry, answer: str) -> BadInput:
    labels = ", ".join(clean_line(choice.label, 40) for choice in inquiry.choices)
    return BadInput(
        f"{clean_line(answer, 60)!r} is none of its choices: {labels}",
        "several are given with commas between them; any other answer needs its window: sc attach",
    )


def inquiries_of(tool_input: Record) -> tuple[Inquiry, ...]:
    """What its question tool was given."""
    return tuple(map(_inquiry, items(tool_input.get("questions"))))


def _inquiry(value: object) -> Inquiry:
    fields = record(value)
    choices = (record(option) for option in items(fields.get("options")))
    return Inquiry(
        text=text(fields.get("question")),
        choices=tuple(Choice(text(each.get("label")), text(each.get("description"))) for each in choices),
        is_many=fields.get("multiSelect") is True,
    )


def _asked_at(lines: Sequence[bytes], at: str) -> Record | None:
    """The payload of the permission request of that moment, as far as the hook kept it."""
    for line in reversed(lines):
        if b"PermissionRequest" not in line:
            continue
        try:
            fields = record(orjson.loads(line))
        except orjson.JSONDecodeError:
            continue
        if fields.get("event") == "PermissionRequest" and text(fields.get("at")) == at:
            whole = record(fields.get("payload"))
            head = text(fields.get("head"))
            return whole or {"tool_name": _tool_of(head), _CUT: '"command":' in head}
    return None


def _tool_of(head: str) -> str:
    found = re.search(r'"tool_name":"([^"\\]*)"', head)
    return found[1] if found else ""
