"""What came of a mission, for people and without scopecraft: `changes.patch` and `summary.md`.

Shared by archives, which are copies elsewhere, and by freezing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from scopecraft.errors import NotFound, ScopecraftError
from scopecraft.missions.archive import Copier
from scopecraft.missions.check_record import executions_of
from scopecraft.missions.folder import folder_of
from scopecraft.missions.recipe import load_workflow
from scopecraft.missions.summary import Gathered, summary_text
from scopecraft.missions.summary_steps import SessionSummary
from scopecraft.model import clock
from scopecraft.model.activity import Usage
from scopecraft.model.mission import Mission
from scopecraft.model.session import Session
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.deciding import read_activity
from scopecraft.sessions.folder import read_untrusted
from scopecraft.sessions.mission_diff import MissionDiff, mission_diff
from scopecraft.sessions.redaction import secrets_of
from scopecraft.worktrees.difference import FileChange
from scopecraft.worktrees.git import Git

PATCH = "changes.patch"
SUMMARY = "summary.md"
STREAM_BYTES = 256 << 20
_PATCH_BYTES = 64 << 20
_REQUEST_BYTES = 256 << 10
_MOST_COMMITS = 500
_MOST_NAMED = 100  # commits in the head of a patch
# an address in a mail's head ends where its line does, and holds no brackets
_NO_NAME = re.compile(r"[<>\"\\\r\n]")


@dataclass(frozen=True, slots=True)
class Changes:
    """`tip` is None where the branch is gone; `commits` are pairs of id and subject, newest first."""

    base: str
    tip: str | None = None
    commits: Sequence[tuple[str, str]] = ()
    files: Sequence[FileChange] = ()


def known_secrets(context: Context, sessions: Sequence[Session]) -> dict[str, str]:
    """All that is known here, whichever session an agent printed it in."""
    values: dict[str, str] = {}
    for session in sessions:
        values |= secrets_of(context, session).values
    return values


def write_changes(context: Context, mission: Mission, copier: Copier, folder: Path) -> Changes:
    """The patch of all that is committed, as one mail that `git am` takes, and `git apply`; none where nothing is.

    Raises RepositoryRefused where the repository is not where it was, GitFailed, StorageFailed.
    """
    try:
        with mission_diff(context, mission) as found:
            commits = _commits(found.committed.git, found.base, found.tip)
            files = found.committed.files
            if files:
                pieces = chain([_mail_head(found, commits)], found.committed.patch(is_exact=True))
                copier.chunks(pieces, folder / PATCH, PATCH, _PATCH_BYTES)
            if found.uncommitted is not None and found.uncommitted.files:
                count = len(found.uncommitted.files)
                copier.notes.append(f"not committed in the worktree: {count} file{'' if count == 1 else 's'}")
            return Changes(found.base, found.tip, commits, files)
    except NotFound:
        return Changes(mission.base)


def write_summary(
    context: Context, mission: Mission, sessions: Sequence[Session], changes: Changes, copier: Copier, folder: Path
) -> None:
    home_folder = folder_of(context.home, mission)
    request = read_untrusted(home_folder / "artifacts" / "raw-input.md", _REQUEST_BYTES) or b""
    gathered = Gathered(
        mission=mission,
        request=request.decode("utf-8", "replace"),
        sessions=[_summary(context, session) for session in sessions],
        base=changes.base,
        tip=changes.tip,
        commits=changes.commits[:_MOST_COMMITS],
        more_commits=len(changes.commits) - _MOST_COMMITS,
        notes=copier.notes,
        workflow=load_workflow(home_folder),
        files=changes.files,
        events=context.store.events(mission_id=mission.id),
        checks=executions_of(home_folder),
    )
    text = summary_text(gathered, clock.to_text(clock.now())).encode("utf-8", "replace")
    copier.chunks([text], folder / SUMMARY, SUMMARY)


def _summary(context: Context, session: Session) -> SessionSummary:
    alerts = tuple(alert.text for alert in context.store.alerts_of(session.id))
    try:
        usage = read_activity(context, session).usage
    except (ScopecraftError, OSError):
        usage = Usage()
    return SessionSummary(session, usage, alerts)


def _commits(git: Git, base: str, tip: str) -> list[tuple[str, str]]:
    fields = git.records("log", "-z", "--format=%H %s", tip, f"^{base}")
    pairs = (record.decode("utf-8", "replace").partition(" ") for record in islice(fields, 10 * _MOST_COMMITS))
    return [(commit.strip(), subject) for commit, _, subject in pairs if commit.strip()]


def _mail_head(found: MissionDiff, commits: Sequence[tuple[str, str]]) -> bytes:
    """In the form of `git format-patch`: whose line begins as a patch or a mail does is not one of these."""
    author = found.committed.git.run("log", "-1", "--format=%an%x00%ae%x00%aD", found.tip, "--").stdout
    name, _, rest = author.decode("utf-8", "replace").strip().partition("\0")
    address, _, date = rest.partition("\0")
    lines = [
        f"From {found.tip} Mon Sep 17 00:00:00 2001",
        f"From: {_in_head(name)} <{_in_head(address)}>",
        f"Date: {_in_head(date)}",
        f"Subject: [PATCH] {clean_line(found.mission.title)}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        *_subjects(commits),
        "---",
        "",
        "",
    ]
    return "\n".join(lines).encode("utf-8", "replace")


def _subjects(commits: Sequence[tuple[str, str]]) -> Iterator[str]:
    for commit, subject in reversed(commits[:_MOST_NAMED]):
        yield f"* {commit[:12]} {clean_line(subject)}"
    if len(commits) > _MOST_NAMED:
        yield f"* and {len(commits) - _MOST_NAMED} before them"


def _in_head(text: str) -> str:
    return _NO_NAME.sub("", clean_line(text)).strip() or "unknown"
