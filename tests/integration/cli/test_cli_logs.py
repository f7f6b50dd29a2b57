"""`sc logs`: readable, byte for byte, from the end, and following a session until it has ended."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scopecraft.config.paths import home_of, make_home
from scopecraft.model.handle import ContainerHandle
from scopecraft.model.session import Ended, Failed, Running, Session
from scopecraft.state.store import Store
from tests.support.command_line import PROGRAM, Said, environment, on_a_terminal, sc, sc_bytes
from tests.support.sessions import AT, LATER, a_session, ended
from tests.support.wait import until

HOSTILE = "\x1b]52;c;aGk=\x07\x1b[2J\x9b31m\u202eevil"
ENGINE = "unix:///no/engine.sock"
BYTES = b"plain\n\xff\xfe\x00\x1b[31mred\r\n" + "项目".encode() + b"\nno newline"


@pytest.fixture
def store() -> Iterator[Store]:
    home = home_of(os.environ)
    make_home(home)
    with Store.open(home.root) as store:
        yield store


def a_log(store: Store, content: bytes, **changes: object) -> Session:
    """A session that is about to start, with this stream already."""
    session = store.create(a_session(**{"dialect": "plain", "agent": "plain", **changes}), AT)
    stream_of(session).parent.mkdir(exist_ok=True)
    stream_of(session).write_bytes(content)
    return session


def a_running_log(store: Store, content: bytes) -> Session:
    """A session in a container of an engine that is away: nothing is known of it but what the store says."""
    session = a_log(store, content)
    handle = ContainerHandle(ENGINE, "sc-x", "ab" * 32)
    return store.move(session.id, Running(AT, handle), "session_started", AT) or session


def stream_of(session: Session) -> Path:
    return Path(os.environ["SCOPECRAFT_HOME"]) / "sessions" / session.id / "stream.jsonl"


def record(text: str) -> bytes:
    content = [{"type": "text", "text": text}]
    message = {"id": "m1", "role": "assistant", "content": content, "stop_reason": None, "usage": {}}
    return json.dumps({"type": "assistant", "message": message}).encode() + b"\n"


def test_raw_is_byte_for_byte_what_the_agent_wrote(store: Store) -> None:
    session = a_log(store, BYTES)
    said = sc_bytes("logs", session.id, "--raw")
    assert (said.returncode, said.stdout, said.stderr) == (0, BYTES, b"")


def test_raw_on_a_terminal_is_escaped(store: Store) -> None:
    session = a_log(store, BYTES)
    seen = on_a_terminal("logs", session.id, "--raw")
    assert "\x1b" not in seen
    assert "\\x1b[31mred" in seen
    assert "项目" in seen
    assert "\\xff\\xfe\\x00" in seen


def test_messages_are_readable(store: Store) -> None:
    session = a_log(store, record("I will look."), dialect="claude")
    assert sc("logs", session.id).out == "agent    I will look.\n"


@pytest.mark.parametrize("dialect", ["claude", "plain"])
def test_what_an_agent_wrote_steers_no_terminal(store: Store, dialect: str) -> None:
    session = a_log(store, record(HOSTILE) + HOSTILE.encode() + b"\n", dialect=dialect)
    for options in ([], ["--full"]):
        said = sc("logs", session.id, *options)
        assert said.code == 0
        assert "evil" in said.out
        assert not set(said.out) & {"\x1b", "\x07", "\x9b", "\u202e"}


def test_a_damaged_line_is_named_and_costs_only_itself(store: Store) -> None:
    session = a_log(store, record("one") + b'{"type": "assist\n' + record("two"), dialect="claude")
    lines = sc("logs", session.id).out.splitlines()
    assert lines[0] == "agent    one"
    assert lines[1].startswith("warning  line 2: ")
    assert lines[2] == "agent    two"


def test_the_last_lines_keep_their_numbers(store: Store) -> None:
    session = a_log(store, record("one") * 5 + b"damaged\n" + record("two"), dialect="claude")
    assert sc("logs", session.id, "-n", "2").out.splitlines()[0].startswith("warning  line 6: ")
    assert sc_bytes("logs", session.id, "--raw", "-n", "1").stdout == record("two")


def test_half_a_record_of_a_living_session_is_no_damage(store: Store) -> None:
    session = a_log(store, record("one") + b'{"type": "assist', dialect="claude")
    assert sc("logs", session.id).out == "agent    one\n"
    store.move(session.id, ended(), "session_ended", LATER)
    assert "half a line" in sc("logs", session.id).out


def test_a_unique_piece_of_the_id_is_enough(store: Store) -> None:
    session = a_log(store, b"here\n")
    assert sc("logs", session.id[-8:]).out == "here\n"


def test_complaints_have_their_own_file(store: Store) -> None:
    session = a_log(store, b"stream\n")
    stream_of(session).with_name("stderr.log").write_bytes(b"oh no\n")
    assert sc("logs", session.id, "--stderr").out == "oh no\n"


@pytest.mark.parametrize("options", [(), ("--raw",)])
def test_where_there_are_only_complaints_they_are_pointed_to(store: Store, options: tuple[str, ...]) -> None:
    session = a_log(store, b"")
    complaints = stream_of(session).with_name("stderr.log")
    complaints.write_bytes(b"")
    assert sc("logs", session.id, *options) == Said(0, "", "")
    complaints.write_bytes(b"nope: not found\n")
    said = sc("logs", session.id, *options)
    assert (said.code, said.out) == (0, "")
    assert f"see: sc logs {session.id} --stderr" in said.err
    assert sc("logs", session.id, "--stderr") == Said(0, "nope: not found\n", "")


def test_an_unknown_session_is_exit_3(store: Store) -> None:
    said = sc("logs", "nothing-like-it")
    assert said.code == 3
    assert "\nhint: " in said.err


def test_a_dispatch_session_points_to_its_window(store: Store) -> None:
    session = a_log(store, b"", executor="tmux", mode="dispatch")
    stream_of(session).with_name("stderr.log").write_bytes(b"")
    for options in ((), ("--stderr",), ("--follow",)):
        said = sc("logs", session.id, *options)
        assert said.code == 3
        assert f"sc attach {session.task}" in said.err


def test_a_log_whose_file_is_gone_is_one_sentence(store: Store) -> None:
    session = a_log(store, b"x\n")
    stream_of(session).unlink()
    said = sc("logs", session.id)
    assert said.code == 3
    assert said.err.startswith("error: there is no log at ")


@pytest.mark.parametrize("thing", ["link", "pipe"])
def test_a_log_that_an_agent_replaced_is_not_followed(store: Store, thing: str) -> None:
    session = a_log(store, b"x\n")
    stream_of(session).unlink()
    if thing == "link":
        stream_of(session).symlink_to("/etc/passwd")
    else:
        os.mkfifo(stream_of(session))
    said = sc("logs", session.id)
    assert said.code == 1
    assert "root" not in said.out


@contextlib.contextmanager
def following(session: Session, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """`sc logs -f` of the session; gone at the end, whatever the test found."""
    with subprocess.Popen(
        [*PROGRAM, "logs", "-f", session.id, *options],
        env=environment(DOCKER_HOST=ENGINE),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as reader:
        try:
            yield reader
        finally:
            reader.kill()


def next_line(reader: subprocess.Popen[bytes]) -> bytes:
    assert reader.stdout is not None
    return reader.stdout.readline()


def test_a_full_disk_behind_the_output_is_one_sentence(store: Store) -> None:
    session = a_log(store, b"x\n")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, "logs", session.id], env=environment(), stdout=full, stderr=subprocess.PIPE, timeout=60
        )
    assert done.returncode == 1
    assert done.stderr.decode() == "error: the disk is full\nhint: free some space and try again\n"


def test_following_goes_on_until_the_session_has_ended(store: Store) -> None:
    session = a_running_log(store, b"before\n")
    with following(session) as reader:
        assert next_line(reader) == b"before\n"
        with stream_of(session).open("ab", buffering=0) as stream:
            stream.write(b"mean")
            stream.write(b"while\n")
            assert next_line(reader).endswith(b"meanwhile\n")
            stream.write(b"the end")
        store.move(session.id, Ended(AT, LATER, Failed("it broke")), "session_ended", LATER)
        out, err = reader.communicate(timeout=30)
    assert reader.returncode == 0
    assert out.endswith(b"the end\n")
    assert "it broke" in err.decode()


def test_following_leaves_quietly_when_the_reader_does(store: Store) -> None:
    session = a_running_log(store, b"before\n")
    with following(session) as reader, stream_of(session).open("ab", buffering=0) as stream:
        assert next_line(reader) == b"before\n"
        assert reader.stdout is not None and reader.stderr is not None
        reader.stdout.close()

        def has_left() -> bool:
            stream.write(b"more\n")
            return reader.poll() is not None

        until(has_left, 30, what="the reader leaves")
        assert reader.stderr.read() == b""


def test_a_stream_that_somebody_cut_is_told_and_followed_on(store: Store) -> None:
    session = a_running_log(store, b"a long beginning\n")
    with following(session) as reader:
        next_line(reader)
        os.truncate(stream_of(session), 0)
        assert reader.stderr is not None
        assert b"truncated" in reader.stderr.readline()
        with stream_of(session).open("ab", buffering=0) as stream:
            stream.write(b"after\n")
        assert next_line(reader).endswith(b"after\n")
        store.move(session.id, ended(), "session_ended", LATER)
        reader.communicate(timeout=30)
    assert reader.returncode == 0


def test_following_raw_is_byte_for_byte_what_the_agent_wrote(store: Store) -> None:
    session = a_running_log(store, BYTES)
    with following(session, "--raw") as reader:
        assert reader.stdout is not None
        assert reader.stdout.read(len(BYTES)) == BYTES
        with stream_of(session).open("ab", buffering=0) as stream:
            stream.write(BYTES)
        assert reader.stdout.read(len(BYTES)) == BYTES
        store.move(session.id, ended(), "session_ended", LATER)
        assert reader.communicate(timeout=30)[0] == b""
