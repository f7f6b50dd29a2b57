"""The two files of settings that a person changes: the home's, and that of a project's repository.

A change is checked before anything is written, and replaces the file in one step under a lock. Who changes the settings
of a repository that were confirmed, or makes the first ones, has confirmed what they are then.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scopecraft.atomic import file_lock, replace_file
from scopecraft.config.confirmed import Confirmation, confirmation_of, record_confirmation
from scopecraft.config.layers import document_of, layer_of
from scopecraft.config.projects import Project
from scopecraft.config.repository_file import FILE_NAME, of_bytes, project_layer, read_repository_file
from scopecraft.errors import BadInput, BadSettings, Refused
from scopecraft.model import clock
from scopecraft.sessions.context import Context
from scopecraft.worktrees.repository import Repository


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """`project` is None for the home's."""

    path: Path
    project: Project | None = None


def home_file(context: Context) -> SettingsFile:
    """A link that a person made, to where they keep such files, is followed."""
    return SettingsFile(context.home.settings_file.resolve())


def project_file(place: tuple[Project, Repository]) -> SettingsFile:
    """Raises BadInput for a repository without a checkout."""
    project, repository = place
    if repository.main_worktree is None:
        raise BadInput(
            f"{project.name} has no main checkout to write {FILE_NAME} into",
            "commit the file to its main branch from a clone",
        )
    return SettingsFile(repository.main_worktree / FILE_NAME, project)


def text_of(file: SettingsFile) -> bytes:
    """Empty where there is none. Raises BadSettings for what cannot be read."""
    if file.project is not None:
        found = read_repository_file(file.path.parent)
        return found.text if found is not None else b""
    try:
        return file.path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise BadSettings(f"{file.path} cannot be read: {error.strerror}") from error


def check_text(file: SettingsFile, text: bytes) -> None:
    """Raises BadSettings, naming the file and the key."""
    where = str(file.path)
    if file.project is not None:
        project_layer(of_bytes(text, where))
    else:
        layer_of("home", where, document_of(text, where))


def change(context: Context, file: SettingsFile, changed: Callable[[str], str | None]) -> bool:
    """Put what `changed` makes of the text in its place; False where it makes nothing. Nobody else's change is lost."""
    with _held(context):
        before = text_of(file)
        check_text(file, before)
        after = changed(before.decode("utf-8"))
        if after is None:
            return False
        _write(context, file, before, after.encode("utf-8"))
    return True


def replace_text(context: Context, file: SettingsFile, before: bytes, after: bytes) -> None:
    """Raises BadSettings for what cannot be used, Refused when the file is not `before` any more."""
    with _held(context):
        if text_of(file) != before:
            raise Refused(f"{file.path} was changed by somebody else meanwhile", "look at it, and edit it again")
        _write(context, file, before, after)


def _write(context: Context, file: SettingsFile, before: bytes, after: bytes) -> None:
    check_text(file, after)
    confirmation = _carried(context, file, before, after)
    replace_file(file.path, after, _mode_of(file))
    if confirmation is not None:
        record_confirmation(context.home, confirmation)


def _carried(context: Context, file: SettingsFile, before: bytes, after: bytes) -> Confirmation | None:
    if file.project is None:
        return None
    where, name = str(file.path), file.project.name
    old, new = of_bytes(before, where), of_bytes(after, where)
    known = confirmation_of(context.home, name, old.sha256)
    if known is None and project_layer(old).values:
        return None  # a person who did not look at the rest has not confirmed it
    return Confirmation(name, new.sha256, clock.to_text(clock.now()), known is not None and known.host_setup)


def _mode_of(file: SettingsFile) -> int:
    try:
        return stat.S_IMODE(file.path.stat().st_mode)
    except FileNotFoundError:
        return 0o600 if file.project is None else 0o644


@contextmanager
def _held(context: Context) -> Iterator[None]:
    with file_lock(context.home.config / "settings.lock", timeout=30):
        yield
