"""Images on top of the default agent image, with files that tests play with."""

from __future__ import annotations

import io
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from docker import DockerClient

DOCKERFILE = b"FROM scopecraft-agent:latest\nCOPY play /opt/play\n"


def build_derived(client: DockerClient, tag: str, files: Mapping[str, bytes | Path]) -> str:
    """The image's name. The files stand below `/opt/play` and are programs; a Path is that file's content."""
    with tempfile.TemporaryFile(dir="/var/tmp") as content:
        with tarfile.open(fileobj=content, mode="w") as archive:
            for name, data in {
                "Dockerfile": DOCKERFILE,
                **{f"play/{name}": data for name, data in files.items()},
            }.items():
                _add(archive, name, data)
        content.seek(0)
        client.images.build(
            fileobj=content, custom_context=True, tag=tag, labels={"scopecraft.test": tag}, rm=True, forcerm=True
        )
    return tag


def _add(archive: tarfile.TarFile, name: str, data: bytes | Path) -> None:
    entry = tarfile.TarInfo(name)
    entry.mode = 0o755
    if isinstance(data, bytes):
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
        return
    entry.size = data.stat().st_size
    with data.open("rb") as file:
        archive.addfile(entry, file)
