"""Row 22: the machine was restarted: everything is gone at once, and what waited goes on waiting for its turn."""

from __future__ import annotations

import shutil
import signal
import uuid
from pathlib import Path

import pytest

from scopecraft.model.session import Completed, Interrupted
from tests.support.command_line import PROGRAM
from tests.support.engine import unavailable
from tests.support.faults import ENDLESS, QUICK, World, check_invariants
from tests.support.supervisors import answering

pytestmark = [pytest.mark.engine, pytest.mark.image, pytest.mark.tmux]

BOOT_ID = "/proc/sys/kernel/random/boot_id"
BOOTED = f'mount --bind "$1" {BOOT_ID} && shift && exec "$@"'


def another_boot(folder: Path) -> tuple[str, ...]:
    """Words before a command that let it find another name for this run of the machine."""
    if shutil.which("unshare") is None:
        unavailable("unshare is not installed")
    boot_id = folder / "boot_id"
    boot_id.write_text(f"{uuid.uuid4()}\n")
    return ("unshare", "--mount", "--propagation", "private", "sh", "-c", BOOTED, "sh", str(boot_id))


def test_what_ran_is_interrupted_and_can_be_run_again_and_only_what_waited_begins(world: World) -> None:
    ran = [world.queue("first", ENDLESS), world.queue("second", ENDLESS)]
    world.rule(max_running=2)
    waits = world.queue("waits")
    waits_too = world.queue("waits-too")
    before = world.supervise()
    world.wait_begun(*ran)
    assert world.shop.dispatch("window", "sleep 600").code == 0
    window = world.shop.session("window").id

    before.signal(signal.SIGKILL)
    before.wait_gone()
    world.end_tmux()
    for container in world.shop.containers():
        container.remove(force=True)
    now = world.begin(program=(*another_boot(world.shop.folder.parent), *PROGRAM, "serve"))
    answering(now)

    world.wait_ended()
    for session_id in (*ran, window):
        assert world.outcome(session_id) == Interrupted("machine", "it was restarted")
    assert world.outcome(waits) == world.outcome(waits_too) == Completed()
    assert len(world.sessions()) == 5, "something began that nobody asked for"
    check_invariants(world)
    again = world.queue("first", QUICK)
    world.wait_ended()
    assert world.outcome(again) == Completed()
    assert world.get(again).worktree == world.get(ran[0]).worktree
    check_invariants(world)
