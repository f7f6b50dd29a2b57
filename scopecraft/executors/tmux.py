"""Sessions in tmux windows. One server for each home, or the person's own; windows are found by id, never by name."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterable
from pathlib import Path

import libtmux
from libtmux.exc import LibTmuxException

from scopecraft.errors import ScopecraftError, StartFailed, TmuxFailed
from scopecraft.executors.processes import end_session, start_time
from scopecraft.executors.tmux_client import check_version, has_no_windows, is_not_running
from scopecraft.executors.tmux_look import look_at_windows
from scopecraft.executors.tmux_server import CALL_SECONDS, TmuxReply, TmuxServer
from scopecraft.executors.window_attach import attach_command
from scopecraft.executors.window_launcher import SESSION_NAME, discard_launcher, write_launcher
from scopecraft.executors.window_opening import ENDED, HANDLE_FORMAT, MARK, opening, opening_with_session
from scopecraft.model.handle import Alive, Exited, Look, WindowHandle
from scopecraft.model.launch import WindowLaunch

OUR_CONFIG = Path(__file__).with_name("tmux.conf")
SOCKET_BYTES = 107  # sun_path, less its closing NUL
LAST_LINES = 20
POLL_SECONDS = 0.02
LAST_WORDS_SECONDS = 0.5  # a busy machine lets tmux wait; only an agent that said nothing at all costs this
SETTLE_SECONDS = 2.0  # tmux collects a dead child within milliseconds, unless the machine is very busy
TMUX_ENDED = re.compile(r"Pane is dead( \(.*\))?")  # of tmux before 3.3, which has no such option
NOT_IN_A_PASTE = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")


class TmuxExecutor:
    """Starts, looks at and ends windows on one tmux server.

    Args:
        socket: the server's socket, in a folder that only we can enter; at most 107 bytes.
        server_config: a tmux.conf read before our own settings when our server starts.
        is_own_server: False for the person's own server: then none of its settings are ours, only those of our windows,
            and two hooks while somebody looks at one.
        tmux_session: name of the tmux session that holds our windows.
        answer_seconds: how long a command may take before tmux counts as hanging.
    """

    def __init__(
        self,
        socket: Path,
        *,
        server_config: Path | None = None,
        is_own_server: bool = True,
        tmux_session: str = "scopecraft",
        answer_seconds: float = CALL_SECONDS,
    ) -> None:
        configs = [config for config in (server_config, OUR_CONFIG) if config] if is_own_server else []
        self._server = TmuxServer(socket, configs, seconds=answer_seconds)
        self._socket = socket
        self._tmux_session = tmux_session

    @property
    def socket(self) -> str:
        return str(self._socket)

    def start(self, launch: WindowLaunch) -> WindowHandle:
        """Open a window that becomes the agent; back as soon as it exists (`early_death` watches its first moments).

        A session is started at most once. Raises AlreadyRunning, BadInput, StartFailed, StorageFailed, TmuxMissing,
        TmuxFailed; after an error nothing runs, and no secret is left behind.
        """
        if len(str(self._socket).encode()) > SOCKET_BYTES:
            raise TmuxFailed(f"the path of tmux's socket is too long: {self._socket}", "set a shorter XDG_RUNTIME_DIR")
        script = write_launcher(launch)
        try:
            return self._open(launch, script)
        except BaseException:  # an interrupted start, too, leaves no secret behind
            discard_launcher(launch.folder)
            raise

    def early_death(self, handle: WindowHandle, *, seconds: float = 0.8) -> Exited | None:
        """How the agent ended, with its last lines, if it does so within that time; None if it lives on."""
        deadline = time.monotonic() + seconds
        while handle.pane_started and start_time(handle.pane_pid) == handle.pane_started:
            if time.monotonic() >= deadline:
                return None
            time.sleep(POLL_SECONDS)
        look = self._look_after_end(handle)
        return look if isinstance(look, Exited) else None

    def look(self, handle: WindowHandle) -> Look:
        """As `look_at_windows`, with the last lines of an agent that has ended."""
        look = look_at_windows([handle])[handle]
        if not isinstance(look, Exited):
            return look
        return Exited(exit_code=look.exit_code, finished_at=look.finished_at, last_lines=self._last_words(handle))

    def stop(self, handle: WindowHandle, *, grace_seconds: float) -> None:
        """End the agent and its children; the dead window stays until `forget`.

        It works on processes, so also when tmux hangs or is gone. Raises OperationFailed if something cannot be ended.
        """
        look = look_at_windows([handle])[handle]
        is_ours = isinstance(look, (Alive, Exited))
        started = handle.pane_started or (start_time(handle.pane_pid) if is_ours else None)
        end_session(handle.pane_pid, started or 0, grace_seconds=grace_seconds, leader_was_ours=is_ours)
        if is_ours:
            self._look_after_end(handle)

    def adopt(self, session_id: str) -> WindowHandle | None:
        """The session's window, dead or alive; None if there is none. Raises TmuxFailed if tmux does not answer."""
        if not SESSION_NAME.fullmatch(session_id):
            return None
        # a window not yet marked still bears the session's id as its name
        ours = f"#{{||:#{{==:#{{{MARK}}},{session_id}}},#{{==:#{{window_name}},{session_id}}}}}"
        reply = self._listed(ours, HANDLE_FORMAT)
        if reply.returncode == 0:
            # viewers' sessions hold the window, too; ours came before them
            return min(map(self._handle, reply.stdout), key=lambda handle: int(handle.tmux_session[1:]), default=None)
        if has_no_windows(reply.complaint) or is_not_running(reply.complaint):
            return None
        raise TmuxFailed(f"tmux cannot list its windows: {reply.complaint}", "see whether its server hangs")

    def all_of(self) -> list[tuple[str, WindowHandle]]:
        """Every window of ours on this server, dead or alive, with the id of its session.

        Raises TmuxFailed if tmux does not answer; without a server there is none.
        """
        reply = self._listed(f"#{{!=:#{{{MARK}}},}}", f"#{{{MARK}}}|{HANDLE_FORMAT}")
        if reply.returncode != 0:
            if has_no_windows(reply.complaint) or is_not_running(reply.complaint):
                return []
            raise TmuxFailed(f"tmux cannot list its windows: {reply.complaint}", "see whether its server hangs")
        found: dict[str, WindowHandle] = {}
        for session_id, _, rest in (line.partition("|") for line in reply.stdout):
            if rest:  # viewers' sessions hold the window, too
                found.setdefault(session_id, self._handle(rest))
        return sorted(found.items())

    def forget(self, handle: WindowHandle) -> None:
        """Close the window of an agent that has ended; any other window stays, and so does a living agent.

        Raises TmuxFailed if tmux does not answer; that there is no such window or server is fine.
        """
        is_over = (
            f"#{{&&:#{{==:#{{pane_pid}},{handle.pane_pid}}},#{{||:#{{pane_dead}},#{{!=:#{{pane_dead_status}},}}}}}}"
        )
        pane = handle.pane_id
        self._server.cmd("if-shell", "-F", "-t", pane, is_over, f"kill-pane -t {pane}")

    def attach_command(
        self, handle: WindowHandle, *, inside_tmux: str | None, window_name: str = "scopecraft"
    ) -> list[str]:
        """What to `exec` to see the window; `inside_tmux` is the caller's `$TMUX`.

        From another tmux that opens a window there, under the given name.
        """
        viewer = f"viewer-{uuid.uuid4().hex[:12]}"
        return attach_command(handle, inside_tmux=inside_tmux, viewer=viewer, window_name=window_name)

    def paste(self, handle: WindowHandle, text: bytes) -> None:
        """Put text in as a terminal's paste does (bracketed if the agent asked for that); does not press Enter.

        Control characters but tab and newline are left out: they could end the paste and act as keys.
        """
        buffer = f"scopecraft-{uuid.uuid4().hex}"
        content = NOT_IN_A_PASTE.sub(b"", text.replace(b"\r\n", b"\n"))
        if content:
            paste = ("paste-buffer", "-p", "-d", "-b", buffer, "-t", handle.pane_id)
            self._do("load-buffer", "-b", buffer, "-", ";", *paste, stdin=content)

    def press(self, handle: WindowHandle, *keys: str) -> None:
        """Press keys by tmux's names (`Enter`, `Escape`, `C-c`), also while a person scrolls in the window."""
        self._do("copy-mode", "-q", "-t", handle.pane_id, ";", "send-keys", "-t", handle.pane_id, *keys)

    def capture(self, handle: WindowHandle, *, lines: int) -> tuple[str, ...]:
        """The last lines on the screen and above it that are not blank at the end: raw text of an agent."""
        pane = libtmux.Pane(server=self._server, pane_id=handle.pane_id)
        try:
            shown = pane.capture_pane(start=-lines, join_wrapped=True)
        except LibTmuxException as error:
            raise TmuxFailed(f"the window cannot be read: {error}", "see: sc ls") from error
        return _last_lines(shown, lines)

    def _open(self, launch: WindowLaunch, script: Path) -> WindowHandle:
        words = opening(launch, script, self._tmux_session)
        reply = self._server.cmd(*words)
        if _has_no_session(reply):
            check_version()
            reply = self._server.cmd(*opening_with_session(launch, script, self._tmux_session))
            if "duplicate session" in reply.complaint:  # somebody was quicker
                reply = self._server.cmd(*words)
        if not reply.stdout:
            raise TmuxFailed(f"tmux opened no window: {reply.complaint}", "try: sc doctor")
        handle = self._handle(reply.stdout[0])
        if reply.returncode != 0:
            self.stop(handle, grace_seconds=0)
            self.forget(handle)
            raise StartFailed(f"tmux does not keep the window: {reply.complaint}", "see the hooks of your tmux.conf")
        return handle

    def _handle(self, line: str) -> WindowHandle:
        tmux_session, window, pane, pid = line.split("|")
        return WindowHandle(
            socket=str(self._socket),
            tmux_session=tmux_session,
            window_id=window,
            pane_id=pane,
            pane_pid=int(pid),
            pane_started=start_time(int(pid)) or 0,
        )

    def _last_words(self, handle: WindowHandle) -> tuple[str, ...]:
        """Tmux may hear that the agent has ended before it has read what that said last."""
        deadline = time.monotonic() + LAST_WORDS_SECONDS
        try:
            while not (lines := self.capture(handle, lines=LAST_LINES)) and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
        except ScopecraftError:
            return ()
        return lines

    def _listed(self, filter_: str, form: str) -> TmuxReply:
        """A server that ends while it is asked is asked again: then nobody is there, or another one."""
        words = ("list-panes", "-a", "-f", filter_, "-F", form)
        reply = self._server.cmd(*words)
        return self._server.cmd(*words) if "server exited" in reply.complaint else reply

    def _look_after_end(self, handle: WindowHandle) -> Look:
        """Look until tmux, too, has noticed that the agent's process is over."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while isinstance(look := self.look(handle), Alive) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return look

    def _do(self, *words: str, stdin: bytes = b"") -> None:
        reply = self._server.cmd(*words, stdin=stdin)
        if reply.returncode != 0:
            raise TmuxFailed(f"tmux refused {words[0]}: {reply.complaint}", "see: sc ls")


def _has_no_session(reply: TmuxReply) -> bool:
    complaint = reply.complaint
    absent = "no such session" in complaint or has_no_windows(complaint) or is_not_running(complaint)
    return reply.returncode != 0 and absent


def _last_lines(shown: Iterable[str], lines: int) -> tuple[str, ...]:
    kept = [line.rstrip() for line in shown]
    while kept and (not kept[-1] or kept[-1].startswith(ENDED) or TMUX_ENDED.fullmatch(kept[-1])):
        kept.pop()
    return tuple(kept[-lines:])
