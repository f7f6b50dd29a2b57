"""Object stores that borrow from each other: git's `objects/info/alternates`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

_DEPTH = 5  # git follows no further
_LIMIT = 1 << 20
_ESCAPED = re.compile(rb"\\([0-3][0-7]{2}|.)", re.DOTALL)
_SINGLE = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


def object_stores(objects_dir: Path) -> tuple[Path, ...]:
    """The store and every one that it borrows from, at the absolute paths by which git opens them.

    Stores that are not there are left out, as git does.
    """
    found: dict[Path, None] = {}
    _follow(objects_dir, found, _DEPTH)
    return tuple(found)


def alternates_file(stores: tuple[Path, ...]) -> bytes:
    return b"".join(_line(os.fsencode(store)) for store in stores)


def _follow(store: Path, found: dict[Path, None], depth: int) -> None:
    if store in found or depth < 0 or not store.is_dir():
        return
    found[store] = None
    try:
        content = (store / "info" / "alternates").read_bytes()[:_LIMIT]
    except OSError:
        return
    for entry in _entries(content):
        # a relative entry means the store's real path; git then folds `..` by text, and so do we
        named = os.path.join(os.path.realpath(store), os.fsdecode(entry))  # noqa: PTH118
        _follow(Path(os.path.normpath(named)), found, depth - 1)


def _entries(content: bytes) -> Iterator[bytes]:
    for line in content.split(b"\n"):
        if line.startswith(b'"'):
            yield _ESCAPED.sub(_unescape, line[1:].removesuffix(b'"'))
        elif line and not line.startswith(b"#"):
            yield line


def _unescape(match: re.Match[bytes]) -> bytes:
    code = match.group(1)
    return bytes([int(code, 8)]) if len(code) == 3 else _SINGLE.get(code, code)


def _line(path: bytes) -> bytes:
    if b"\n" not in path:
        return path + b"\n"
    quoted = path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + quoted + b'"\n'
