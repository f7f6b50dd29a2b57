"""Rows 7 and 8: the tmux server, a window or what runs in it goes away behind the supervisor's back."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from scopecraft.executors.processes import start_time
from scopecraft.model.handle import WindowHandle
from scopecraft.model.session import Completed, Failed, Interrupted, Session, handle_of
from scopecraft.supervisor.looking import LOOK_SECONDS
from tests.support.faults import Agent, World, check_invariants
from tests.support.tmux import server_pid, tmux
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image, pytest.mark.tmux]

NOTICED_SECONDS = 2.0  # after the next look
# Keeps its conversation where Claude Code would: a line for each beginning, and how it was begun.
CONVERSING = r"""
for word; do
  case $before in --session-id|--resume) how=$before; id=$word;; esac
  before=$word
done
folder=$HOME/.claude/projects/$(pwd | sed 's/[^a-zA-Z0-9]/-/g')
mkdir -p "$folder" && echo "$how $id $PWD" >>"$folder/$id.jsonl"
exec sleep 600
"""


def pane_of(session: Session) -> WindowHandle:
    handle = handle_of(session.status)
    assert isinstance(handle, WindowHandle)
    return handle


def noticed(world: World, *session_ids: str) -> float:
    """How long the supervisor needs, which nobody helps, to see that they are over."""
    began = time.monotonic()
    world.wait_ended(*session_ids, seconds=20)
    return time.monotonic() - began


def test_without_its_tmux_server_a_window_is_interrupted_and_resumed_and_containers_run_on(world: World) -> None:
    program = world.shop.folder.parent / "conversing"
    program.write_text(CONVERSING)
    settings = world.shop.home.settings_file
    settings.write_text(f'[agents.talker]\ndialect = "claude"\nhost_command = ["sh", "{program}"]\n')
    contained = [world.queue(f"container-{number}", Agent(lines=300)) for number in range(2)]
    world.supervise()
    world.wait_begun(*contained)
    opened = world.shop.sc("dispatch", "talk", "--agent", "talker", "-m", "x")
    assert opened.code == 0, opened.err
    assert world.shop.dispatch("other", "sleep 600").code == 0
    talk, other = world.shop.session("talk"), world.shop.session("other")
    said = Path(os.environ["HOME"]) / ".claude/projects"
    until(lambda: list(said.glob("*/*.jsonl")), what="its conversation to begin")

    os.kill(server_pid(pane_of(talk).socket), signal.SIGKILL)
    took = noticed(world, talk.id, other.id)
    assert took < LOOK_SECONDS + NOTICED_SECONDS
    for session_id in (talk.id, other.id):
        outcome = world.outcome(session_id)
        assert isinstance(outcome, Interrupted) and outcome.cause == "tmux", outcome
    assert f"sc resume {talk.id}" in world.shop.sc("show", "talk").out
    check_invariants(world)

    resumed = world.shop.sc("resume", talk.id)
    assert resumed.code == 0, resumed.err
    again = world.shop.session("talk")
    assert (again.conversation_id, again.worktree) == (talk.conversation_id, talk.worktree)
    (conversation,) = said.glob("*/*.jsonl")
    beginnings = [f"--session-id {talk.conversation_id} {talk.worktree}"]
    beginnings += [f"--resume {talk.conversation_id} {talk.worktree}"]
    until(lambda: conversation.read_text().splitlines() == beginnings, what=f"{beginnings}")
    world.wait_ended(*contained)
    assert [world.outcome(each) for each in contained] == [Completed(), Completed()]
    assert world.shop.sc("stop", again.id, "--now").code == 0
    check_invariants(world)
    print(f"two windows of a killed tmux server were settled after {took:.1f} s; resumed in the same conversation")


def test_a_closed_window_and_a_killed_pane_are_noticed_with_code_and_last_lines(world: World) -> None:
    world.supervise()
    script = "echo I think; echo and wait; sleep 600"
    for task in ("closed", "killed"):
        assert world.shop.dispatch(task, script).code == 0
    assert world.shop.dispatch("left", "echo working; sleep 3; echo no such file >&2; exit 4").code == 0
    closed, killed, left = (world.shop.session(task) for task in ("closed", "killed", "left"))

    tmux(pane_of(closed).socket, "kill-window", "-t", pane_of(closed).window_id)
    took = [noticed(world, closed.id)]
    os.kill(pane_of(killed).pane_pid, signal.SIGKILL)
    took.append(noticed(world, killed.id))
    until(lambda: start_time(pane_of(left).pane_pid) is None)
    took.append(noticed(world, left.id))

    assert max(took) < LOOK_SECONDS + NOTICED_SECONDS
    assert world.outcome(closed.id) == Interrupted("tmux", "the window was closed")
    assert world.outcome(killed.id) == Failed("Agent was ended by SIGKILL: I think and wait", 137)
    assert world.outcome(left.id) == Failed("Agent exited with code 4: working no such file", 4)
    assert "  | I think\n  | and wait\n" in world.shop.sc("show", "killed").out
    check_invariants(world)
    print(f"windows that went away were settled after {', '.join(f'{each:.1f} s' for each in took)}")
