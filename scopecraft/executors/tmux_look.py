"""Looking at windows: one `list-panes` answers for all handles of a server, without libtmux and with a deadline."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from scopecraft.errors import TmuxMissing
from scopecraft.executors.processes import start_time
from scopecraft.executors.tmux_client import (
    clean_environment,
    client_argv,
    has_no_windows,
    is_not_running,
    parse_version,
)
from scopecraft.model.clock import to_text
from scopecraft.model.handle import Alive, Exited, Gone, Look, Unknown, WindowHandle

DEADLINE_SECONDS = 2.0
LATE_SECONDS = 0.2  # for the servers whose turn comes when another has used up the deadline: they have answered by then
COLLECT_TRIES = 3
# Numbers and ids only: tmux rewrites tabs and other characters for some clients.
SERVER_FIELDS = ("version", "pid")
PANE_FIELDS = ("pane_id", "pane_pid", "pane_dead", "pane_dead_status", "pane_dead_signal", "pane_dead_time")
FORMAT = "|".join(f"#{{{field}}}" for field in SERVER_FIELDS + PANE_FIELDS)
TELLS_TIME = (3, 3)  # the first tmux that tells when and by which signal a pane died


@dataclass(frozen=True, slots=True)
class PaneState:
    pid: int
    is_dead: bool
    is_collected: bool  # False for a moment at the end: the screen is closed, the exit code not yet known
    exit_code: int | None  # 128 + n for signal n
    finished_at: str | None
    server_pid: int


Panes = dict[str, PaneState] | str  # by pane id, or the complaint that came instead


def parse_panes(text: str) -> dict[str, PaneState]:
    """By pane id; a line that is none of ours is passed over."""
    panes: dict[str, PaneState] = {}
    for line in text.splitlines():
        fields = line.split("|")
        if len(fields) == len(SERVER_FIELDS) + len(PANE_FIELDS) and fields[1].isdigit() and fields[3].isdigit():
            panes[fields[2]] = _pane_state(parse_version(fields[0]), int(fields[1]), fields[3:])
    return panes


def _pane_state(version: tuple[int, int] | None, server_pid: int, fields: list[str]) -> PaneState:
    pid, dead, status, signal_, time_ = fields
    return PaneState(
        pid=int(pid),
        is_dead=dead == "1",
        is_collected=bool(time_) or (version is not None and version < TELLS_TIME),
        exit_code=int(status) if status.isdigit() else 128 + int(signal_) if signal_.isdigit() else None,
        finished_at=to_text(datetime.fromtimestamp(int(time_), UTC)) if time_.isdigit() else None,
        server_pid=server_pid,
    )


def judge(handle: WindowHandle, pane: PaneState | None, started: int | None) -> Look:
    """What tmux's word on the pane, and the start time of its process now (None: no such process), mean."""
    if pane is None:
        return Gone("the window was closed")
    if pane.pid != handle.pane_pid:
        return Gone(f"pane {handle.pane_id} holds another program now")
    # A child in the background can keep the pane open after the agent itself has ended: tmux has its code all the same.
    if (pane.is_dead and pane.is_collected) or (pane.exit_code is not None and started != handle.pane_started):
        return Exited(exit_code=pane.exit_code, finished_at=pane.finished_at)
    if handle.pane_started and started is not None and started != handle.pane_started:
        return Gone(f"process {handle.pane_pid} is another one now")
    return Alive()


def judge_silence(handle: WindowHandle, stderr: str, started: int | None) -> Look:
    """What a client's failure means. Only a socket on which nobody listens is proof that the server is gone."""
    lives = handle.pane_started != 0 and started == handle.pane_started
    if not is_not_running(stderr):
        return Unknown(stderr or "tmux did not answer")
    if lives and "No such file" in stderr:
        return Unknown(f"the socket {handle.socket} was removed, but the agent lives (process {handle.pane_pid})")
    return Gone("the tmux server is not running" + (f"; process {handle.pane_pid} outlived it" if lives else ""))


def look_at_windows(
    handles: Iterable[WindowHandle], *, deadline_seconds: float = DEADLINE_SECONDS
) -> dict[WindowHandle, Look]:
    """Look at any number of windows with one request to each server, all within the deadline; never raises.

    An `Exited` of this function has no last lines: those cost a request each (`TmuxExecutor.look`).
    """
    by_socket: dict[str, list[WindowHandle]] = {}
    for handle in handles:
        by_socket.setdefault(handle.socket, []).append(handle)
    deadline = time.monotonic() + deadline_seconds
    requests = {socket: _request(socket) for socket in by_socket}
    looks: dict[WindowHandle, Look] = {}
    for socket, request in requests.items():
        panes = _collected(socket, _answer(request, deadline), by_socket[socket], deadline)
        for handle in by_socket[socket]:
            started = start_time(handle.pane_pid)
            looks[handle] = (
                judge_silence(handle, panes, started)
                if isinstance(panes, str)
                else judge(handle, panes.get(handle.pane_id), started)
            )
    return looks


def _collected(socket: str, panes: Panes, handles: Iterable[WindowHandle], deadline: float) -> Panes:
    """The panes again, as soon as tmux knows the exit codes of those that have just ended.

    tmux 3.3a with utempter can miss the signal of its child's end and then never collects it: remind it.
    """
    for _ in range(COLLECT_TRIES):
        if isinstance(panes, str):
            break
        ours = [panes[handle.pane_id] for handle in handles if handle.pane_id in panes]
        waiting = [pane for pane in ours if pane.is_dead and not pane.is_collected]
        if not waiting:
            break
        with suppress(ProcessLookupError, PermissionError):
            os.kill(waiting[0].server_pid, signal.SIGCHLD)
        panes = _answer(_request(socket), deadline)
    return panes


def _request(socket: str) -> subprocess.Popen[bytes] | str:
    """The running client, or why there is none."""
    try:
        return subprocess.Popen(
            client_argv(socket, "list-panes", "-a", "-F", FORMAT),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_environment(os.environ),
            cwd="/",
        )
    except TmuxMissing as error:
        return error.message
    except OSError as error:
        return f"tmux cannot be run: {error}"


def _answer(request: subprocess.Popen[bytes] | str, deadline: float) -> Panes:
    if isinstance(request, str):
        return request
    with request:
        try:
            stdout, stderr = request.communicate(timeout=max(LATE_SECONDS, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                request.kill()
            return "tmux did not answer in time"
    complaint = stderr.decode(errors="replace").strip()
    if request.returncode == 0 or has_no_windows(complaint):
        return parse_panes(stdout.decode(errors="replace"))
    return complaint or f"tmux ended with {request.returncode}"
