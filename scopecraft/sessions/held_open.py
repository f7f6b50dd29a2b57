"""What runs in a visit's own container beside the person's command: nothing, until that is over."""

from __future__ import annotations

from dataclasses import replace

from scopecraft.agents.base import Dialect
from scopecraft.errors import BadInput
from scopecraft.model.launch import AgentCommand, AgentRequest
from scopecraft.sessions.visiting import LEFT

# Waits in the place of an agent until the visit is over, and ends as the person's command did.
_OPEN = f"""
left=/session/launch/{LEFT}
pause=0.2
sleep 0.01 2>/dev/null || pause=1
while ! [ -s "$left" ]; do sleep "$pause"; done
read -r code <"$left"
exit "$code"
"""


def held_open(dialect: Dialect, asked: AgentRequest) -> AgentCommand:
    """What an agent of the dialect would find around it, with nobody at work in it."""
    try:
        command = dialect.headless(replace(asked, prompt=asked.prompt or "-"))
    except BadInput:  # an agent without a command of its own
        command = AgentCommand(())
    return replace(command, argv=("/bin/sh", "-c", _OPEN), stdin=None, done_marks=(), turn_mark="", has_inbox=False)
