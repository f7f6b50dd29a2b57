"""A home on a disk that is full or read-only: one sentence, and nothing half done."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.command_line import PROGRAM
from tests.support.engine import unavailable


@dataclass(frozen=True, slots=True)
class Disk:
    """A small file system of its own, mounted only for the script that runs."""

    folder: Path

    def script(self, text: str) -> subprocess.CompletedProcess[str]:
        """A shell script with `sc` and `$disk`; the last command's exit code is its own."""
        program = " ".join(PROGRAM)
        lines = f'disk={self.folder}\nmount -t tmpfs -o size=256k none $disk || exit 99\nsc() {{ {program} "$@"; }}\n'
        done = subprocess.run(
            ["unshare", "--map-root-user", "--mount", "/bin/sh", "-c", lines + text],
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode == 99:
            unavailable(f"no file system can be mounted here: {done.stderr}")
        return done


@pytest.fixture
def disk(clean_environment: Path) -> Disk:
    folder = clean_environment / "disk"
    folder.mkdir()
    return Disk(folder)


def test_a_read_only_disk_is_told_by_init(disk: Disk) -> None:
    said = disk.script("mount -o remount,ro $disk\nSCOPECRAFT_HOME=$disk/home sc init")
    assert said.returncode == 1
    assert said.stderr == (
        f"error: cannot write {disk.folder}/home: the file system is read-only\n"
        "hint: choose another home with SCOPECRAFT_HOME\n"
    )


def test_a_home_that_became_read_only_is_told_by_the_doctor(disk: Disk) -> None:
    said = disk.script(
        "export SCOPECRAFT_HOME=$disk/home\nsc init\nmount -o remount,ro $disk\nDOCKER_HOST=unix:///none sc doctor"
    )
    assert said.returncode == 4
    row = next(line for line in said.stdout.splitlines() if line.startswith("missing  home"))
    assert row.endswith(f"cannot write {disk.folder}/home: the file system is read-only")


def test_a_full_disk_leaves_the_list_of_projects_whole(disk: Disk, clean_environment: Path) -> None:
    for name in ("one", "two"):
        subprocess.run(["git", "init", "-q", str(clean_environment / name)], check=True)
    said = disk.script(
        "export SCOPECRAFT_HOME=$disk/home\n"
        f"sc init 2>/dev/null && sc link {clean_environment}/one 2>/dev/null || exit 98\n"
        "dd if=/dev/zero of=$disk/filler bs=4k 2>/dev/null\n"
        f"sc link {clean_environment}/two && exit 97\n"
        "sc projects; find $disk/home/config -name '*.tmp'"
    )
    assert said.returncode == 0
    assert said.stderr.startswith("error: cannot write ")
    assert "the disk is full" in said.stderr
    assert "one" in said.stdout
    assert "two" not in said.stdout
    assert ".tmp" not in said.stdout
