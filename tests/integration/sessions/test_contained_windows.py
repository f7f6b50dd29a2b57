"""An agent in a container with a window for its terminal: a real terminal, and one end for both, whoever goes first."""

from __future__ import annotations

import os
import re
import signal

import pytest

from scopecraft.model.handle import WindowHandle
from scopecraft.model.session import Session, handle_of
from tests.support.command_line import Said
from tests.support.played import COMMIT, Shop, check_invariants, kill_when
from tests.support.repos import git
from tests.support.tmux import server_pid, tmux
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.tmux, pytest.mark.image]

SHELL = ("env", "PS1=inside> ", "bash", "--norc", "--noprofile", "-i")
GONE = "its commits come back, and nothing is left of it"
# What a start has written last when its command dies: the facts, the container, the window
MOMENTS = ("sessions/r-*/facts.json", "sessions/r-*/launch/terminal.json", "sessions/r-*/launch/window.sh")


def dispatch(shop: Shop, *command: str) -> Said:
    return shop.sc("dispatch", "fix-login", "--container", "--agent", "plain", "--", *command)


def pane_of(session: Session) -> WindowHandle:
    handle = handle_of(session.status)
    assert isinstance(handle, WindowHandle)
    return handle


def opened(shop: Shop, *command: str) -> Session:
    said = dispatch(shop, *command)
    assert said.code == 0, said.err
    return shop.session("fix-login")


def screen(session: Session) -> str:
    pane = pane_of(session)
    return tmux(pane.socket, "capture-pane", "-p", "-S", "-", "-t", pane.pane_id)


def shows(session: Session, pattern: str) -> str:
    until(lambda: re.search(pattern, screen(session), re.MULTILINE), 30, what=f"{pattern!r} in the window")
    return screen(session)


def type_(session: Session, line: str) -> None:
    pane = pane_of(session)
    tmux(pane.socket, "send-keys", "-t", pane.pane_id, "-l", line)
    press(session, "Enter")


def press(session: Session, key: str) -> None:
    tmux(pane_of(session).socket, "send-keys", "-t", pane_of(session).pane_id, key)


def at_work(shop: Shop) -> Session:
    """It has committed, and waits for somebody."""
    session = opened(shop, "sh", "-c", f"{COMMIT} && echo committed; exec sleep 600")
    shows(session, "^committed$")
    return session


def check_taken(shop: Shop, session: Session) -> None:
    assert shop.commits("feature/fix-login") == [session.id], GONE
    assert shop.containers() == [], GONE
    assert shop.windows() == [], GONE
    check_invariants(shop)


def test_the_window_is_a_terminal_inside_until_the_agent_ends(shop: Shop) -> None:
    session = opened(shop, *SHELL)
    assert (session.executor, session.mode, session.is_contained) == ("tmux", "dispatch", True)
    shows(session, "^inside>")
    type_(session, "tty -s && stty size && printf 'g\\303\\274t %s\\n' \"$TERM\"")
    shows(session, r"^50 200\ngüt tmux-256color$")
    tmux(pane_of(session).socket, "resize-window", "-t", pane_of(session).window_id, "-x", "91", "-y", "30")
    type_(session, "echo $(ulimit -c) $(ulimit -n) $(grep -E '^(CapEff|NoNewPrivs)' /proc/self/status)")
    shows(session, r"^0 \d{4,} CapEff: 0+ NoNewPrivs: 1$")
    type_(session, "stty size")
    shows(session, "^30 91$")
    type_(session, "sleep 600; echo not-reached")
    press(session, "C-c")
    shows(session, r"\^C\n(.*\n)?inside> ?$")
    # what stands over .git cannot be written, moved or taken away, and the project's own is not there at all
    (shop.folder / ".git" / "hooks").mkdir(exist_ok=True)
    type_(session, f"touch .git/x; mv .git g; rm -f .git /workspace/.git; ls {shop.folder}/.git/hooks; cat .git; ls x")
    attacked = shows(session, "cannot access 'x'")
    assert "gitdir: /session/git" in attacked
    assert "busy" in attacked and f"cannot access '{shop.folder}/.git/hooks'" in attacked
    assert shop.sc("exec", "fix-login", "sh", "-c", "ls /session/launch/terminal.sh && git log --oneline").code == 0
    type_(session, "git commit -q --allow-empty -m by-hand; exit 9")
    until(lambda: shop.row("fix-login")["state"] == "ended", 30, every=0.2)
    assert shop.outcome("fix-login")["exit_code"] == 9
    assert shop.commits("feature/fix-login") == ["by-hand"]
    assert "not-reached" not in attacked.replace("echo not-reached", "")
    check_invariants(shop)


def test_a_stopped_session_has_its_commits_on_the_branch(shop: Shop) -> None:
    session = at_work(shop)
    said = shop.sc("stop", "fix-login")
    assert said.code == 0, said.err
    assert shop.outcome("fix-login") == {"kind": "killed", "by": "sc stop"}
    check_taken(shop, session)


def test_a_closed_window_ends_its_container_by_itself(shop: Shop) -> None:
    session = at_work(shop)
    tmux(pane_of(session).socket, "kill-window", "-t", pane_of(session).window_id)
    shop.wait_over(session.id)
    assert shop.outcome("fix-login") == {"kind": "interrupted", "cause": "tmux", "detail": "the window was closed"}
    check_taken(shop, session)


def test_without_its_tmux_server_a_container_ends_by_itself(shop: Shop) -> None:
    session = at_work(shop)
    os.kill(server_pid(pane_of(session).socket), signal.SIGKILL)
    shop.wait_over(session.id)
    assert shop.outcome("fix-login")["cause"] == "tmux"
    check_taken(shop, session)


def test_a_container_whose_window_was_killed_hard_is_ended_by_whoever_looks(shop: Shop) -> None:
    session = at_work(shop)
    os.kill(pane_of(session).pane_pid, signal.SIGKILL)
    until(lambda: shop.row("fix-login")["state"] == "ended", 30, every=0.2)
    assert shop.outcome("fix-login")["cause"] == "tmux"
    check_taken(shop, session)


def test_a_container_that_is_removed_from_outside_takes_its_window_along(shop: Shop) -> None:
    session = at_work(shop)
    shop.container(session.id).remove(force=True)
    until(lambda: shop.row("fix-login")["state"] == "ended", 30, every=0.2)
    assert shop.outcome("fix-login")["kind"] == "interrupted"
    check_taken(shop, session)


def test_a_program_that_is_not_in_the_image_is_told_at_once(shop: Shop) -> None:
    said = dispatch(shop, "no-such-agent")
    assert said.code == 1
    assert "exit code 127" in said.err and "no-such-agent: not found" in said.err
    assert shop.outcome("fix-login")["reason"].startswith("its image has no no-such-agent")
    check_invariants(shop)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_start_that_dies_leaves_a_task_that_works(shop: Shop, moment: str) -> None:
    words = ("dispatch", "fix-login", "--container", "--agent", "plain", "--", "sleep", "600")
    assert kill_when(shop.begin(*words), shop.home.root, moment)
    first = shop.row("fix-login")
    if first["state"] == "ended":
        assert first["status"]["outcome"]["cause"] == "starter"
    check_invariants(shop)
    assert shop.sc("stop", "fix-login", "--now").code == 0
    session = at_work(shop)
    assert shop.sc("stop", "fix-login").code == 0
    check_taken(shop, session)
    assert git(shop.worktree("fix-login"), "status", "--porcelain") == ""
