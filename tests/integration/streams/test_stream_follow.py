"""Following a file that grows, is cut, is replaced and comes to its end; with real files and real inotify."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from scopecraft.errors import OperationFailed
from scopecraft.streams.follow import Followed, Replaced, Tail, Tick, follow
from scopecraft.streams.lines import Line
from tests.support.engine import unavailable
from tests.support.wait import until


class Follower:
    """Follows in a thread; `seen` is all but the ticks, with the time when it came."""

    def __init__(self, path: Path, *, offset: int = 0, number: int = 1, tick_seconds: float = 0.05) -> None:
        self.seen: list[Followed] = []
        self.times: list[float] = []
        self.ticks = 0
        self.asked = 0
        self.error: OperationFailed | None = None
        self._gone = threading.Event()
        self._items = follow(path, stop=self._stop, offset=offset, number=number, tick_seconds=tick_seconds)
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _stop(self) -> bool:
        self.asked += 1
        return self._gone.is_set()

    def _run(self) -> None:
        try:
            for item in self._items:
                if isinstance(item, Tick):
                    self.ticks += 1
                else:
                    self.times.append(time.monotonic())
                    self.seen.append(item)
        except OperationFailed as error:
            self.error = error

    def has_seen(self, count: int) -> bool:
        return len(self.times) == count

    @property
    def lines(self) -> list[bytes]:
        return [item.raw for item in self.seen if isinstance(item, Line)]

    def writer_is_gone(self) -> None:
        self._gone.set()
        self.thread.join(10)
        assert not self.thread.is_alive()


@contextmanager
def following(path: Path, *, offset: int = 0, number: int = 1, tick_seconds: float = 0.05) -> Iterator[Follower]:
    follower = Follower(path, offset=offset, number=number, tick_seconds=tick_seconds)
    follower.thread.start()
    until(lambda: follower.ticks or follower.error, what="the first tick")
    try:
        yield follower
    finally:
        follower.writer_is_gone()


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    path = tmp_path / "stream.jsonl"
    path.touch()
    return path


def test_lines_come_as_they_are_written(stream: Path) -> None:
    with following(stream) as follower:
        append(stream, b"one\ntw")
        until(lambda: follower.lines == [b"one"])
        append(stream, b"o\nthree\n")
        until(lambda: follower.lines == [b"one", b"two", b"three"])
    assert [item.number for item in follower.seen if isinstance(item, Line)] == [1, 2, 3]


def test_a_line_is_seen_long_before_the_next_tick(stream: Path) -> None:
    delays = []
    with following(stream, tick_seconds=3) as follower:
        for count in range(1, 21):
            written = time.monotonic()
            append(stream, b"x\n")
            until(partial(follower.has_seen, count), every=0.001)
            delays.append(follower.times[-1] - written)
    assert statistics.median(delays) < 0.05


def test_lines_that_stood_there_before_come_first(stream: Path) -> None:
    append(stream, b"old\n")
    with following(stream) as follower:
        until(lambda: follower.lines == [b"old"])
        append(stream, b"new\n")
        until(lambda: follower.lines == [b"old", b"new"])


def test_following_goes_on_where_an_earlier_one_stopped(stream: Path) -> None:
    append(stream, b"one\ntwo\n")
    with following(stream, offset=4, number=2) as follower:
        until(lambda: follower.seen == [Line(2, 4, 8, b"two")])


def test_a_file_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "stream.jsonl"
    with following(path) as follower:
        append(path, b"here\n")
        until(lambda: follower.lines == [b"here"])


def test_half_a_line_is_told_only_when_its_writer_is_gone(stream: Path) -> None:
    with following(stream) as follower:
        append(stream, b'one\n{"half":')
        until(lambda: follower.lines == [b"one"])
        ticks = follower.ticks
        until(lambda: follower.ticks > ticks + 1)
        assert follower.lines == [b"one"]
    assert follower.seen[-1] == Line(2, 4, 12, b'{"half":', partial=True)


def test_what_the_writer_wrote_last_is_not_lost(stream: Path) -> None:
    for _ in range(20):
        follower = Follower(stream, offset=stream.stat().st_size)
        follower.thread.start()
        append(stream, b"last words\n")
        follower.writer_is_gone()
        assert follower.lines == [b"last words"]


def test_a_writer_that_is_gone_already_ends_it_at_once(stream: Path) -> None:
    append(stream, b"one\ntw")
    began = time.monotonic()
    items = list(follow(stream, stop=lambda: True, tick_seconds=30))
    assert items == [Line(1, 0, 4, b"one"), Line(2, 4, 6, b"tw", partial=True)]
    assert time.monotonic() - began < 5


def test_ticks_come_while_nothing_is_written_and_stop_is_asked_no_more_often(stream: Path) -> None:
    with following(stream, tick_seconds=0.02) as follower:
        until(lambda: follower.ticks > 5)
        for _ in range(50):
            append(stream, b"x\n")
        until(lambda: len(follower.lines) == 50)
        assert follower.asked <= follower.ticks + 1


def test_a_file_cut_short_is_noticed_and_no_line_comes_twice(stream: Path) -> None:
    append(stream, b"one\ntwo\nthr")
    with following(stream) as follower:
        until(lambda: follower.lines == [b"one", b"two"])
        os.truncate(stream, 4)
        until(lambda: Replaced("truncated", 11) in follower.seen)
        append(stream, b"new\n")
        until(lambda: follower.lines == [b"one", b"two", b"new"])


def test_a_file_emptied_and_written_anew_is_read_from_there(stream: Path) -> None:
    append(stream, b"one\n")
    with following(stream) as follower:
        until(lambda: follower.lines == [b"one"])
        os.truncate(stream, 0)
        until(lambda: Replaced("truncated", 4) in follower.seen)
        append(stream, b"after\n")
        until(lambda: follower.lines == [b"one", b"after"])


def test_another_file_in_its_place_is_noticed_and_no_line_comes_twice(stream: Path) -> None:
    append(stream, b"one\ntwo\n")
    other = stream.with_name("other")
    other.write_bytes(b"one\ntwo\n")
    with following(stream) as follower:
        until(lambda: len(follower.lines) == 2)
        other.replace(stream)
        until(lambda: Replaced("replaced", 8) in follower.seen)
        append(stream, b"three\n")
        until(lambda: follower.lines == [b"one", b"two", b"three"])


def test_what_was_written_before_the_file_was_replaced_is_read_to_its_end(stream: Path) -> None:
    append(stream, b"one\n")
    tail = Tail(stream)
    assert [item.raw for item in tail.read() if isinstance(item, Line)] == [b"one"]
    append(stream, b"last of the old\nhal")
    other = stream.with_name("other")
    other.write_bytes(b"first of the new\n")
    other.replace(stream)
    assert list(tail.read()) == [Line(2, 4, 20, b"last of the old"), Replaced("replaced", 23)]
    append(stream, b"second of the new\n")
    assert list(tail.read()) == [Line(3, 17, 35, b"second of the new")]
    tail.close()


@pytest.mark.parametrize("what", ["nothing", "a link", "a pipe"])
def test_a_file_that_is_taken_away_is_told_once(stream: Path, what: str) -> None:
    append(stream, b"one\n")
    with following(stream) as follower:
        until(lambda: follower.lines == [b"one"])
        stream.unlink()
        if what == "a link":
            stream.symlink_to("/etc/passwd")
        elif what == "a pipe":
            os.mkfifo(stream)
        until(lambda: Replaced("removed", 4) in follower.seen)
        ticks = follower.ticks
        until(lambda: follower.ticks > ticks + 2)
    assert follower.seen == [Line(1, 0, 4, b"one"), Replaced("removed", 4)]


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_what_is_no_regular_file_is_not_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "stream.jsonl"
    if kind == "link":
        path.symlink_to("/etc/passwd")
    else:
        os.mkfifo(path)
    with pytest.raises(OperationFailed):
        list(follow(path, stop=lambda: True))


def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(OperationFailed, match="cannot watch"):
        list(follow(tmp_path / "gone" / "stream.jsonl", stop=lambda: True))


def test_nothing_is_left_running_when_the_reader_goes_away(stream: Path) -> None:
    before = set(threading.enumerate())
    for _ in follow(stream, stop=lambda: False):
        break
    # watchdog keeps one reader of inotify for the whole process
    left = {thread for thread in set(threading.enumerate()) - before if "Inotify" not in type(thread).__name__}
    assert left == set()


FOLLOW_ONE_LINE = """
import sys
from pathlib import Path
from scopecraft.model.event import Alert
from scopecraft.streams.follow import follow
from scopecraft.streams.lines import Line
path = Path(sys.argv[1])
for item in follow(path, stop=lambda: False, tick_seconds=30):
    if isinstance(item, Alert):
        print(item.code, item.text, flush=True)
    elif isinstance(item, Line):
        print(item.raw.decode(), flush=True)
        break
    else:
        path.open("ab").write(b"written\\n")
"""


@pytest.mark.parametrize("limit", ["max_inotify_watches", "max_inotify_instances"])
def test_where_no_watches_are_left_it_polls_and_says_so(stream: Path, limit: str) -> None:
    # a user namespace has limits of its own, so nobody else's are touched
    command = f'echo 0 >/proc/sys/user/{limit} && exec "$@"'
    inside = ["unshare", "--user", "--map-root-user", "sh", "-c", command, "sh"]
    if subprocess.run([*inside, "true"], capture_output=True).returncode != 0:
        unavailable("this machine does not let a test make a user namespace")
    done = subprocess.run(
        [*inside, sys.executable, "-c", FOLLOW_ONE_LINE, str(stream)], capture_output=True, text=True, timeout=20
    )
    assert done.stderr == ""
    alert, line = done.stdout.splitlines()
    assert alert.startswith("stream_polled changes are looked for 5 times a second: inotify")
    assert line == "written"
