"""The page that shows a session's states, made from the table of moves: `python -m tests.support.diagram`."""

from __future__ import annotations

from dataclasses import fields
from typing import get_args

from scopecraft.model.session import BEGINNINGS, MOVES, Outcome, Status

PAGE = "docs/session-states.md"
_MEANINGS = {
    "queued": "accepted, and waits for a free place",
    "starting": "its container or window is being made",
    "running": "its agent is at work",
    "waiting": "it runs, and wants something from a person; `idle` means that its turn is over",
    "ended": "it is over, for good; another try is another session",
    "completed": "the agent says that it is done, and nothing speaks against that",
    "failed": "it did not work; the reason is a sentence",
    "timed_out": "it reached its time limit",
    "killed": "somebody stopped it",
    "interrupted": "the engine, tmux, the machine or its own process went away under it",
}


def session_states() -> str:
    """The whole page, as Markdown with a Mermaid diagram."""
    return "\n".join([*_INTRODUCTION, *_diagram(), *_table("state", Status), *_table("outcome", Outcome)])


_INTRODUCTION = (
    "# The states of a session",
    "",
    "Made from `MOVES` in `scopecraft/model/session.py` by `python -m tests.support.diagram`; a test keeps it true.",
    "A session is live until it has ended, and a mission has at most one live session.",
    "",
)


def _diagram() -> list[str]:
    moves = [f"    {before} --> {after}" for before in MOVES for after in MOVES if after in MOVES[before]]
    begin = [f"    [*] --> {kind}" for kind in MOVES if kind in BEGINNINGS]
    end = [f"    {kind} --> [*]" for kind in MOVES if not MOVES[kind]]
    return ["```mermaid", "stateDiagram-v2", *begin, *moves, *end, "```", ""]


def _table(name: str, union: object) -> list[str]:
    rows = [f"| `{kind.kind}` | {_fields(kind)} | {_MEANINGS[kind.kind]} |" for kind in get_args(union)]
    return [f"| {name} | holds | meaning |", "|---|---|---|", *rows, ""]


def _fields(kind: type) -> str:
    return ", ".join(f"`{field.name}`" for field in fields(kind)) or "nothing"


if __name__ == "__main__":
    print(session_states(), end="")
