"""The settings of a repository, `.scopecraft.toml`: whoever wrote the one wrote the other, so nothing in it is trusted.

It may set what makes sense for a repository, and each value that could reach the person's machine or secrets is marked.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from scopecraft.config.keys import Key, key_text
from scopecraft.config.layers import Layer, document_of, layer_of
from scopecraft.errors import BadSettings

FILE_NAME = ".scopecraft.toml"
MOST_BYTES = 64 * 1024
ALLOWED = "agents.*, checks.*, default_agent, container.*, setup.*, worktrees.branch_template"
_SECTIONS = frozenset({"agents", "checks", "container", "setup"})
_KEYS = frozenset({("default_agent",), ("worktrees", "branch_template")})
_DANGERS: dict[Key, str] = {
    ("agents", "command"): "chooses the program that runs",
    ("agents", "host_command"): "chooses a program that runs on your machine",
    ("agents", "arguments"): "changes how the agent's program runs",
    ("agents", "dialect"): "changes how the agent's program runs",
    ("agents", "image"): "chooses the image that your code and keys go into",
    ("agents", "env"): "sets variables that can change what runs",
    ("agents", "price"): "changes what a model is taken to cost, and so your limits",
    ("agents", "pass_env"): "hands variables of yours to the agent",
    ("container", "image"): "chooses the image that your code and keys go into",
    ("container", "network"): "changes what an agent can reach",
    ("container", "caches"): "shows package caches of yours to the agent",
    ("checks", "commands"): "runs these commands",
    ("setup", "commands"): "runs these commands",
    ("setup", "teardown"): "runs these commands",
    ("setup", "run_on"): "chooses where its commands run",
    ("default_agent",): "chooses the program that runs",
}


@dataclass(frozen=True, slots=True)
class RepositoryFile:
    """The bytes that were read, once: what is hashed, shown and parsed is the same. `where` is the place as told."""

    text: bytes
    where: str

    @property
    def sha256(self) -> str:
        import hashlib

        return hashlib.sha256(self.text).hexdigest()


def danger_of(key: Key) -> str | None:
    """Why a person should look twice at a repository that sets this; None for what can do no harm."""
    return _DANGERS.get(("agents", key[2]) if key[0] == "agents" else key[:2])


def read_repository_file(top: Path) -> RepositoryFile | None:
    """The file at the top of a checkout; None where there is none. BadSettings for what is no small regular file."""
    file = top / FILE_NAME
    try:
        # a FIFO must not make us wait, and a link may lead anywhere
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        reason = "it is a link" if error.errno == errno.ELOOP else (error.strerror or str(error)).lower()
        raise BadSettings(f"{file} cannot be used: {reason}", "put a plain file there, or remove it") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BadSettings(f"{file} cannot be used: it is no regular file", "put a plain file there, or remove it")
    with os.fdopen(descriptor, "rb") as opened:
        return of_bytes(opened.read(MOST_BYTES + 1), str(file))


def of_bytes(text: bytes, where: str) -> RepositoryFile:
    """BadSettings for more than settings can be."""
    if len(text) > MOST_BYTES:
        raise BadSettings(f"{where} is larger than {MOST_BYTES // 1024} KiB", "settings are shorter than that")
    return RepositoryFile(text, where)


def project_layer(file: RepositoryFile) -> Layer:
    """What the file says. BadSettings names the file and the key, also for a key that is none of a repository's."""
    document = document_of(file.text, file.where)
    layer = layer_of("project", file.where, document)
    foreign = next((key for key in layer.values if not is_allowed(key)), None)
    if foreign is not None:
        raise BadSettings(
            f"{file.where}: {key_text(foreign)}: a repository cannot set this",
            f"a repository may set {ALLOWED}; for yourself: sc config set {key_text(foreign)} VALUE",
        )
    return layer


def is_allowed(key: Key) -> bool:
    """Whether a repository may set it."""
    return key[0] in _SECTIONS or key in _KEYS
