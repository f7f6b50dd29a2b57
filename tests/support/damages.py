"""What can become of a file of state."""

from __future__ import annotations

DAMAGES = {
    "empty": b"",
    "truncated": b'{"id": "r-',
    "filled-with-nul": b"\0" * 600,
    "bad-utf": b'{"id": "\xff\xfe"}',
    "of-the-future": b'{"schema_version": 99, "what": ["ever"]}',
    "no-object": b"[]",
}
