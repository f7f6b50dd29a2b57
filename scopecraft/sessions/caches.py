"""The person's package caches in a container: readable by all missions, writable by none.

A package manager that cannot write its cache uses none, or fails. So it gets a cache of its own, in the session's
folder: real folders, and in them a link for each file of the person's cache, which is mounted read-only. What is new is
written beside the links; a file that is written anew takes a link's place.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scopecraft.atomic import storage_failed
from scopecraft.config.settings import CacheName
from scopecraft.executors.launcher import give_to
from scopecraft.model.launch import Mount
from scopecraft.sessions.context import Context

INSIDE = "/session/caches"
SHARED_INSIDE = "/session/shared-caches"


@dataclass(frozen=True, slots=True)
class _Kind:
    """`linked` and `copied` are folders of the person's cache, `variable` says where the program finds its own.

    What a program appends to cannot be a link to something read-only, so it is copied. Everything else of the folder
    stays out: settings, keys and logs stand there too.
    """

    variable: str
    linked: tuple[str, ...]
    copied: tuple[str, ...] = ()
    others: tuple[tuple[str, str], ...] = ()  # further variables


_KINDS: dict[CacheName, _Kind] = {
    "pip": _Kind("PIP_CACHE_DIR", ("http", "http-v2", "wheels")),
    "npm": _Kind(
        "npm_config_cache",
        ("_cacache/content-v2",),
        ("_cacache/index-v5",),
        # without it npm asks the registry about every package that it has
        (("npm_config_prefer_offline", "true"),),
    ),
    "cargo": _Kind("CARGO_HOME", ("registry/cache",), ("registry/index",)),
}


def cache_environment(context: Context) -> dict[str, str]:
    """Where the programs in a container find their caches; empty where none are set."""
    found: dict[str, str] = {}
    for name, kind, _ in _chosen(context):
        found |= {kind.variable: f"{INSIDE}/{name}", **dict(kind.others)}
    return found


def lay_out_caches(context: Context, folder: Path, owner: tuple[int, int]) -> tuple[Mount, ...]:
    """Makes `caches/` in the session's folder; what is to be mounted. Raises StorageFailed."""
    chosen = _chosen(context)
    if not chosen:
        return ()
    own = folder / "caches"
    mounts = [Mount(own, INSIDE, read_only=False)]
    try:
        for name, kind, persons in chosen:
            for part in (*kind.linked, *kind.copied):
                source, target = persons / part, own / name / part
                target.mkdir(parents=True, mode=0o700)
                if source.is_dir() and not source.is_symlink():
                    inside = f"{SHARED_INSIDE}/{name}/{part}"
                    mounts += [Mount(source, inside)] if part in kind.linked else []
                    _lay_out(source, target, inside if part in kind.linked else None)
        give_to(own, owner)
    except OSError as error:
        raise storage_failed(error, own) from error
    return tuple(mounts)


def persons_cache(name: CacheName, environ: Mapping[str, str]) -> Path | None:
    """Where the person's own is, by the variables that its program looks at; None where there is no home."""
    home = environ.get("HOME")
    caches = environ.get("XDG_CACHE_HOME") or (f"{home}/.cache" if home else None)
    places = {
        "pip": environ.get("PIP_CACHE_DIR") or (f"{caches}/pip" if caches else None),
        "npm": environ.get("npm_config_cache") or (f"{home}/.npm" if home else None),
        "cargo": environ.get("CARGO_HOME") or (f"{home}/.cargo" if home else None),
    }
    place = places[name]
    return Path(place).resolve() if place else None


def _chosen(context: Context) -> list[tuple[CacheName, _Kind, Path]]:
    found = []
    for name in dict.fromkeys(context.settings.container.caches):
        place = persons_cache(name, context.environ)
        if place is not None:
            found.append((name, _KINDS[name], place))
    return found


def _lay_out(source: Path, target: Path, inside: str | None) -> None:
    """Folders are made, files linked to where they are `inside`, or copied. Links and special files stay out."""
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        with os.scandir(source / folder) as entries:
            for entry in entries:
                place = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    (target / place).mkdir(mode=0o700)
                    waiting.append(place)
                elif not entry.is_file(follow_symlinks=False):
                    continue
                elif inside is None:
                    with contextlib.suppress(FileNotFoundError):  # the person's programs tidy up meanwhile
                        shutil.copyfile(entry.path, target / place, follow_symlinks=False)
                else:
                    (target / place).symlink_to(f"{inside}/{place}")
