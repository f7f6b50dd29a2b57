"""What a command removes together with all that is in it, by the names it gives."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scopecraft.streams.danger_rule import BEGIN

_REMOVAL = re.compile(rf"{BEGIN} \\? rm [ \t]+ (?P<words>[^\n;&|<>)`]+)", re.VERBOSE)
_FIND = re.compile(
    r"""
    \b find [ \t]+ (?: / | ~ | \$\{?HOME\}? | /(?:etc|usr|var|home|root|boot|opt|srv) ) /? [ \t]
    (?! [^\n;|]* -(?:name|path|iname|regex|newer|mtime|mmin|user|size|empty)\b )
    [^\n;|]* (?: -delete\b | -exec [ \t]+ rm\b )
    """,
    re.VERBOSE,
)
_RECURSIVE = re.compile(r"-[a-zA-Z]*[rR]|--recursive$|--no-preserve-root$")
_HOME = re.compile(r"(?:~\w*|\$\{?HOME\}?|/root|/home/[^/]+|/Users/[^/]+)(?=/|$)")
_SYSTEM = re.compile(r"/(?:bin|boot|dev|etc|home|lib|lib64|opt|proc|root|run|sbin|srv|sys|usr|var|Users)")
_FREE = (
    *("/tmp/", "/var/tmp/", "/dev/shm/", "/workspace/", "/var/cache/", "/var/lib/apt/lists/", "/build/", "/session/"),
    *("$TMPDIR/", "${TMPDIR}/", "/private/tmp/", "/var/folders/", "/mission/"),
)
_FREE_IN_HOME = (".cache", ".npm", ".cargo/registry", ".gradle", ".m2", ".local/share/pnpm", "go/pkg", "Library/Caches")


def removes_everything(command: str, worktree: str) -> bool:  # noqa: ARG001  it matters to nobody where it is
    """Whether the root, a folder of the system or a whole home is removed."""
    return _FIND.search(command) is not None or any(_is_everything(target) for target in _targets(command))


def removes_outside(command: str, worktree: str) -> bool:
    """Whether a folder is removed that is neither in the worktree nor of a kind that may go at any time."""
    return any(_is_outside(target, worktree) and not _is_everything(target) for target in _targets(command))


def _targets(command: str) -> Iterator[str]:
    for found in _REMOVAL.finditer(command):
        words = found["words"].split()
        if any(_RECURSIVE.match(word) for word in words):
            yield from (word for word in words if not word.startswith("-"))


def _is_everything(target: str) -> bool:
    bare = target.removesuffix("*").rstrip("/") or "/"
    if target in ("*", "."):
        return False
    return (
        _SYSTEM.fullmatch(bare) is not None
        or (bare == "/" and target.startswith("/"))
        or _HOME.fullmatch(bare) is not None
    )


def _is_outside(target: str, worktree: str) -> bool:
    home = _HOME.match(target)
    if not target.startswith("/") and home is None:
        return False  # where it stands is not known
    path = posixpath.normpath(target) if target.startswith("/") else target
    if worktree and (path == worktree or path.startswith(f"{worktree}/")):
        return False
    if home is not None and path[home.end() :].lstrip("/").startswith(_FREE_IN_HOME):
        return False
    return not f"{path}/".startswith(_FREE)
