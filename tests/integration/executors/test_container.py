"""The container executor, on a real engine."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from scopecraft.errors import EngineUnavailable, ImageMissing, OperationFailed
from scopecraft.executors.container import ContainerExecutor
from scopecraft.executors.engine_look import look_at_containers
from scopecraft.model.handle import Alive, ContainerHandle, Exited, Gone, Unknown
from scopecraft.model.launch import AgentCommand, Mount
from scopecraft.sessions.folder import launcher_exit
from tests.integration.executors.contract import ExecutorContract, MakeLaunch
from tests.support.boxes import ENGINE, LIMITS, Boxes
from tests.support.silent_engine import SilentEngine
from tests.support.wait import until

pytestmark = pytest.mark.engine


@pytest.fixture
def boxes(clean_environment: Path, agent_image: str) -> Iterator[Boxes]:
    root = clean_environment / "sessions"
    root.mkdir()
    made = Boxes(root, agent_image)
    yield made
    made.close()


@pytest.fixture
def silent_engine(clean_environment: Path) -> Iterator[str]:
    """An engine's socket that accepts and never answers, as a stopped dockerd does."""
    with SilentEngine(clean_environment / "run" / "silent.sock") as silent:
        yield silent.address


class TestContainer(ExecutorContract):
    @pytest.fixture
    def executor(self, boxes: Boxes) -> ContainerExecutor:
        return boxes.executor

    @pytest.fixture
    def make_launch(self, boxes: Boxes) -> MakeLaunch:
        return lambda argv: boxes.launch(argv)

    @pytest.fixture
    def shared(self, boxes: Boxes) -> Path:
        folder = boxes.root / "shared"
        folder.mkdir(exist_ok=True)
        return folder

    @pytest.fixture
    def absent(self) -> ContainerHandle:
        return ContainerHandle(ENGINE, "sc-r-00000000000000fe", "0" * 64)

    @pytest.fixture
    def unreachable(self, clean_environment: Path) -> tuple[Any, Any]:
        engine = f"unix://{clean_environment}/nobody.sock"
        return ContainerExecutor(engine), ContainerHandle(engine, "sc-x", "0" * 64)


def test_the_stream_is_what_the_agent_wrote_byte_for_byte(boxes: Boxes) -> None:
    program = (
        "import os,sys\n"
        "w=sys.stdout.buffer\n"
        "w.write('漢字かな交じり文'.encode()*8334+b'\\n')\n"
        "w.write(b'x'*5_000_000+b'\\n')\n"
        "w.write(bytes(range(256))*1000)\n"
        "w.flush(); sys.stderr.buffer.write(b'\\xff\\x00err')\n"
    )
    launch = boxes.launch(["python3", "-c", program])
    assert boxes.run(launch).exit_code == 0
    expected = "漢字かな交じり文".encode() * 8334 + b"\n" + b"x" * 5_000_000 + b"\n" + bytes(range(256)) * 1000
    assert len("漢字かな交じり文".encode() * 8334) > 200_000
    assert boxes.folder(launch).stream.read_bytes() == expected
    assert boxes.folder(launch).stderr.read_bytes() == b"\xff\x00err"


def test_a_hard_kill_in_the_middle_loses_nothing_that_was_written(boxes: Boxes) -> None:
    program = (
        "import os,sys,time\n"
        "n=0\n"
        "while True:\n"
        "    line=b'%08d ' % n + b'y'*5000 + b'\\n'\n"
        "    os.write(1, line); n+=1\n"
        "    open('next','w').write(str(n)); os.replace('next', 'count')\n"
    )
    launch = boxes.launch(["python3", "-c", program])
    handle = boxes.executor.start(launch)
    count = boxes.root / "shared" / "count"
    until(lambda: count.exists() and int(count.read_text()) > 200)
    boxes.executor.stop(handle, grace_seconds=0)
    written = boxes.folder(launch).stream.read_bytes()
    lines = written.split(b"\n")
    assert len(lines) - 1 >= int(count.read_text())
    assert all(line == b"%08d " % number + b"y" * 5000 for number, line in enumerate(lines[:-1]))


def test_it_is_locked_down(boxes: Boxes, engine: DockerClient) -> None:
    launch = boxes.launch(["sleep", "600"])
    handle = boxes.executor.start(launch)
    host = engine.api.inspect_container(handle.container_id)["HostConfig"]
    assert host["CapDrop"] == ["ALL"] and not host["CapAdd"] and not host["Privileged"]
    assert "no-new-privileges" in host["SecurityOpt"]
    assert host["ReadonlyRootfs"] is True
    assert host["Init"] is True
    assert host["AutoRemove"] is False
    assert host["LogConfig"]["Type"] == "none"
    assert host["PidsLimit"] == LIMITS.pids
    assert host["Memory"] == host["MemorySwap"] == LIMITS.memory_bytes
    assert host["NanoCpus"] == int(LIMITS.cpus * 1e9)
    assert host["NetworkMode"] == "none"
    assert host["CgroupnsMode"] == "private"
    assert host["OomScoreAdj"] > 0
    assert not any("docker.sock" in mount["Source"] for mount in host["Mounts"])


def test_inside_there_is_no_capability_and_no_way_to_write_the_system(boxes: Boxes) -> None:
    script = (
        "grep -E '^Cap(Eff|Bnd|Prm):|NoNewPrivs' /proc/self/status; "
        "touch /usr/x 2>/dev/null && echo WROTE; touch /tmp/fine && echo tmp; "
        "echo core $(ulimit -c); [ $(ulimit -n) -le 65536 ] && echo files; cut -d: -f3 /proc/self/cgroup | sort -u"
    )
    launch = boxes.launch(["sh", "-c", script])
    boxes.run(launch)
    said = boxes.folder(launch).stream.read_text()
    assert said.count("0000000000000000") == 3
    assert "NoNewPrivs:\t1" in said
    assert "WROTE" not in said
    # the last line: of the machine's control groups it sees its own alone, as the root
    assert said.endswith("tmp\ncore 0\nfiles\n/\n")


def test_no_secret_shows_where_the_engine_or_others_can_see_it(boxes: Boxes, engine: DockerClient) -> None:
    secret = "sk-very-secret-value-0451 'quoted' $HOME"
    launch = boxes.launch(["sh", "-c", 'printf %s "$KEY"; sleep 600'], environment={"KEY": secret})
    handle = boxes.executor.start(launch)
    stream = boxes.folder(launch).stream
    until(lambda: stream.read_text() == secret)
    assert "0451" not in json.dumps(engine.api.inspect_container(handle.container_id))
    # every command line on this machine: the container's processes are among them
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if _readable(path)]
    assert lines and not any(b"0451" in line for line in lines)
    assert not list(boxes.folder(launch).secrets.iterdir()), "the file is gone as soon as it was read"


def _readable(path: Path) -> bool:
    try:
        return bool(path.read_bytes())
    except OSError:
        return False


def test_the_time_limit_needs_nobody_on_the_host(boxes: Boxes) -> None:
    limits = replace(LIMITS, timeout_seconds=1, stop_grace_seconds=1)
    launch = boxes.launch(["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"], limits=limits)
    assert boxes.run(launch).exit_code == 137
    assert launcher_exit(boxes.folder(launch)) == (137, "timeout")


def test_a_flood_of_output_is_ended(boxes: Boxes) -> None:
    limits = replace(LIMITS, output_bytes=1_000_000)
    launch = boxes.launch(["sh", "-c", "while :; do head -c 100000 /dev/zero; sleep 0.01; done"], limits=limits)
    boxes.run(launch)
    assert launcher_exit(boxes.folder(launch))[1] == "output"
    # what it writes while it is noticed and ended, but no flood
    assert boxes.folder(launch).stream.stat().st_size < 40_000_000


def test_an_agent_that_hangs_after_its_result_is_ended(boxes: Boxes) -> None:
    marks = ('"type":"result"', '"is_error"')
    script = """echo '{"is_error":false,"type":"result"}'; trap 'exit 0' TERM; while :; do sleep 0.1; done"""
    launch = boxes.launch([], command=AgentCommand(("sh", "-c", script), done_marks=marks))
    boxes.run(launch)
    assert launcher_exit(boxes.folder(launch)) == (0, "result")


def test_silence_without_a_result_is_left_alone(boxes: Boxes) -> None:
    marks = ('"type":"result"', '"is_error"')
    script = """echo '{"type":"result"}'; echo '"is_error"'; sleep 4; echo end"""
    limits = replace(LIMITS, result_grace_seconds=1)
    launch = boxes.launch([], command=AgentCommand(("sh", "-c", script), done_marks=marks), limits=limits)
    boxes.run(launch)
    assert launcher_exit(boxes.folder(launch)) == (0, "exit")


@pytest.mark.parametrize(("ending", "how"), [("", "result"), ("echo more; ", "exit")])
def test_where_only_the_last_line_counts_an_agent_that_went_on_is_left_alone(
    boxes: Boxes, ending: str, how: str
) -> None:
    script = f"""echo '{{"reason":"stop"}}'; {ending}sleep 4"""
    command = AgentCommand(("sh", "-c", script), done_marks=('"reason":"stop"',), is_done_by_last_line=True)
    launch = boxes.launch([], command=command, limits=replace(LIMITS, result_grace_seconds=1))
    boxes.run(launch)
    assert launcher_exit(boxes.folder(launch))[1] == how


def test_what_the_agent_left_running_is_over_before_the_last_act(boxes: Boxes) -> None:
    script = "(trap '' TERM HUP; while :; do date +%s%N > alive; sleep 0.05; done) & until [ -s alive ]; do :; done"
    act = 'a=$(cat alive); sleep 0.5; [ "$a" = "$(cat alive)" ] && echo quiet > quiet'
    launch = boxes.launch(["sh", "-c", script], last_act=act)
    boxes.run(launch)
    assert (boxes.root / "shared" / "quiet").exists()


def test_a_fork_bomb_stays_in_its_box(boxes: Boxes) -> None:
    limits = replace(LIMITS, pids=64, timeout_seconds=2, stop_grace_seconds=1)
    launch = boxes.launch(
        ["python3", "-c", "import os\nwhile 1:\n try: os.fork()\n except OSError: pass"], limits=limits
    )
    handle = boxes.executor.start(launch)
    began = time.monotonic()
    assert isinstance(boxes.executor.look(handle), Alive)
    assert time.monotonic() - began < 10
    # a launcher that cannot fork either may be unable to end it: a hard stop always can
    boxes.executor.stop(handle, grace_seconds=3)
    assert isinstance(boxes.executor.look(handle), Exited)


def test_too_much_memory_is_seen_as_that(boxes: Boxes) -> None:
    limits = replace(LIMITS, memory_bytes=64 * 1024**2)
    launch = boxes.launch(["python3", "-c", "x=bytearray(512*1024*1024); print(len(x))"], limits=limits)
    look = boxes.run(launch)
    assert look.exit_code == 137
    assert look.out_of_memory


def test_a_program_that_is_not_in_the_image_is_named(boxes: Boxes) -> None:
    launch = boxes.launch(["no-such-agent"])
    assert boxes.run(launch).exit_code == 127
    assert "no-such-agent" in boxes.folder(launch).stderr.read_text()


def test_a_missing_image_is_named_and_nothing_is_left(boxes: Boxes, engine: DockerClient) -> None:
    launch = replace(boxes.launch(["true"]), image="scopecraft-no-such-image")
    with pytest.raises(ImageMissing, match="scopecraft-no-such-image"):
        boxes.executor.start(launch)
    assert boxes.executor.adopt(launch.session_id) is None


def test_an_image_without_a_shell_ends_at_once(boxes: Boxes) -> None:
    launch = replace(boxes.launch(["true"]), argv=("/no/such/shell",))
    assert boxes.run(launch).exit_code == 127
    assert launcher_exit(boxes.folder(launch)) == (None, None)


def test_a_mount_that_is_not_there_is_refused_and_leaves_no_container(boxes: Boxes) -> None:
    launch = boxes.launch(["true"])
    with pytest.raises(OperationFailed, match="nowhere"):
        boxes.executor.start(replace(launch, mounts=(Mount(boxes.root / "nowhere", "/x"), *launch.mounts)))
    assert boxes.executor.adopt(launch.session_id) is None


def test_files_belong_to_the_person(boxes: Boxes) -> None:
    launch = boxes.launch(["sh", "-c", "echo x > made; mkdir folder"])
    boxes.run(launch)
    owner = boxes.root.stat().st_uid
    assert {path.stat().st_uid for path in (boxes.root / "shared").iterdir()} == {owner}


def test_an_ordinary_user_is_who_works_inside(boxes: Boxes) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can hand files to another user")
    launch = boxes.launch(["sh", "-c", "id -u; touch /session/out/mine; echo done"])
    for path in (boxes.root, *boxes.folder(launch).path.rglob("*"), boxes.folder(launch).path, boxes.root / "shared"):
        os.chown(path, 1234, 1234)
    assert boxes.run(replace(launch, user=(1234, 1234))).exit_code == 0
    assert boxes.folder(launch).stream.read_text() == "1234\ndone\n"


def test_one_request_looks_at_every_container(boxes: Boxes) -> None:
    alive = boxes.executor.start(boxes.launch(["sleep", "600"]))
    over = boxes.executor.start(boxes.launch(["true"]))
    boxes.end_of(over)
    gone = ContainerHandle(ENGINE, "sc-x", "0" * 64)
    looks = look_at_containers([gone, over, alive], "boxes")
    assert [type(look) for look in looks] == [Gone, Exited, Alive]


def test_a_hanging_engine_is_unknown_and_costs_two_seconds(silent_engine: str) -> None:
    began = time.monotonic()
    (look,) = look_at_containers([ContainerHandle(silent_engine, "sc-x", "0" * 64)], "boxes")
    assert isinstance(look, Unknown)
    assert time.monotonic() - began < 4


def test_a_hanging_engine_is_given_up(silent_engine: str) -> None:
    answer: list[BaseException] = []

    def ask() -> None:
        try:
            ContainerExecutor(silent_engine).has_image("x")
        except EngineUnavailable as error:
            answer.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(25)
    assert answer and "does not answer" in str(answer[0])
