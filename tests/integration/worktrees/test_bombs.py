"""A few KB that would cost the host gigabytes, or hours, when they are taken back."""

from __future__ import annotations

import hashlib
import resource
import zlib
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from scopecraft.errors import CommitsRefused
from scopecraft.worktrees.quarantine import quarantine
from scopecraft.worktrees.repository import open_repository
from tests.support.container_git import make_repository

MIB = 1 << 20


def test_a_delta_that_unfolds_into_gigabytes_is_refused_before_it_has_them(tmp_path: Path) -> None:
    """Deltas are made in memory, so they cannot be streamed as large files are."""
    pack = tmp_path / "evil.pack"
    pack.write_bytes(delta_bomb(copies=120))
    assert pack.stat().st_size < 20_000
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        refused, largest_git_kib = apart.submit(_import_apart, make_repository(tmp_path / "main"), pack).result()
    assert "over limit" in refused
    assert largest_git_kib < 250_000


def delta_bomb(*, copies: int) -> bytes:
    """A pack of 16 MiB of zeros, and a second object that is almost all of the first one, so many times."""
    base = bytes(16 * MIB)
    delta = _size(len(base)) + _size(copies * 0xFFFFFF) + b"\xf0\xff\xff\xff" * copies
    name = hashlib.sha1(b"blob %d\0" % len(base) + base).digest()
    parts = (
        b"PACK" + (2).to_bytes(4) + (2).to_bytes(4),
        _header(3, len(base)) + zlib.compress(base, 9),
        _header(7, len(delta)) + name + zlib.compress(delta, 9),
    )
    content = b"".join(parts)
    return content + hashlib.sha1(content).digest()


def _header(kind: int, size: int) -> bytes:
    first, size = (kind << 4) | (size & 15), size >> 4
    return bytes([first | 128]) + _size(size) if size else bytes([first])


def _size(number: int) -> bytes:
    out = b""
    while number >= 128:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def _import_apart(main: Path, pack: Path) -> tuple[str, int]:
    """In a process of its own, whose children are only the gits that it starts."""
    refused = ""
    with quarantine(open_repository(main)) as store, pack.open("rb") as file:
        try:
            store.import_pack(file)
        except CommitsRefused as error:
            refused = error.message
    return refused, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
