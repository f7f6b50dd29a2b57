"""Speaking to Codex in its window. Each rule was seen with the real program.

- A text that begins with `!` becomes a shell command on the person's machine: a space before it keeps it a message.
- `/word` is a command of its own; a path such as `/etc/hosts is wrong` is taken for an unknown one and not sent.
- `exit` is a message like any other.

What it asks is answered in its window: it tells of the end of a command, and not that the command was allowed, so
nobody could say whether a key that was pressed had its effect.
"""

from __future__ import annotations

import re

from scopecraft.agents.talk import PlainTalk, Typed

_COMMAND = re.compile(r"/[a-z][a-z-]*(?:\s|\Z)")


class CodexTalk(PlainTalk):
    def typed(self, message: str) -> Typed:
        beginning = message.lstrip()
        if _COMMAND.match(beginning):
            return Typed(message, starts_turn=False)
        return Typed(f" {message}" if beginning[:1] in ("!", "/") else message)
