"""A disk of 1 MiB, and how to fill it."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.engine import unavailable

BLOCK = 4096


@contextmanager
def small_disk(folder: Path) -> Generator[Path]:
    """A tmpfs of 1 MiB mounted there; without root it is skipped, and where root may not mount it is unavailable."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode:
        unavailable(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, *, but: int = 0) -> Path:
    """Take all space of the disk `but` so many blocks, with one file; removing that file frees it again."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(BLOCK))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        file.truncate(file.tell() - but * BLOCK)
    return ballast


def make_read_only(disk: Path) -> None:
    """No file may be open for writing there."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
