"""What calling Claude Code must know of its lines: the first one that it reads, and the marks of those that it prints.

Light: a command that asks for a session reads none of them.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

# Strings that together stand in no line but a result: quotes inside of texts are escaped, and the JSON is compact.
# Their order is not stable.
DONE_MARKS = ('"type":"result"', '"is_error":', '"num_turns":', '"total_cost_usd":')

# Stands in the line that begins each turn
TURN_MARK = '"subtype":"init"'

# The first digits of a prompt's id: its echo tells nobody anything new, however long it is
PROMPT_MARK = "5c0ec4af"


def prompt_line(text: str) -> bytes:
    """The first message of a run."""
    return message_line(text, PROMPT_MARK + str(uuid.uuid4())[len(PROMPT_MARK) :])


def message_line(text: str, message_id: str) -> bytes:
    content = text.encode("utf-8", "replace").decode()
    return json_line({"type": "user", "message": {"role": "user", "content": content}, "uuid": message_id})


def json_line(value: dict[str, Any]) -> bytes:
    # only ASCII: some shells that read lines take certain bytes for their own marks
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"
