"""What a pull request says of a mission: what was asked, and what its last steps wrote.

Text of agents is shown as text: in a fence nobody is called by name, no issue is closed, and nothing is hidden.
"""

from __future__ import annotations

from contextlib import suppress

from scopecraft.config.secrets import Secrets, read_secrets_file
from scopecraft.errors import ScopecraftError
from scopecraft.missions.artifacts import open_artifact
from scopecraft.missions.folder import folder_of
from scopecraft.missions.recipe import load_workflow
from scopecraft.missions.summary import in_fence
from scopecraft.model.mission import Mission
from scopecraft.model.text import clean
from scopecraft.model.workflow import RAW_INPUT, Workflow
from scopecraft.sessions.context import Context
from scopecraft.sessions.redaction import secrets_of

LONGEST_PART = 15_000  # characters; GitHub takes 65,536 in all
_MOST_OUTPUTS = 2
_READ_BYTES = 4 * LONGEST_PART


def body_of(context: Context, mission: Mission) -> str:
    """Without any key that is known here."""
    names = outputs_of(load_workflow(folder_of(context.home, mission)))
    outputs = [(name, text) for name in names if (text := _read(context, mission, name)) is not None]
    text = body_text(mission, _read(context, mission, RAW_INPUT) or mission.title, outputs[-_MOST_OUTPUTS:])
    with suppress(ScopecraftError):
        text = Secrets(read_secrets_file(context.home)).redact(text)
    for session in context.store.sessions(mission_id=mission.id):
        text = secrets_of(context, session).redact(text)
    return text


def outputs_of(workflow: Workflow) -> list[str]:
    """The artifacts that its steps write, in their order. Pure."""
    return list(dict.fromkeys(name for step in workflow.steps for name in step.outputs if name != RAW_INPUT))


def body_text(mission: Mission, asked: str, outputs: list[tuple[str, str]]) -> str:
    """Pure; `outputs` are names and texts."""
    lines = ["**What was asked**", "", *fenced(asked)]
    for name, text in outputs:
        lines += ["", f"<details><summary>{name}</summary>", "", *fenced(text), "", "</details>"]
    return "\n".join([*lines, "", f"Mission `{mission.id}`", ""])


def fenced(text: str) -> list[str]:
    """Shortened, and in a fence."""
    body = clean(text.strip())
    return in_fence(body if len(body) <= LONGEST_PART else body[:LONGEST_PART] + "\n… (shortened)")


def _read(context: Context, mission: Mission, name: str) -> str | None:
    with suppress(ScopecraftError, OSError), open_artifact(context.home, mission, name) as pieces:
        found = b""
        for piece in pieces:
            found += piece
            if len(found) >= _READ_BYTES:
                break
        return found[:_READ_BYTES].decode("utf-8", "replace") if found.strip() else None
    return None
