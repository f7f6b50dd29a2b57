"""Long streams and long lines: memory stays where it was."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

READ = """
import resource, sys
from pathlib import Path
from scopecraft.agents.base import dialect
from scopecraft.streams.activity import read_activity
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
claude = dialect("claude")
read_activity(Path(sys.argv[1]), claude.entries)
before = peak()
activity = read_activity(Path(sys.argv[2]), claude.entries)
print(peak() - before, activity.lines, activity.tool_calls, activity.damaged_lines, activity.last_message[:20])
"""
LINE = (
    b'{"type":"assistant","message":{"id":"m%06d","content":[{"type":"tool_use","id":"t%06d","name":"Bash",'
    b'"input":{"command":"make test"}}],"usage":{"input_tokens":1}},"padding":"' + b"x" * 900 + b'"}\n'
)
LAST = b'{"type":"assistant","message":{"content":[{"type":"text","text":"after all of it"}]}}\n'


def read(before: Path, file: Path) -> tuple[int, list[str]]:
    done = subprocess.run([sys.executable, "-c", READ, str(before), str(file)], capture_output=True, text=True)
    assert done.stderr == ""
    growth, *told = done.stdout.split(maxsplit=4)
    return int(growth), told


def test_a_long_stream_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    short, long = tmp_path / "short", tmp_path / "long"
    short.write_bytes(LINE % (1, 1) * 2000)
    with long.open("wb") as file:
        for number in range(100):
            file.write(b"".join(LINE % (call, call) for call in range(number * 1000, number * 1000 + 1000)))
        file.write(LAST)
    megabytes, told = read(short, long)
    assert told == ["100001", "100000", "()", "after all of it\n"]
    assert megabytes < 10


def test_one_line_of_50_mb_costs_that_line_and_little_memory(tmp_path: Path) -> None:
    short, long = tmp_path / "short", tmp_path / "long"
    short.write_bytes(LINE % (1, 1))
    with long.open("wb") as file:
        file.write(LINE % (1, 1))
        file.write(b'{"type":"user","message":{"content":"')
        for _ in range(50):
            file.write(b"y" * 1_000_000)
        file.write(b'"}}\n' + LAST)
    megabytes, told = read(short, long)
    assert told == ["3", "1", "(2,)", "after all of it\n"]
    assert megabytes < 50


def test_a_line_of_5_mb_is_read_like_any_other(tmp_path: Path) -> None:
    short, long = tmp_path / "short", tmp_path / "long"
    short.write_bytes(LINE % (1, 1))
    long.write_bytes(LAST.replace(b"after", b"\xe4\xba\x8c" * 1_700_000) + LAST)
    megabytes, told = read(short, long)
    assert told == ["2", "0", "()", "after all of it\n"]
    assert megabytes < 50
