"""What an agent can do against the launcher, whose user it shares: the container ends all the same."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scopecraft.executors.launcher import LauncherFiles, write_launcher
from scopecraft.model.handle import Alive, Exited
from scopecraft.model.launch import AgentCommand
from scopecraft.sessions.folder import launcher_exit
from tests.support.boxes import LIMITS, Boxes
from tests.support.wait import until

pytestmark = pytest.mark.engine

SHORT = replace(LIMITS, timeout_seconds=2, stop_grace_seconds=1)
# the agent's parent is the launcher, whose other child is its watcher
WATCHERS = 'grep -l -s "^PPid:.$PPID$" /proc/[0-9]*/status | cut -d/ -f3 | grep -vx $$'


@pytest.fixture(params=["agent_image", "busybox_image"])
def boxes(request: pytest.FixtureRequest, clean_environment: Path) -> Iterator[Boxes]:
    root = clean_environment / "sessions"
    root.mkdir()
    made = Boxes(root, request.getfixturevalue(request.param))
    yield made
    made.close()


def test_every_shell_tells_how_the_agent_ended(boxes: Boxes) -> None:
    launch = boxes.launch(["sh", "-c", "echo said; exit 7"], last_act="echo done > /session/out/act")
    assert boxes.run(launch).exit_code == 7
    assert launcher_exit(boxes.folder(launch)) == (7, "exit")
    assert boxes.folder(launch).stream.read_text() == "said\n"
    assert (boxes.folder(launch).out / "act").read_text() == "done\n"


@pytest.mark.parametrize("name", ["exit", "last-act.log"])
@pytest.mark.parametrize(
    "trap",
    [
        "mkfifo {0}",
        "ln -s /dev/zero {0}",
        "ln -s /session/agent/pipe {0}; mkfifo /session/agent/pipe",
        "mkfifo {0}; chmod 500 /session/out",
        "mkdir {0}; mkfifo {0}/x; chmod 0 {0}",
    ],
)
def test_nothing_that_the_agent_leaves_where_the_launcher_writes_holds_it_up(
    boxes: Boxes, name: str, trap: str
) -> None:
    script = trap.format(f"/session/out/{name}") + "; exit 3"
    launch = boxes.launch(["sh", "-c", script], last_act="echo fine")
    assert boxes.run(launch).exit_code == 3
    assert launcher_exit(boxes.folder(launch)) == (3, "exit")
    assert (boxes.folder(launch).out / "last-act.log").read_text() == "fine\n"


@pytest.mark.parametrize("trap", ["mkfifo {0}", "ln -s /dev/zero {0}", "ln -s {0} {0}"])
def test_pipes_and_links_do_not_put_off_the_time_limit(boxes: Boxes, trap: str) -> None:
    made = "; ".join(trap.format(f"/session/out/{name}") for name in ("reason", "exit", "timeout"))
    launch = boxes.launch(["sh", "-c", f"{made}; while :; do sleep 1; done"], limits=SHORT)
    boxes.run(launch)
    assert launcher_exit(boxes.folder(launch)) == (143, "timeout")


@pytest.mark.parametrize("signal", ["KILL", "STOP", "USR1", "TERM"])
def test_an_agent_that_ends_its_watcher_meets_its_time_limit(boxes: Boxes, signal: str) -> None:
    end_it = f"until kill -{signal} $({WATCHERS}) 2>/dev/null; do :; done"
    script = f"trap '' TERM; {end_it}; echo did; while :; do sleep 0.2; done"
    launch = boxes.launch(["sh", "-c", script], limits=SHORT)
    boxes.run(launch)
    assert launcher_exit(boxes.folder(launch)) == (137, "timeout")
    assert boxes.folder(launch).stream.read_text() == "did\n"


def test_an_agent_that_ends_every_watcher_meets_its_time_limit(boxes: Boxes) -> None:
    script = f"trap '' TERM; while :; do kill -KILL $({WATCHERS}) 2>/dev/null; done"
    launch = boxes.launch(["sh", "-c", script], limits=SHORT)
    boxes.run(launch)
    assert launcher_exit(boxes.folder(launch)) == (137, "timeout")


def test_an_agent_that_ends_its_watcher_meets_its_output_limit(boxes: Boxes) -> None:
    script = f"until kill -KILL $({WATCHERS}) 2>/dev/null; do :; done; while :; do echo 12345678901234567890; done"
    launch = boxes.launch(["sh", "-c", script], limits=replace(LIMITS, output_bytes=100_000))
    boxes.run(launch)
    assert launcher_exit(boxes.folder(launch)) == (143, "output")


def test_an_agent_that_hangs_after_its_result_is_ended_in_any_shell(boxes: Boxes) -> None:
    launch = boxes.launch([], command=AgentCommand(("sh", "-c", "echo result; sleep 600"), done_marks=("result",)))
    boxes.run(launch)
    assert launcher_exit(boxes.folder(launch)) == (143, "result")


def test_a_stop_is_passed_on_and_becomes_hard(boxes: Boxes) -> None:
    launch = boxes.launch(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.2; done"])
    handle = boxes.executor.start(launch)
    until(lambda: boxes.folder(launch).stream.read_text() == "ready\n")
    boxes.executor.stop(handle, grace_seconds=30)
    assert boxes.executor.look(handle).__class__ is Exited
    assert launcher_exit(boxes.folder(launch)) == (137, "stopped")


def test_a_stop_in_the_first_moment_is_not_lost(boxes: Boxes) -> None:
    launch = boxes.launch(["sh", "-c", "while :; do sleep 0.2; done"])
    handle = boxes.executor.start(launch)
    assert isinstance(boxes.executor.look(handle), Alive)
    boxes.executor.stop(handle, grace_seconds=20)
    look = boxes.executor.look(handle)
    assert isinstance(look, Exited)
    assert look.exit_code == 143


def test_a_last_act_that_hangs_is_ended_without_a_timeout_program(boxes: Boxes) -> None:
    act = "mkfifo /session/agent/pipe; cat /session/agent/pipe"
    launch = boxes.launch(["sh", "-c", "exit 4"], last_act=act)
    with (boxes.folder(launch).path / "launch" / "limits").open("a") as limits:
        limits.write("last_act_seconds=1\n")
    assert boxes.run(launch, 20).exit_code == 4
    assert launcher_exit(boxes.folder(launch)) == (4, "exit")


def test_a_folder_whose_name_is_no_text_can_be_worked_in(tmp_path: Path) -> None:
    name = b"/work/\xff it's"
    write_launcher(tmp_path, LauncherFiles(AgentCommand(("true",)), LIMITS, os.fsdecode(name), {}, None))
    script = '. "$1"; printf %s "$workdir"'
    said = subprocess.run(["sh", "-c", script, "sh", tmp_path / "launch" / "limits"], capture_output=True, check=True)
    assert said.stdout == name
