"""Where an agent keeps a conversation: what a new session needs of an old one's files to go on with it.

A dialect that can go on has a `keeping`; one without cannot. What it names holds no key and no login.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Keeping:
    """Parts are paths below the agent's own folder: `*` is any characters of a name, `{id}` the conversation's id.

    A folder that is named goes with all that is in it.
    """

    own: tuple[str, ...] = ()  # of one conversation and no other; while it can be gone on with, the first one is there
    shared: tuple[str, ...] = ()  # that know of all conversations
    below: str = ""  # where the agent's own folder is in its home in a container
    persons: Callable[[Mapping[str, str]], Path] | None = None  # the same folder of a person, by their environment
    fits: Callable[[str, str], bool] | None = None  # whether it looks for a part at that path when it works in a folder

    @property
    def may_travel(self) -> bool:
        """Whether a conversation can go on in a person's own folder, or come from there, and nothing goes with it."""
        return not self.shared and (self.persons is not None or not self.own)


def keeping_of(dialect: object) -> Keeping | None:
    """None for a program that cannot go on with a conversation."""
    return getattr(dialect, "keeping", None)
