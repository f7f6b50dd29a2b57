"""Reading a stream: parse and activity, beside what splitting and parsing alone cost on the same bytes.

    python -m bench.stream [FILE] [--megabytes N]

Without a file it writes its own: the shapes and sizes of a real run, lines of 770 bytes on average.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import orjson

from bench import agent_turns
from scopecraft.agents.base import dialect
from scopecraft.streams.activity import read_activity

TARGET = 150  # MB/s
OTHERS_TARGET = 100  # of agents whose lines are shorter
ROUNDS = 3
_SESSION = "96d9c9b1-e649-4e5d-948f-d13bfd8adcae"
_USAGE = {"input_tokens": 4, "cache_creation_input_tokens": 311, "cache_read_input_tokens": 20412, "output_tokens": 7}


def _line(kind: str, number: int, content: list[dict[str, object]], **more: object) -> bytes:
    message: dict[str, object] = {"role": kind, "content": content}
    if kind == "assistant":
        message |= {"id": f"msg_{number:06}", "type": "message", "model": "claude-opus-5-5", "usage": _USAGE}
    envelope = {"type": kind, "message": message, "parent_tool_use_id": None, "session_id": _SESSION}
    stamp = {"uuid": f"e1ef4f4a-7f6f-44b5-9c63-{number:012x}", "timestamp": "2026-11-21T05:01:30.923Z"}
    return orjson.dumps(envelope | stamp | more) + b"\n"


def turn(number: int) -> bytes:
    """A model call with a text and a tool call, and the tool's result."""
    call = f"toolu_{number:024x}"
    words = (
        f"Step {number}: the tests of the parser fail where a line ends in half a character — I look at the “reader”."
    )
    output = "\n".join(f"tests/test_reader.py:{row}: AssertionError: {row * number}" for row in range(8))
    tool: dict[str, object] = {
        "type": "tool_use",
        "id": call,
        "name": "Bash",
        "input": {"command": f"pytest -x -k {number}"},
    }
    result: dict[str, object] = {"type": "tool_result", "tool_use_id": call, "content": output, "is_error": False}
    structured = {"stdout": output, "stderr": "", "interrupted": False, "isImage": False}
    return b"".join(
        (
            _line("assistant", number, [{"type": "text", "text": words}], request_id="req_011CUy"),
            _line("assistant", number, [tool], request_id="req_011CUy"),
            _line("user", number, [result], tool_use_result=structured),
        )
    )


def make_stream(path: Path, megabytes: int, turn: Callable[[int], bytes] = turn) -> None:
    block = b"".join(turn(number) for number in range(1000))
    with path.open("wb") as file:
        for _ in range(megabytes * 1_000_000 // len(block) + 1):
            file.write(block)


def best(work: Callable[[], object]) -> float:
    """Processor seconds of the fastest round: reading is bound by the processor, and others may use it too."""
    times = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return min(times)


def measure(path: Path, agent: str = "claude") -> dict[str, float]:
    """MB/s of each way to read the file; the floors get it in memory already."""
    data = path.read_bytes()
    lines = data.splitlines() if b"\r" not in data else data.split(b"\n")
    megabytes = len(data) / 1e6
    spoken = dialect(agent)
    rates = {
        "split on newlines": megabytes / best(lambda: data.split(b"\n")),
        "json.loads": megabytes / best(lambda: [json.loads(line) and None for line in lines if line]),
        "orjson.loads": megabytes / best(lambda: [orjson.loads(line) and None for line in lines if line]),
        "parse and activity": megabytes / best(lambda: read_activity(path, spoken.entries)),
    }
    print(f"{agent}: {megabytes:.0f} MB, {len(lines):,} lines of {len(data) / len(lines):.0f} bytes on average")
    return rates


def report(rates: dict[str, float], target: int = TARGET) -> bool:
    ours = rates["parse and activity"]
    for name, rate in rates.items():
        print(f"{name:>20}: {rate:7.0f} MB/s   {rate / ours:5.2f} times ours")
    print(f"target {target} MB/s: {'reached' if ours >= target else 'MISSED'}")
    return ours >= target


def report_memory(folder: Path) -> None:
    """Reads 100 MB, then 1 GB, as `sc` does: the second must not take more memory than the first."""
    claude = dialect("claude")
    peaks = []
    for megabytes in (100, 1000):
        path = folder / "long.jsonl"
        make_stream(path, megabytes)
        read_activity(path, claude.entries)
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(f"peak memory after a log of 100 MB: {peaks[0]:.0f} MB, after one of 1 GB: {peaks[1]:.0f} MB")


def main() -> int:
    parser = argparse.ArgumentParser(description="How fast a stream is read.")
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--megabytes", type=int, default=100)
    options = parser.parse_args()
    if options.file:
        return 0 if report(measure(options.file)) else 1
    with tempfile.TemporaryDirectory() as folder:
        report_memory(Path(folder))  # first: what comes after holds its file in memory
        path = Path(folder) / "stream.jsonl"
        make_stream(path, options.megabytes)
        reached = [report(measure(path))]
        for agent, of_one in (("gemini", agent_turns.gemini), ("opencode", agent_turns.opencode)):
            make_stream(path, options.megabytes, of_one)
            reached.append(report(measure(path, agent), OTHERS_TARGET))
        return 0 if all(reached) else 1


if __name__ == "__main__":
    raise SystemExit(main())
