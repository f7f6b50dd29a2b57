"""A release of several files is unpacked whole, in place of the one before, and nothing else of the package is."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import tarfile
from pathlib import Path

import pytest

from scopecraft.errors import AgentMissing
from scopecraft.executors.npm_release import Package, Release, fetch

# An npm that "downloads" the file beside it
NPM = '#!/bin/sh\nexec cp "$(dirname "$0")/robot.tgz" "$4"\n'


def packed(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size, entry.mode = len(data), 0o755 if name.startswith("bin/") else 0o644
            archive.addfile(entry, io.BytesIO(data))
    return content.getvalue()


def release(data: bytes, program: str = "bin/robot") -> Release:
    digest = base64.b64encode(hashlib.sha512(data).digest()).decode()
    return Release("Robot", "1.0", {"amd64": Package("robot@1.0", digest, program)}, ("bin/", "lib/"))


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "registry"
    folder.mkdir()
    (folder / "npm").write_text(NPM)
    (folder / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder / "robot.tgz"


def test_only_what_is_kept_is_unpacked_and_programs_can_run(tmp_path: Path, registry: Path) -> None:
    data = packed(
        {"bin/robot": b"r", "lib/parts/a": b"a", "README.md": b"read", "../outside": b"o", "bin/../../up": b"u"}
    )
    registry.write_bytes(data)
    program = fetch(release(data), tmp_path / "cache", lambda _: None, "amd64")
    files = sorted(
        str(path.relative_to(tmp_path / "cache")) for path in (tmp_path / "cache").rglob("*") if path.is_file()
    )
    assert files == ["bin/robot", "lib/parts/a", "robot.sha512"]
    assert os.access(program, os.X_OK)
    assert not os.access(tmp_path / "cache" / "lib/parts/a", os.X_OK)


def test_another_release_takes_the_place_of_the_one_before(tmp_path: Path, registry: Path) -> None:
    for content in (b"old", b"new"):
        data = packed({f"bin/{content.decode()}": b"x", "bin/robot": content})
        registry.write_bytes(data)
        program = fetch(release(data), tmp_path / "cache", lambda _: None, "amd64")
    assert program.read_bytes() == b"new"
    assert not (program.parent / "old").exists()


def test_a_package_without_the_program_is_not_taken_for_fetched(tmp_path: Path, registry: Path) -> None:
    data = packed({"bin/other": b"x"})
    registry.write_bytes(data)
    for _ in range(2):
        with pytest.raises(AgentMissing, match=r"robot@1\.0 holds no bin/robot"):
            fetch(release(data), tmp_path / "cache", lambda _: None, "amd64")


def test_what_was_fetched_before_is_whole_while_another_file_is_refused(tmp_path: Path, registry: Path) -> None:
    data = packed({"bin/robot": b"good"})
    registry.write_bytes(data)
    program = fetch(release(data), tmp_path / "cache", lambda _: None, "amd64")
    with pytest.raises(AgentMissing, match="not the file that was pinned"):
        fetch(release(b"another"), tmp_path / "cache", lambda _: None, "amd64")
    assert program.read_bytes() == b"good"
