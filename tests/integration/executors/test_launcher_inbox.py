"""An agent with an inbox: what is appended on the host reaches it, once and whole, until the inbox closes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scopecraft.model.handle import ContainerHandle
from scopecraft.model.launch import AgentCommand, ContainerLaunch
from scopecraft.sessions.folder import launcher_exit
from tests.support.boxes import LIMITS, Boxes
from tests.support.wait import until

pytestmark = pytest.mark.engine

# answers every line with a turn; `busy` takes until the worktree has a file `go`
AGENT = """
while IFS= read -r line; do
    echo "begin $line"
    case $line in busy*) until [ -e go ]; do sleep 0.05; done ;; esac
    echo "result"
done
echo over
"""


@pytest.fixture
def boxes(clean_environment: Path, agent_image: str) -> Iterator[Boxes]:
    yield from _boxes(clean_environment, agent_image)


@pytest.fixture(params=["agent_image", "busybox_image"])
def every_shell(request: pytest.FixtureRequest, clean_environment: Path) -> Iterator[Boxes]:
    yield from _boxes(clean_environment, request.getfixturevalue(request.param))


def _boxes(folder: Path, image: str) -> Iterator[Boxes]:
    root = folder / "sessions"
    root.mkdir()
    made = Boxes(root, image)
    yield made
    made.close()


def talking(
    boxes: Boxes, script: str = AGENT, *, prompt: bytes = b"prompt\n", grace: int = 60, timeout: int = 120
) -> ContainerLaunch:
    command = AgentCommand(
        ("sh", "-c", script), stdin=prompt, done_marks=("result",), turn_mark="begin", has_inbox=True
    )
    limits = replace(LIMITS, result_grace_seconds=grace, timeout_seconds=timeout, stop_grace_seconds=1)
    return boxes.launch([], command=command, limits=limits)


def tell(boxes: Boxes, launch: ContainerLaunch, *lines: str) -> None:
    with boxes.folder(launch).inbox.open("a") as inbox:
        inbox.write("".join(f"{line}\n" for line in lines))


def said(boxes: Boxes, launch: ContainerLaunch) -> list[str]:
    return boxes.folder(launch).stream.read_text().splitlines()


def start(boxes: Boxes, launch: ContainerLaunch, first: str = "begin prompt") -> ContainerHandle:
    handle = boxes.executor.start(launch)
    until(lambda: first in said(boxes, launch), what=first)
    return handle


def is_closed(boxes: Boxes, launch: ContainerLaunch) -> bool:
    return (boxes.folder(launch).out / "inbox-closed").exists()


def test_a_line_reaches_the_agent_at_once_and_is_told_once(every_shell: Boxes) -> None:
    launch = talking(every_shell)
    tell(every_shell, launch, "before the start", "#hold", "", "# no matter")
    handle = start(every_shell, launch, "begin before the start")
    tell(every_shell, launch, r"back\slash  and  spaces ", "x" * 200_000)
    until(lambda: len(said(every_shell, launch)) == 8)
    tell(every_shell, launch, "last", "#release")
    every_shell.end_of(handle)
    told = ["prompt", "before the start", r"back\slash  and  spaces ", "x" * 200_000, "last"]
    assert said(every_shell, launch) == [line for text in told for line in (f"begin {text}", "result")] + ["over"]
    assert launcher_exit(every_shell.folder(launch)) == (0, "exit")
    assert is_closed(every_shell, launch)


def test_a_line_takes_a_tenth_of_a_second(boxes: Boxes) -> None:
    launch = talking(boxes)
    tell(boxes, launch, "#hold")
    start(boxes, launch)
    took = []
    for number in range(5):
        began = time.monotonic()
        tell(boxes, launch, f"line {number}")
        until(lambda: f"begin line {number}" in said(boxes, launch), every=0.002)  # noqa: B023 - asked in this round
        took.append(time.monotonic() - began)
    assert sorted(took)[2] < 0.1


def test_an_agent_that_nobody_speaks_to_ends_soon_after_its_result(boxes: Boxes) -> None:
    launch = talking(boxes)
    handle = start(boxes, launch)
    until(lambda: "result" in said(boxes, launch))
    began = time.monotonic()
    boxes.end_of(handle)
    assert time.monotonic() - began < 5
    assert said(boxes, launch) == ["begin prompt", "result", "over"]
    assert launcher_exit(boxes.folder(launch)) == (0, "exit")


def test_what_is_said_while_it_works_is_answered_before_it_ends(boxes: Boxes) -> None:
    launch = talking(boxes, prompt=b"busy\n")
    handle = start(boxes, launch, "begin busy")
    tell(boxes, launch, "one", "two")
    (boxes.root / "shared" / "go").touch()
    boxes.end_of(handle)
    assert said(boxes, launch) == ["begin busy", "result", "begin one", "result", "begin two", "result", "over"]


def test_silence_in_a_later_turn_is_not_the_end(boxes: Boxes) -> None:
    launch = talking(boxes, grace=1)
    tell(boxes, launch, "busy")
    handle = start(boxes, launch, "begin busy")
    with pytest.raises(AssertionError, match="not within"):
        boxes.end_of(handle, 4)
    assert not is_closed(boxes, launch)
    (boxes.root / "shared" / "go").touch()
    boxes.end_of(handle)
    assert launcher_exit(boxes.folder(launch)) == (0, "exit")


def test_a_held_agent_stays_after_its_turn_until_it_is_released(boxes: Boxes) -> None:
    launch = talking(boxes, grace=1)
    tell(boxes, launch, "#hold limit")
    handle = start(boxes, launch, "result")
    with pytest.raises(AssertionError, match="not within"):
        boxes.end_of(handle, 3)
    tell(boxes, launch, "half a line that a full disk left#", "#release")
    boxes.end_of(handle)
    assert said(boxes, launch) == ["begin prompt", "result", "over"]


def test_an_agent_that_stays_after_its_inbox_closed_is_ended(boxes: Boxes) -> None:
    launch = talking(boxes, "read -r line; echo begin; echo result; sleep 600", grace=1)
    boxes.run(launch)
    assert is_closed(boxes, launch)
    assert launcher_exit(boxes.folder(launch)) == (143, "result")


def test_an_end_of_file_can_be_sent_and_what_comes_right_behind_it_is_read(boxes: Boxes) -> None:
    launch = talking(boxes, prompt=b"busy\n")
    handle = start(boxes, launch, "begin busy")
    tell(boxes, launch, "one", "#eof", "two")
    until(lambda: is_closed(boxes, launch))
    tell(boxes, launch, "too late")
    (boxes.root / "shared" / "go").touch()
    boxes.end_of(handle)
    assert [line for line in said(boxes, launch) if line.startswith("begin")] == [
        "begin busy",
        "begin one",
        "begin two",
    ]
    assert said(boxes, launch)[-1] == "over"


def test_a_long_prompt_comes_whole_and_first(boxes: Boxes) -> None:
    prompt = b"p" * 10 * 1024**2 + b"\n"
    launch = talking(boxes, "head -c 10485761 | wc -c; echo begin; echo result; cat", prompt=prompt)
    tell(boxes, launch, "then this")
    boxes.run(launch)
    assert said(boxes, launch) == ["10485761", "begin", "result", "then this"]


# of the launcher's children: the listener, or all of them
LISTENER = "grep -l -s '^Name:.tail' /proc/[0-9]*/status | cut -d/ -f3"
HELPERS = 'grep -l -s "^PPid:.$PPID$" /proc/[0-9]*/status | cut -d/ -f3 | grep -vx $$'


@pytest.mark.parametrize("helpers", [LISTENER, HELPERS], ids=["listener", "all"])
@pytest.mark.parametrize("signal", ["KILL", "STOP"])
def test_an_agent_that_ends_or_stops_who_feeds_it_only_closes_its_own_inbox(
    boxes: Boxes, helpers: str, signal: str
) -> None:
    script = f'read -r line; echo "begin $line"; kill -{signal} $({helpers}); echo result; cat; echo over'
    launch = talking(boxes, script, grace=1)
    boxes.run(launch)
    is_left_without_end = (helpers, signal) == (HELPERS, "STOP")  # by who is stopped: the grace after a result ends it
    assert said(boxes, launch)[:2] == ["begin prompt", "result"]
    assert launcher_exit(boxes.folder(launch)) == ((143, "result") if is_left_without_end else (0, "exit"))
    assert is_closed(boxes, launch)


def test_an_agent_that_does_not_listen_any_more_closes_its_inbox(boxes: Boxes) -> None:
    launch = talking(boxes, 'read -r line; echo "begin $line"; exec </dev/null; until [ -e go ]; do sleep 0.05; done')
    handle = start(boxes, launch)
    tell(boxes, launch, "x" * 200_000, "more")
    until(lambda: is_closed(boxes, launch))
    (boxes.root / "shared" / "go").touch()
    boxes.end_of(handle)
    assert launcher_exit(boxes.folder(launch)) == (0, "exit")


def test_an_agent_that_keeps_its_own_stdin_open_is_ended(boxes: Boxes) -> None:
    launch = talking(boxes, f"exec 9>/proc/self/fd/0; {AGENT}", grace=1)
    boxes.run(launch)
    assert launcher_exit(boxes.folder(launch)) == (143, "result")


@pytest.mark.parametrize(
    "script", ["", f"while :; do kill -KILL $({HELPERS}) 2>/dev/null; done"], ids=["held", "hostile"]
)
def test_neither_a_hold_nor_an_agent_puts_off_the_time_limit(boxes: Boxes, script: str) -> None:
    launch = talking(boxes, f"trap '' TERM; {script or AGENT}", timeout=2)
    tell(boxes, launch, "#hold")
    boxes.run(launch)
    assert launcher_exit(boxes.folder(launch)) == (137, "timeout")


def test_nothing_that_the_agent_leaves_where_the_inbox_closes_holds_it_up(every_shell: Boxes) -> None:
    launch = talking(every_shell, f"mkfifo /session/out/inbox-closed; chmod 500 /session/out; {AGENT}")
    every_shell.run(launch)
    assert said(every_shell, launch)[-1] == "over"
    assert launcher_exit(every_shell.folder(launch)) == (0, "exit")


def test_it_ends_though_nothing_in_the_image_can_listen(boxes: Boxes) -> None:
    """Without `tail` the shell itself looks now and then."""
    launch = talking(boxes)
    script = boxes.folder(launch).path / "launch" / "run.sh"
    script.chmod(0o600)
    script.write_text(script.read_text().replace("command -v tail", "command -v no-such-program"))
    tell(boxes, launch, "#hold", "one")
    handle = start(boxes, launch, "begin one")
    tell(boxes, launch, "two", "three")
    until(lambda: "begin three" in said(boxes, launch))
    tell(boxes, launch, "#release")
    boxes.end_of(handle)
    assert [line for line in said(boxes, launch) if line.startswith("begin")] == [
        "begin prompt", "begin one", "begin two", "begin three"
    ]  # fmt: skip


def test_the_agent_cannot_write_what_it_is_told(boxes: Boxes) -> None:
    """The names of its pipes are gone, and its inbox is mounted read-only."""
    look = "find /tmp -type p; (echo x >>/session/inbox/inbox.jsonl) 2>/dev/null && echo wrote"
    launch = talking(boxes, f"{look}; {AGENT}")
    boxes.run(launch)
    assert said(boxes, launch) == ["begin prompt", "result", "over"]
