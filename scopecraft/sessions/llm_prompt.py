"""What a model is asked in a step of type llm: the step's prompt, then the text of each input; and what it answers."""

from __future__ import annotations

import secrets

from scopecraft.config.paths import Home
from scopecraft.errors import NotFound
from scopecraft.missions.artifacts import open_artifact
from scopecraft.missions.folder import folder_of
from scopecraft.missions.recipe import load_workflow
from scopecraft.model.mission import Mission
from scopecraft.sessions.step_prompt import PROMISE

MOST_BYTES = 2 * 1024**2  # of all input together: more than the largest context of a model


def with_inputs(home: Home, mission: Mission, step_id: str, prompt: str) -> str:
    """Raises NotFound for an input that is not there, Refused and BadName for one that may not be read."""
    step = load_workflow(folder_of(home, mission)).step(step_id)
    left = MOST_BYTES
    blocks = []
    for name in step.inputs if step else ():
        content, is_cut = _content(home, mission, name, left)
        left -= len(content)
        blocks.append(block(name, content.decode("utf-8", "replace"), secrets.token_hex(4), is_cut=is_cut))
    return "\n".join([prompt.rstrip("\n") + "\n", *blocks])


def block(name: str, text: str, mark: str, *, is_cut: bool = False) -> str:
    """With a mark that the text cannot know: what stands in it never looks like the end of it. Pure."""
    told = "\n(the rest of it is left out: it is too long)" if is_cut else ""
    return f'<document-{mark} name="{name}">\n{text.rstrip()}{told}\n</document-{mark}>\n'


def document_of(answer: str) -> str:
    """The answer as the artifact that it becomes: without the mark that prompts of roles ask for at the end. Pure."""
    head, mark, tail = answer.rpartition(PROMISE)
    if not mark or tail.strip() or (head and not head.endswith("\n")):
        return answer
    return f"{head.rstrip()}\n" if head.strip() else ""


def _content(home: Home, mission: Mission, name: str, most: int) -> tuple[bytes, bool]:
    found = bytearray()
    try:
        with open_artifact(home, mission, name) as pieces:
            for piece in pieces:
                found += piece
                if len(found) > most:
                    return bytes(found[:most]), True
    except NotFound as error:
        raise NotFound(f"the step's input {name} is not there", f"see what is: sc show {mission.slug}") from error
    return bytes(found), False
