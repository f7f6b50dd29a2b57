"""What Claude Code reads with `--input-format stream-json`, a line for each. Pure; seen with the real program.

- A message that comes while it works is told as queued at once, and echoed when its turn has it.
- A question waits for its answer, also where permissions are bypassed; an interrupt withdraws it.
- Anything that is no JSON ends the process.
"""

from __future__ import annotations

from typing import Any

import orjson

from scopecraft.agents.claude_lines import json_line, message_line
from scopecraft.agents.claude_stream import QUESTION_TOOL
from scopecraft.agents.claude_talk import Chosen, choose, inquiries_of, is_allowed
from scopecraft.agents.records import Record, record
from scopecraft.agents.talk import Inquiry, Question
from scopecraft.errors import Refused
from scopecraft.model.activity import Asked

REFUSED = "The person declines. Go on without it, and say at the end what you decided yourself."


class ClaudeInbox:
    def message(self, text: str, message_id: str) -> bytes:
        return message_line(text, message_id)

    def interrupt(self, request_id: str) -> bytes:
        return json_line({"type": "control_request", "request_id": request_id, "request": {"subtype": "interrupt"}})

    def question(self, asked: Asked) -> Question:
        if asked.tool == QUESTION_TOOL:
            return Question("question", asked.text, "", inquiries_of(_input(asked)), id=asked.id)
        command = _input(asked).get("command")
        words = f"{asked.tool}: {command}" if isinstance(command, str) else asked.text
        return Question("permission", words, "", is_cut=not _input(asked), id=asked.id)

    def answer(self, asked: Asked, answers: tuple[str, ...]) -> bytes:
        given = _input(asked)
        if answers == ("deny",):
            return _decided(asked, {"behavior": "deny", "message": REFUSED})
        if asked.tool != QUESTION_TOOL:
            return _decided(asked, _permission(asked, given, answers))
        inquiries = inquiries_of(given)
        if not inquiries:
            raise Refused("what it asks cannot be answered from here", "refuse it, and it goes on: deny")
        chosen = choose(inquiries, answers)
        told = {inquiry.text: _words(inquiry, choice) for inquiry, choice in zip(inquiries, chosen, strict=True)}
        return _decided(asked, {"behavior": "allow", "updatedInput": {**given, "answers": told}})


def _permission(asked: Asked, given: Record, answers: tuple[str, ...]) -> Record:
    if not is_allowed(answers):
        return {"behavior": "deny", "message": "\n".join(answers)}
    if not given:
        raise Refused(f"what {asked.tool} was given is too long to be shown here", "refuse it, and it goes on: deny")
    return {"behavior": "allow", "updatedInput": given}


def _words(inquiry: Inquiry, answer: Chosen) -> str:
    if isinstance(answer, str):
        return answer
    numbers = (answer,) if isinstance(answer, int) else answer
    return ", ".join(inquiry.choices[number - 1].label for number in numbers)


def _decided(asked: Asked, decision: dict[str, Any]) -> bytes:
    response = {"subtype": "success", "request_id": asked.id, "response": decision}
    return json_line({"type": "control_response", "response": response})


def _input(asked: Asked) -> Record:
    try:
        return record(orjson.loads(asked.input or "{}"))
    except orjson.JSONDecodeError:
        return {}
