"""Looking at an interactive Gemini CLI: the end of its own record of the conversation.

The record tells when a prompt was taken, and what the model said. It does not tell whether that was the last word, or a
tool runs or waits for approval: then nobody knows how it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson

from scopecraft.agents.file_tail import last_lines, read_tail
from scopecraft.agents.gemini_config import HOME_VARIABLE
from scopecraft.agents.records import Record, items, record, text
from scopecraft.model.window import UNKNOWN_STATE, DispatchState, WindowView

SLOW_START_SECONDS = 20.0
NOT_BEGUN = "it has not begun: it waits for a prompt, or its window asks to log in or to trust the folder"
PROJECTS_BYTES = 256 * 1024
ID_CHARACTERS = 8  # of the conversation's id, in the name of its record
_CONTEXT = "<session_context>"  # what it tells the model before the first prompt


def window_state(view: WindowView) -> DispatchState:
    """`working` from a prompt to the model's next words. Never raises because of a file."""
    own_id = view.conversation_id or None
    last = next(_spoken(view), None)
    if last is None:
        if view.age_seconds > SLOW_START_SECONDS:
            return DispatchState("waiting", "question", detail=NOT_BEGUN, source="transcript", conversation_id=own_id)
        return DispatchState("starting", source="transcript", conversation_id=own_id)
    if last.get("type") == "user":
        return DispatchState("working", since=text(last.get("timestamp")), source="transcript", conversation_id=own_id)
    return UNKNOWN_STATE


def turn_started(view: WindowView, since: str) -> bool | None:
    """Whether a person's prompt is on record from that time on; None without a record that can be read."""
    told = list(_spoken(view))
    if not told:
        return None
    return any(_is_prompt(each) and text(each.get("timestamp")) >= since for each in told)


def _spoken(view: WindowView) -> Iterator[Record]:
    """What was said, the latest first, without what Gemini says to itself."""
    for file in _records(view):
        for raw in reversed(last_lines(file)):
            try:
                said = record(orjson.loads(raw))
            except orjson.JSONDecodeError:
                continue
            if said.get("type") in ("user", "gemini") and not _words(said).startswith(_CONTEXT):
                yield said


def _is_prompt(said: Record) -> bool:
    """Results of tools are recorded as the person's words too, but hold no text."""
    return said.get("type") == "user" and bool(_words(said))


def _words(said: Record) -> str:
    content = said.get("content")
    return text(content) or "".join(text(record(part).get("text")) for part in items(content))


def _records(view: WindowView) -> list[Path]:
    """The conversation's file, newest first if it was begun several times."""
    home = view.config_folder or view.environ.get(HOME_VARIABLE) or view.environ.get("HOME", "/")
    folder = Path(home) / ".gemini"
    try:
        projects = record(record(orjson.loads(read_tail(folder / "projects.json", PROJECTS_BYTES)[0])).get("projects"))
    except orjson.JSONDecodeError:
        return []
    name = text(projects.get(view.cwd))
    if not name or "/" in name or not view.conversation_id:
        return []
    beginning = view.conversation_id[:ID_CHARACTERS]
    try:
        found = [path for path in (folder / "tmp" / name / "chats").iterdir() if path.stem.endswith(f"-{beginning}")]
    except OSError:
        return []
    return sorted(found, reverse=True)
