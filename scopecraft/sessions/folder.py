"""A session's folder. What the container may write is never trusted: no links followed, regular files only, capped.

metadata.json   the host's own record; never mounted
facts.json      what settling needs to know, written before the start; never mounted
decided.json    how it ended, written before that is carried out; never mounted
settle.lock     held by whoever starts or settles the session
visitor.lock    held by the person whose shell or command the session is
pointer         mounted read-only over the worktree's .git
stream.jsonl, stderr.log    mounted one by one: appended to by the agent
launch/         mounted read-only; window.sh for a window
inbox/          mounted read-only: inbox.jsonl, what is said to the agent while it works
secrets/        read by the agent's shell, then removed
agent/          the agent's home and configuration
git/            the private git directory
objects/        what the private git directory borrows: mounted read-only
lfs/            large files of git-lfs that the history names: mounted read-only
modules/        for each submodule a folder with parts of these names for itself
harvest/        mounted read-only: the script that reads the commits out, and the refs of the start
out/            how the agent ended, and its commits
caches/         of package managers: links to the person's own, mounted read-only, and room for what is new
nested/         `.git` folders that the agent made inside the worktree, moved away; never mounted
hooks/          of a window: what the agent's hooks wrote; mounted where that agent is in a container
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from scopecraft.atomic import private_folder, storage_failed

LAST_WORDS_BYTES = 4096


@dataclass(frozen=True, slots=True)
class SessionFolder:
    path: Path

    @property
    def stream(self) -> Path:
        return self.path / "stream.jsonl"

    @property
    def stderr(self) -> Path:
        return self.path / "stderr.log"

    @property
    def inbox(self) -> Path:
        return self.path / "inbox" / "inbox.jsonl"

    @property
    def out(self) -> Path:
        return self.path / "out"

    @property
    def agent(self) -> Path:
        return self.path / "agent"

    @property
    def hooks(self) -> Path:
        return self.path / "hooks"

    @property
    def secrets(self) -> Path:
        return self.path / "secrets"

    @property
    def facts(self) -> Path:
        return self.path / "facts.json"

    @property
    def decided(self) -> Path:
        return self.path / "decided.json"

    @property
    def lock(self) -> Path:
        return self.path / "settle.lock"

    def make(self) -> None:
        """The folder with its empty logs and inbox; raises StorageFailed."""
        private_folder(self.path)
        for folder in (self.out, self.agent, self.hooks, self.inbox.parent):
            private_folder(folder)
        for file in (self.stream, self.stderr, self.inbox):
            try:
                os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            except OSError as error:
                raise storage_failed(error, file) from error


def read_untrusted(path: Path, limit: int) -> bytes | None:
    """At most `limit` bytes of a regular file that is no link; None for anything else."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return os.read(descriptor, limit)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def launcher_exit(folder: SessionFolder) -> tuple[int | None, str | None]:
    """The agent's exit code and the launcher's reason; two Nones when the launcher did not get that far.

    `full` is the reason when it found no space to say so.
    """
    said = read_untrusted(folder.out / "exit", 100)
    if said == b"":
        return None, "full"
    words = (said or b"").split()
    if len(words) != 2 or not words[0].isdigit() or not words[1].isalpha():
        return None, None
    return int(words[0]) & 0xFF, words[1].decode("ascii", "replace")


def last_words(file: Path) -> str:
    """The end of a log that grows; empty when there is none."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        size = os.fstat(descriptor).st_size
        tail = os.pread(descriptor, LAST_WORDS_BYTES, max(0, size - LAST_WORDS_BYTES))
    except OSError:
        return ""
    finally:
        os.close(descriptor)
    return tail.decode("utf-8", "replace").strip()
