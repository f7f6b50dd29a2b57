"""A set-up command on the machine itself, as a person has confirmed it: their environment, less what misleads."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from scopecraft.executors.host_command import HostCommand, run_on_host
from scopecraft.sessions.context import Context
from scopecraft.sessions.mission_environment import mission_environment
from scopecraft.sessions.window_start import passed_on

if TYPE_CHECKING:
    from scopecraft.sessions.set_up import Work


def run_on_this_machine(context: Context, work: Work, command: str, hear: Callable[[bytes], None]) -> int | None:
    """Its exit code; None when it was ended at its time limit. Raises SetupFailed."""
    env = {**passed_on(context), **mission_environment(work.mission)}
    seconds = work.seconds or context.settings.setup.timeout
    return run_on_host(HostCommand(command, work.worktree, env, seconds, work.should_end), hear)
