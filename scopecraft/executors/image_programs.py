"""The agents' programs as files of an image."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from scopecraft.executors.agent_releases import release_of
from scopecraft.executors.npm_release import fetch

ON_PATH = "usr/local/bin"


@dataclass(frozen=True, slots=True)
class ImageProgram:
    """`files` are files and folders of this machine by their place in the image, `links` what each points to."""

    name: str
    files: Mapping[str, Path]
    links: Mapping[str, str] = field(default_factory=dict)


def own_program(name: str, file: Path) -> ImageProgram:
    """A program that is one file, on the search path."""
    return ImageProgram(name, {f"{ON_PATH}/{name}": file})


def fetched_program(name: str, folder: Path, say: Callable[[str], None], architecture: str) -> ImageProgram:
    """The pinned release, fetched below `folder`: all of it in `/opt/<name>`, with a link on the search path."""
    release = release_of(name)
    program = fetch(release, folder, say, architecture)
    if len(release.kept) == 1 and program == folder / release.kept[0]:
        return own_program(name, program)
    inside = program.relative_to(folder)
    tops = dict.fromkeys(kept.split("/")[0] for kept in release.kept)
    files = {f"opt/{name}/{top}": folder / top for top in tops}
    return ImageProgram(name, files, {f"{ON_PATH}/{name}": f"/opt/{name}/{inside}"})


def write_context(context: IO[bytes], dockerfile: str, programs: Iterable[ImageProgram] = ()) -> None:
    """What the engine builds from, as a tar: each program in a folder of its name, as it will stand below `/`."""
    with tarfile.open(fileobj=context, mode="w") as tar:
        text = dockerfile.encode()
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
        for program in programs:
            for place, file in sorted(program.files.items()):
                tar.add(file, f"{program.name}/{place}", filter=_plain)
            for place, target in sorted(program.links.items()):
                link = tarfile.TarInfo(f"{program.name}/{place}")
                link.type, link.linkname = tarfile.SYMTYPE, target
                tar.addfile(_plain(link))


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Nobody's in particular, and always the same: then the engine knows it again."""
    entry.uid, entry.gid, entry.uname, entry.gname, entry.mtime = 0, 0, "", "", 0
    runs = entry.isdir() or entry.mode & 0o111 or f"/{ON_PATH}/" in entry.name
    entry.mode = 0o755 if runs else 0o644
    return entry
