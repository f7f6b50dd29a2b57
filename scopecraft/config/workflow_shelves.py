"""Where workflows, roles and prompts stand: those of a repository over those of the home over those shipped.

A repository's are files of strangers: opened from the top down, no link followed, regular and small.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

from scopecraft.atomic import storage_failed
from scopecraft.config.paths import Home
from scopecraft.errors import BadWorkflow, Refused
from scopecraft.model.text import clean_line
from scopecraft.model.workflow import Source

WORKFLOWS = "workflows.json"
ROLES = "agents.json"
ENDINGS = (".workflow.json", ".workflow.yaml", ".workflow.yml")
PROJECT_FOLDER = "workflows"
PROJECT_PROMPTS = (".claude/agents", PROJECT_FOLDER)
MOST_FILES = 200
_SHIPPED = Path(__file__).with_name("defaults")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC  # a pipe must not make us wait
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_ABSENT = (errno.ENOENT, errno.ENOTDIR)


class Files(Protocol):
    """A tree of files; names are relative, with `/`."""

    def read(self, name: str, most_bytes: int) -> bytes | None:
        """None where it is not there. Raises BadWorkflow for a link, what is no regular file, or too much."""
        ...

    def names(self, folder: str) -> Sequence[str]:
        """Of what stands in the folder; none where there is no such folder. Raises BadWorkflow for a link."""
        ...

    def place(self, name: str) -> str:
        """As a person knows it."""
        ...


@dataclass(frozen=True, slots=True)
class Shelf:
    """`folder` holds workflows and roles; prompts are looked for in `prompts`, in this order."""

    source: Source
    files: Files
    folder: str
    prompts: tuple[str, ...]

    def workflow_files(self) -> list[str]:
        found = sorted(name for name in self.files.names(self.folder) if name.endswith(ENDINGS) or name == WORKFLOWS)
        if len(found) > MOST_FILES:
            raise BadWorkflow(f"{self.files.place(self.folder)} holds more than {MOST_FILES} workflow files")
        return [self.path(name) for name in found]

    def path(self, name: str) -> str:
        return within(self.folder, name)


def within(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


@dataclass(frozen=True, slots=True)
class Folder:
    """Files on disk; `follows` links where they are a person's own."""

    top: Path
    follows: bool = False

    def read(self, name: str, most_bytes: int) -> bytes | None:
        descriptor = self._open(name, _FILE)
        if descriptor is None:
            return None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise self._bad(name, "it is no regular file")
        with os.fdopen(descriptor, "rb") as opened:
            text = opened.read(most_bytes + 1)
        if len(text) > most_bytes:
            raise self._bad(name, f"it is larger than {most_bytes // 1024} KiB")
        return text

    def names(self, folder: str) -> Sequence[str]:
        descriptor = self._open(folder, _FOLDER)
        if descriptor is None:
            return ()
        try:
            with os.scandir(descriptor) as entries:
                return [entry.name for entry in islice(entries, 10_000)]
        finally:
            os.close(descriptor)

    def place(self, name: str) -> str:
        return clean_line(str(self.top / name))

    def write_new(self, folder: str, name: str, text: bytes) -> str:
        """Its place. The folder is made where it is missing. Raises Refused where the file is there already."""
        path = within(folder, name)
        try:
            if folder:
                (self.top / folder).mkdir(exist_ok=True)
            at = self._open(folder, _FOLDER)
            if at is None:
                raise self._bad(folder, "it is no folder")
            try:
                made = os.open(name, _NEW, 0o666, dir_fd=at)
            finally:
                os.close(at)
            with os.fdopen(made, "wb") as opened:
                opened.write(text)
        except FileExistsError as error:
            raise Refused(f"{self.place(path)} is there already", "choose another name, or change that file") from error
        except OSError as error:
            raise storage_failed(error, self.top / path) from error
        return self.place(path)

    def _open(self, name: str, flags: int) -> int | None:
        """None for what is not there."""
        no_link = 0 if self.follows else os.O_NOFOLLOW
        parts = name.split("/") if name else []
        try:
            at = os.open(self.top, _FOLDER)
            for number, part in enumerate(parts):
                try:
                    inner = os.open(part, (flags if number == len(parts) - 1 else _FOLDER) | no_link, dir_fd=at)
                except OSError as error:
                    if self._is_link(part, at):
                        raise self._bad(name, f"{clean_line(part, 80)} is a link") from error
                    raise
                finally:
                    os.close(at)
                at = inner
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise self._bad(name, (error.strerror or str(error)).lower()) from error
        return at

    def _is_link(self, part: str, at: int) -> bool:
        """Linux says that a link is no folder, where a folder is wanted."""
        try:
            return not self.follows and stat.S_ISLNK(os.stat(part, dir_fd=at, follow_symlinks=False).st_mode)
        except OSError:
            return False

    def _bad(self, name: str, reason: str) -> BadWorkflow:
        return BadWorkflow(f"{self.place(name)} cannot be used: {reason}", "put a plain file there, or remove it")


def shelves_of(home: Home, project: Files | None) -> tuple[Shelf, ...]:
    """The first one wins."""
    own = (Shelf("project", project, PROJECT_FOLDER, PROJECT_PROMPTS),) if project is not None else ()
    return (
        *own,
        Shelf("home", Folder(home_folder(home), follows=True), "", ("",)),
        Shelf("shipped", Folder(_SHIPPED, follows=True), "", ("prompts",)),
    )


def home_folder(home: Home) -> Path:
    return home.config / "workflows"
