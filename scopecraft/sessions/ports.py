"""A block of ports for each mission: nobody else's of this home, and outside the range that the system hands out."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from scopecraft.atomic import file_lock, private_folder
from scopecraft.errors import StateUnreadable
from scopecraft.missions.finding import all_missions
from scopecraft.missions.folder import changing, save_mission
from scopecraft.model.mission import Mission
from scopecraft.sessions.context import Context

FIRST, END = 20_000, 32_000  # the system's own range begins at 32768


def with_ports(context: Context, mission: Mission) -> Mission:
    """The mission with its block, chosen when it has none yet; without one where all are taken.

    Raises StateUnreadable and StorageFailed.
    """
    if mission.port_base is not None:
        return mission
    with _block_held(context) as base:
        if base is None:
            return mission
        with changing(context.home, mission.id) as current:
            if current.port_base is None:
                save_mission(context.home, replace(current, port_base=base))
            else:
                base = current.port_base
    return replace(mission, port_base=base)


@contextlib.contextmanager
def with_new_ports(context: Context, mission: Mission) -> Iterator[Mission]:
    """One that is to be made with its block, which nobody else gets meanwhile: make it before the block ends."""
    with _block_held(context) as base:
        yield replace(mission, port_base=base)


@contextlib.contextmanager
def _block_held(context: Context) -> Iterator[int | None]:
    """A block that no mission has, against everybody else who chooses one."""
    locks = context.home.worktrees / ".locks"
    private_folder(locks)
    with file_lock(locks / "ports", timeout=60):
        taken = {other.port_base for other in all_missions(context.home)[0] if other.port_base is not None}
        yield choose_block(taken, context.settings.setup.ports, is_free)


def choose_block(taken: Collection[int], ports: int, is_free: Callable[[int], bool]) -> int | None:
    """The lowest block that overlaps none; blocks of older sizes are kept clear of as if they had the same size.

    Pure but for `is_free`, which is asked for the first port of a block only.
    """
    starts = sorted(taken)
    for base in range(FIRST, END - ports + 1, ports):
        if not any(start < base + ports and base < start + ports for start in starts) and is_free(base):
            return base
    return None


def is_free(port: int) -> bool:
    """Whether nobody listens there just now; no promise for later."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def port_taken_by_another(context: Context, mission: Mission) -> bool:
    """For who brings a mission back: its block may have been given away meanwhile."""
    with contextlib.suppress(StateUnreadable):
        return any(
            other.port_base == mission.port_base and other.id != mission.id
            for other in all_missions(context.home)[0]
            if other.port_base is not None
        )
    return False
