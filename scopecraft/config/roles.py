"""Roles: who a step is played by, from agents.json and a prompt file. The text of the prompt is what counts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scopecraft.config.workflow_reading import RoleEntry, read_roles
from scopecraft.config.workflow_shelves import ROLES, Shelf, within
from scopecraft.config.yaml_file import MOST_BYTES
from scopecraft.errors import BadWorkflow
from scopecraft.model.text import clean, clean_line
from scopecraft.model.workflow import Role

MOST_PROMPT_BYTES = 64 * 1024
_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n.*?^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class UsedFile:
    """A file of a repository that counts: its name there, its place as people know it, and its bytes as read once."""

    name: str
    where: str
    text: bytes


@dataclass(slots=True)
class Casting:
    """The roles of these shelves; each agents.json is read once. `used` are the repository's files that counted."""

    shelves: Sequence[Shelf]
    used: dict[str, UsedFile] = field(default_factory=dict)
    _tables: dict[str, tuple[Mapping[str, RoleEntry], UsedFile | None]] = field(default_factory=dict)

    def role(self, name: str) -> Role:
        """A role that no agents.json names is the prompt file by its name. Raises BadWorkflow."""
        entry = self._entry(name)
        shelf, path, text = self._prompt(name, entry.prompt_file)
        where = shelf.files.place(path)
        prompt = prompt_of(text, where)
        self._count(shelf, UsedFile(path, where, text))
        return Role(name, prompt, entry.dialect, entry.model, entry.effort, shelf.source)

    def names(self) -> list[str]:
        """Every role that an agents.json names."""
        return sorted({name for shelf in self.shelves for name in self._table(shelf)[0]})

    def _entry(self, name: str) -> RoleEntry:
        for shelf in self.shelves:
            table, file = self._table(shelf)
            if name in table and file is not None:
                self._count(shelf, file)
                return table[name]
        return RoleEntry(f"{name}.md")

    def _table(self, shelf: Shelf) -> tuple[Mapping[str, RoleEntry], UsedFile | None]:
        if shelf.source not in self._tables:
            path = shelf.path(ROLES)
            text = shelf.files.read(path, MOST_BYTES)
            where = shelf.files.place(path)
            known = ({}, None) if text is None else (read_roles(text, where), UsedFile(path, where, text))
            self._tables[shelf.source] = known
        return self._tables[shelf.source]

    def _prompt(self, role: str, file: str) -> tuple[Shelf, str, bytes]:
        for shelf in self.shelves:
            for folder in shelf.prompts:
                path = within(folder, file)
                text = shelf.files.read(path, MOST_PROMPT_BYTES)
                if text is not None:
                    return shelf, path, text
        known = ", ".join(self.names())
        raise BadWorkflow(
            f"the role {role} has no prompt: {clean_line(file, 80)} is nowhere", f"roles that there are: {known}"
        )

    def _count(self, shelf: Shelf, file: UsedFile) -> None:
        if shelf.source == "project":
            self.used[file.name] = file


def prompt_of(text: bytes, where: str) -> str:
    """What a prompt file says, without front matter. Raises BadWorkflow for what is no text, or empty."""
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadWorkflow(f"{where} is not UTF-8", "save the file as UTF-8") from error
    prompt = _FRONT_MATTER.sub("", decoded, count=1).replace("\r\n", "\n").strip()
    if not prompt:
        raise BadWorkflow(f"{where} is empty", "say there what the agent is to do")
    if clean(prompt) != prompt:
        # what a person cannot see when they confirm it, an agent would still read
        raise BadWorkflow(
            f"{where} holds control characters, or ones that nobody sees", "take them out: they hide what is asked"
        )
    return prompt
