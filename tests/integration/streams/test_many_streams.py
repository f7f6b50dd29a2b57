"""Following many files at once, with real files and real inotify: nothing lost, nothing doubled, nobody held up."""

from __future__ import annotations

import logging
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scopecraft.model.event import Alert
from scopecraft.streams.follow import Replaced
from scopecraft.streams.followed import Piece
from scopecraft.streams.lines import Line
from scopecraft.streams.many import FILE_BYTES, StreamsWatch
from tests.support.engine import unavailable
from tests.support.wait import until


class Seen:
    """What a watch found so far: lines by key, and the rest in order."""

    def __init__(self, watch: StreamsWatch) -> None:
        self.watch = watch
        self.lines: dict[str, list[Line]] = defaultdict(list)
        self.others: list[tuple[str | None, Piece]] = []

    def raw(self, key: str) -> list[bytes]:
        return [line.raw for line in self.lines[key]]

    def look(self, seconds: float = 0.05) -> None:
        self.watch.wait(seconds)
        for key, piece in self.watch.read():
            if isinstance(piece, list) and key is not None:
                self.lines[key] += piece
            else:
                self.others.append((key, piece))

    def until(self, condition: Callable[[], object]) -> None:
        def looked() -> object:
            self.look()
            return condition()

        until(looked, every=0)


@pytest.fixture
def seen() -> Iterator[Seen]:
    with StreamsWatch() as watch:
        yield Seen(watch)


def make_stream(folder: Path, name: str, data: bytes = b"") -> Path:
    path = folder / name / "stream.jsonl"
    path.parent.mkdir()
    path.write_bytes(data)
    return path


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_every_line_of_many_streams_comes_once_while_they_are_written(tmp_path: Path, seen: Seen) -> None:
    paths = {f"s{number}": make_stream(tmp_path, f"s{number}", b"0\n") for number in range(30)}
    for key, path in paths.items():
        seen.watch.add(key, path)

    def write() -> None:
        for number in range(1, 41):
            for path in paths.values():
                append(path, b"%d\n" % number)

    writer = threading.Thread(target=write)
    writer.start()
    seen.until(lambda: all(len(seen.lines[key]) == 41 for key in paths))
    writer.join()
    append(paths["s7"], b"after the burst\n")
    seen.until(lambda: seen.raw("s7")[-1] == b"after the burst")
    assert all(seen.raw(key)[:41] == [b"%d" % number for number in range(41)] for key in paths)
    assert [line.number for line in seen.lines["s7"]] == list(range(1, 43))
    assert seen.others == []


def test_a_line_is_known_long_before_the_next_look_at_all_files(tmp_path: Path, seen: Seen) -> None:
    path = make_stream(tmp_path, "a")
    seen.watch.add("a", path)
    seen.look()
    delays = []
    for count in range(1, 21):
        written = time.monotonic()
        append(path, b"x\n")
        seen.until(lambda count=count: len(seen.lines["a"]) == count)  # type: ignore[misc]
        delays.append(time.monotonic() - written)
    assert statistics.median(delays) < 0.05


def test_after_a_burst_a_line_is_known_as_soon_as_before(tmp_path: Path) -> None:
    path = make_stream(tmp_path, "a")
    with StreamsWatch(calm_seconds=0.1) as watch:
        seen = Seen(watch)
        watch.add("a", path)
        for count in range(1, 11):
            append(path, b"burst\n")
            seen.until(lambda count=count: len(seen.lines["a"]) == count)  # type: ignore[misc]
        calm = time.monotonic() + 1.2
        seen.until(lambda: time.monotonic() > calm)
        delays = []
        for count in range(11, 14):
            written = time.monotonic()
            append(path, b"x\n")
            seen.until(lambda count=count: len(seen.lines["a"]) == count)  # type: ignore[misc]
            delays.append(time.monotonic() - written)
    assert statistics.median(delays) < 0.5


def test_a_long_stream_does_not_hold_up_a_short_one(tmp_path: Path, seen: Seen) -> None:
    line = b"x" * 999 + b"\n"
    seen.watch.add("long", make_stream(tmp_path, "long", line * 10_000))
    for name in ("b", "c"):
        seen.watch.add(name, make_stream(tmp_path, name, b"short\n"))
    seen.look()
    assert (seen.raw("b"), seen.raw("c")) == ([b"short"], [b"short"])
    assert len(seen.lines["long"]) * len(line) <= FILE_BYTES + 256 * 1024
    assert seen.watch.is_behind("long")
    seen.until(lambda: not seen.watch.is_behind("long"))
    assert [each.number for each in seen.lines["long"]] == list(range(1, 10_001))


def test_a_stream_is_taken_up_where_an_earlier_process_stopped(tmp_path: Path, seen: Seen) -> None:
    path = make_stream(tmp_path, "a", b"one\ntwo\n")
    seen.watch.add("a", path, offset=4, number=2)
    seen.watch.add("late", tmp_path / "a" / "later.jsonl")
    seen.until(lambda: seen.lines["a"] == [Line(2, 4, 8, b"two")])
    append(tmp_path / "a" / "later.jsonl", b"here\n")
    seen.until(lambda: seen.raw("late") == [b"here"])


def test_a_stream_that_was_cut_exchanged_or_taken_away_is_told_once_and_no_line_twice(
    tmp_path: Path, seen: Seen
) -> None:
    paths = {name: make_stream(tmp_path, name, b"one\ntwo\n") for name in ("cut", "exchanged", "gone", "whole")}
    for key, path in paths.items():
        seen.watch.add(key, path)
    seen.until(lambda: all(len(seen.lines[key]) == 2 for key in paths))
    os.truncate(paths["cut"], 4)
    other = tmp_path / "other"
    other.write_bytes(b"one\ntwo\n")
    other.replace(paths["exchanged"])
    paths["gone"].unlink()
    seen.until(lambda: len(seen.others) == 3)
    for name in ("cut", "exchanged", "whole"):
        append(paths[name], b"three\n")
    seen.until(lambda: all(len(seen.lines[name]) == 3 for name in ("cut", "exchanged", "whole")))
    looked = time.monotonic() + 1.2  # past a look at all files
    seen.until(lambda: time.monotonic() > looked)
    told = {("cut", Replaced("truncated", 8)), ("exchanged", Replaced("replaced", 8)), ("gone", Replaced("removed", 8))}
    assert len(seen.others) == 3 and set(seen.others) == told
    assert all(seen.raw(name) == [b"one", b"two", b"three"] for name in ("cut", "exchanged", "whole"))


def test_a_long_stream_that_is_exchanged_is_read_to_its_end_first(tmp_path: Path, seen: Seen) -> None:
    path = make_stream(tmp_path, "a", (b"x" * 999 + b"\n") * 5000)
    seen.watch.add("a", path)
    seen.look()
    assert seen.watch.is_behind("a")
    other = tmp_path / "other"
    other.write_bytes(b"one\n")
    other.replace(path)
    seen.until(lambda: seen.others == [("a", Replaced("replaced", 5_000_000))])
    assert len(seen.lines["a"]) == 5000


def test_what_nobody_tells_of_is_found_by_looking(tmp_path: Path, seen: Seen) -> None:
    path = make_stream(tmp_path, "a", b"one\n")
    seen.watch.add("a", path)
    seen.until(lambda: seen.raw("a") == [b"one"])
    # the watch goes with the folder: of the new one nobody hears
    path.parent.rename(tmp_path / "elsewhere")
    make_stream(tmp_path, "a", b"another\n")
    seen.until(lambda: seen.others == [("a", Replaced("replaced", 4))])
    append(path, b"two\n")
    seen.until(lambda: seen.raw("a") == [b"one", b"two"])


def test_a_link_in_place_of_a_stream_is_told_once_and_not_read(tmp_path: Path, seen: Seen) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "stream.jsonl").symlink_to("/etc/passwd")
    seen.watch.add("bad", tmp_path / "bad" / "stream.jsonl")
    good = make_stream(tmp_path, "good", b"one\n")
    seen.watch.add("good", good)
    seen.until(lambda: seen.raw("good") == [b"one"] and seen.others)
    for count in range(2, 5):
        append(good, b"more\n")
        seen.until(lambda count=count: len(seen.lines["good"]) == count)  # type: ignore[misc]
    assert [(key, alert.code) for key, alert in seen.others if isinstance(alert, Alert)] == [
        ("bad", "stream_unreadable")
    ]
    assert seen.raw("bad") == []


def test_somebody_who_waits_can_be_woken(seen: Seen) -> None:
    began = time.monotonic()
    threading.Timer(0.05, seen.watch.wake).start()
    assert seen.watch.wait(20)
    assert time.monotonic() - began < 10
    seen.watch.read()
    assert not seen.watch.wait(0)


def test_the_end_of_a_stream_comes_whole_with_its_half_line(tmp_path: Path, seen: Seen) -> None:
    path = make_stream(tmp_path, "a", b"one\n")
    seen.watch.add("a", path)
    seen.until(lambda: seen.raw("a") == [b"one"])
    append(path, b"two\n" * 500_000 + b"hal")
    pieces = list(seen.watch.finish("a"))
    lines = [line for piece in pieces if isinstance(piece, list) for line in piece]
    assert [line.number for line in lines] == list(range(2, 500_003))
    assert lines[-1].partial and lines[-1].raw == b"hal"
    append(path, b"f\n")
    assert not seen.watch.wait(0.1)


def test_a_removed_stream_is_not_heard_of_again_and_its_neighbour_is(tmp_path: Path, seen: Seen) -> None:
    path = make_stream(tmp_path, "a")
    neighbour = path.with_name("hooks.jsonl")
    seen.watch.add("a", path)
    seen.watch.add("b", neighbour)
    seen.watch.remove("a")
    append(path, b"x\n")
    append(neighbour, b"y\n")
    seen.until(lambda: seen.raw("b") == [b"y"])
    assert seen.raw("a") == []


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_nothing_is_left_when_a_watch_is_closed(tmp_path: Path) -> None:
    threads, handlers = threading.active_count(), list(logging.getLogger("watchdog.observers.inotify_c").handlers)
    descriptors = open_descriptors()
    with StreamsWatch() as watch:
        for name in ("a", "b", "c"):
            watch.add(name, make_stream(tmp_path, name, b"one\n"))
        watch.read()
    assert threading.active_count() == threads
    assert logging.getLogger("watchdog.observers.inotify_c").handlers == handlers
    assert open_descriptors() == descriptors


WATCH = """
import sys, time
from pathlib import Path
from scopecraft.streams.many import StreamsWatch
with StreamsWatch() as watch:
    for name in sys.argv[1:]:
        watch.add(name, Path(name))
    lines, end = 0, time.monotonic() + 30
    while time.monotonic() < end:
        for key, piece in watch.read():
            if isinstance(piece, list):
                lines += len(piece)
                print("lines", lines, flush=True)
            else:
                print(getattr(piece, "code", piece), getattr(piece, "text", ""), flush=True)
        watch.wait(5)
"""


def watching(*paths: Path, inside: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    command = [*inside, sys.executable, "-c", WATCH, *map(str, paths)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.parametrize("limit", ["max_inotify_watches", "max_inotify_instances"])
def test_where_no_watches_are_left_all_is_looked_at_and_one_alert_says_so(tmp_path: Path, limit: str) -> None:
    # a user namespace has limits of its own, so nobody else's are touched
    command = f'echo 0 >/proc/sys/user/{limit} && exec "$@"'
    inside = ("unshare", "--user", "--map-root-user", "sh", "-c", command, "sh")
    if subprocess.run([*inside, "true"], capture_output=True).returncode != 0:
        unavailable("this machine does not let a test make a user namespace")
    paths = [make_stream(tmp_path, name) for name in ("a", "b")]
    with watching(*paths, inside=inside) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("stream_polled changes are looked for 5 times a second: inotify")
        for count, path in enumerate(paths, 1):
            append(path, b"written\n")
            assert process.stdout.readline() == f"lines {count}\n"
        process.terminate()


def test_when_the_system_loses_changes_every_stream_is_looked_at_anew(tmp_path: Path) -> None:
    paths = [make_stream(tmp_path, name, b"first\n") for name in ("a", "b", "c")]
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if most > 100_000:
        unavailable(f"this machine's inotify queue has room for {most} events")
    with watching(*paths) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in paths] == ["lines 1\n", "lines 2\n", "lines 3\n"]
        process.send_signal(signal.SIGSTOP)
        with paths[0].open("ab", buffering=0) as one, paths[1].open("ab", buffering=0) as other:
            for _ in range(most):  # in turn: the same change twice in a row counts once
                one.write(b"x\n")
                other.write(b"y\n")
        append(paths[2], b"nobody hears of this one\n")
        process.send_signal(signal.SIGCONT)
        awaited = {
            f"lines {3 + 2 * most + 1}\n",
            "stream_overflow more changed at once than the system could tell of; every stream was looked at anew\n",
        }
        told = []
        while not awaited <= set(told):
            told.append(process.stdout.readline())
            assert told[-1] in awaited or told[-1].startswith("lines"), told[-1]
        process.terminate()
    assert sum(line in awaited for line in told) == 2


PEAK = """
import resource, sys
from pathlib import Path
from scopecraft.streams.many import StreamsWatch
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
with StreamsWatch() as watch:
    watch.add("short", Path(sys.argv[1]))
    watch.read()
    before, lines = peak(), 0
    watch.add("long", Path(sys.argv[2]))
    while watch.is_behind("long"):
        lines += sum(len(piece) for _, piece in watch.read() if isinstance(piece, list))
print(peak() - before, lines)
"""


def test_a_long_stream_takes_little_memory(tmp_path: Path) -> None:
    short, long = make_stream(tmp_path, "a", b"one\n"), make_stream(tmp_path, "b")
    with long.open("wb") as file:
        for _ in range(200):
            file.write((b"z" * 999 + b"\n") * 1000)
    done = subprocess.run([sys.executable, "-c", PEAK, str(short), str(long)], capture_output=True, text=True)
    assert done.stderr == ""
    megabytes, lines = map(int, done.stdout.split())
    assert lines == 200_000
    assert megabytes < 30
