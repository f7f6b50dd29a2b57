"""Archiving a mission: what it was asked, what its sessions said, and what it changed, as a folder of plain files.

Built beside its place and renamed into it: an archive that can be seen is whole. The mission stays as it is.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from scopecraft.atomic import private_folder, storage_failed
from scopecraft.config.projects import load_projects, project_named
from scopecraft.errors import BadInput, Refused, ScopecraftError
from scopecraft.missions.archive import Copier
from scopecraft.missions.folder import folder_of
from scopecraft.missions.summary import Gathered, SessionSummary, summary_text
from scopecraft.model import clock
from scopecraft.model.activity import Usage
from scopecraft.model.event import Event
from scopecraft.model.mission import Mission
from scopecraft.model.session import Session
from scopecraft.sessions.context import Context
from scopecraft.sessions.deciding import read_activity
from scopecraft.sessions.folder import read_untrusted
from scopecraft.sessions.places import repository_of
from scopecraft.sessions.present_mission import refuse_while_alive
from scopecraft.sessions.redaction import secrets_of
from scopecraft.worktrees.difference import patch
from scopecraft.worktrees.repository import Repository

_MOST_COMMITS = 500
_DIFF_BYTES = 64 << 20
_REQUEST_BYTES = 256 << 10
_SESSION_FILES = ("metadata.json", "stream.jsonl", "stderr.log")  # no secrets, no private git directory
_STREAM_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Archived:
    folder: Path
    sessions: int
    commits: int
    notes: tuple[str, ...]


def archive_mission(
    context: Context, mission: Mission, to: Path | None, tell: Callable[[str], None] = lambda _: None
) -> Archived:
    """Into `to`, else `.tasks/archive` of the project's main checkout. Raises Refused for one that is there already."""
    refuse_while_alive(context, mission)
    repository = repository_of(project_named(load_projects(context.home), mission.project))
    target = _place(repository, to) / f"{mission.id}--{mission.slug}"
    if os.path.lexists(target):
        raise Refused(f"{target} is there already", "move it away, or name another folder: --to FOLDER")
    making = target.with_name(f".{target.name}.{os.urandom(4).hex()}.making")
    try:
        private_folder(making)
        archived = _fill(context, mission, repository, making, tell)
        _give_name(making, target)
    except BaseException:  # raised again: an interruption, too, leaves nothing half done
        shutil.rmtree(making, ignore_errors=True)
        raise
    at = clock.to_text(clock.now())
    context.store.append(
        Event(0, at, "mission_archived", mission.id, data={"folder": os.fsencode(target).decode("utf-8", "replace")})
    )
    return Archived(target, archived.sessions, archived.commits, archived.notes)


def _place(repository: Repository, to: Path | None) -> Path:
    if to is not None:
        return to.absolute()
    if repository.main_worktree is None:
        raise BadInput(f"{repository.path} has no checkout to put an archive in", "name a folder: --to FOLDER")
    place = repository.main_worktree / ".tasks" / "archive"
    link = next((folder for folder in (place.parent, place) if folder.is_symlink()), None)
    if link is not None:  # of a branch that was merged, perhaps
        raise Refused(f"{link} is a link to another place", "name a folder: --to FOLDER")
    return place


def _give_name(making: Path, target: Path) -> None:
    """A folder of that name that came meanwhile is not replaced: it is not empty."""
    try:
        making.rename(target)
    except OSError as error:
        raise storage_failed(error, target) from error


def _fill(
    context: Context, mission: Mission, repository: Repository, folder: Path, tell: Callable[[str], None]
) -> Archived:
    sessions = list(reversed(context.store.sessions(mission_id=mission.id)))
    copier = Copier(_secrets(context, sessions))
    home_folder = folder_of(context.home, mission)
    copier.file(home_folder, "mission.json", folder / "mission.json")
    for number, session in enumerate(sessions, 1):
        tell(f"session {number} of {len(sessions)} …")
        for name in _SESSION_FILES:
            source = context.folder(session.id).path
            if (source / name).exists():
                copier.file(source, name, folder / "sessions" / session.id / name, most=_STREAM_BYTES)
    tip = _tip(repository, mission)
    if tip is not None:
        pieces = patch(repository.git, mission.base, tip, is_exact=True)
        copier.chunks(pieces, folder / "changes.diff", "changes.diff", _DIFF_BYTES)
    # last of the copies: an agent may have written so many that there is room for nothing else
    copier.tree(home_folder / "artifacts", folder / "artifacts", "artifacts")
    commits = _commits(repository, mission.base, tip) if tip else []
    request = read_untrusted(home_folder / "artifacts" / "raw-input.md", _REQUEST_BYTES) or b""
    gathered = Gathered(
        mission=mission,
        request=request.decode("utf-8", "replace"),
        sessions=[_summary(context, session) for session in sessions],
        base=mission.base,
        tip=tip,
        commits=commits[:_MOST_COMMITS],
        more_commits=len(commits) - _MOST_COMMITS,
        notes=copier.notes,
    )
    text = summary_text(gathered, clock.to_text(clock.now())).encode("utf-8", "replace")
    copier.chunks([text], folder / "summary.md", "summary.md")
    return Archived(folder, len(sessions), len(commits), tuple(copier.notes))


def _secrets(context: Context, sessions: list[Session]) -> dict[str, str]:
    """All that is known here, whichever session an agent printed it in."""
    values: dict[str, str] = {}
    for session in sessions:
        values |= secrets_of(context, session).values
    return values


def _summary(context: Context, session: Session) -> SessionSummary:
    alerts = tuple(alert.text for alert in context.store.alerts_of(session.id))
    try:
        usage = read_activity(context, session).usage
    except (ScopecraftError, OSError):
        usage = Usage()
    return SessionSummary(session, usage, alerts)


def _tip(repository: Repository, mission: Mission) -> str | None:
    """None where the branch, or what it began at, is gone."""
    ref = f"refs/heads/{mission.branch}^{{commit}}"
    found = repository.git.run("rev-parse", "--verify", "--quiet", ref, check=False)
    if found.exit_code != 0 or not repository.git.succeeds("cat-file", "-e", f"{mission.base}^{{commit}}"):
        return None
    return found.stdout.decode("ascii").strip()


def _commits(repository: Repository, base: str, tip: str) -> list[tuple[str, str]]:
    fields = repository.git.records("log", "-z", "--format=%H %s", tip, f"^{base}")
    pairs = (record.decode("utf-8", "replace").partition(" ") for record in islice(fields, 10 * _MOST_COMMITS))
    return [(commit.strip(), subject) for commit, _, subject in pairs if commit.strip()]
