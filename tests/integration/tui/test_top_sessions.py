"""Sessions in `sc top`: their logs as they grow, the line and its order, and what is wrong told at the top."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from pathlib import Path

from scopecraft.config.paths import Home
from scopecraft.missions.folder import folder_of
from scopecraft.model import clock
from scopecraft.model.handle import ProcessHandle
from scopecraft.model.session import Completed, Ended, Queued, Running, Session
from scopecraft.sessions.settle_facts import boot_id
from scopecraft.state.store import Store
from scopecraft.supervisor.holder import read_holder
from tests.support.dashboard import Seat, seated
from tests.support.queue_processes import guard
from tests.support.sessions import AT, a_session
from tests.support.standing_missions import a_run, stand


def a_live_run(home: Home, store: Store) -> tuple[Session, Path]:
    """A session that lives as long as this test, with its stream."""
    mission = stand(home, "search", phases={"research": "running"})
    session = a_run(store, mission, "research", executor="process", dialect="plain", agent="plain")
    fields = Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()
    handle = ProcessHandle(os.getpid(), int(fields[19]), boot_id())
    store.move(session.id, Running(clock.to_text(clock.now()), handle), "session_started", AT)
    folder = home.sessions / session.id
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "stderr.log").touch()
    return session, folder / "stream.jsonl"


def say(stream: Path, *lines: str) -> None:
    with stream.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def test_a_log_is_followed_searched_and_shown_as_text(home: Home, store: Store) -> None:
    session, stream = a_live_run(home, store)
    say(stream, *(f"line {number}" for number in range(400)), "[red]the \x1b]0;evil\x07last[/red]")

    async def visit(seat: Seat) -> None:
        await seat.sees("at work")
        await seat.press("enter")
        await seat.sees("[red]the \\x1b]0;evil\\x07last[/red]", "line 399", "o older")
        say(stream, "and another")
        await seat.sees("and another")
        await seat.press("f")
        await seat.sees("f stands")
        await seat.press("slash")
        await seat.type("LINE 7")
        await seat.press("enter")
        await seat.until(lambda: "line 79" in seat.text() and "line 399" not in seat.text(), "what was searched for")
        await seat.press("slash", "escape")
        await seat.sees("and another")
        await seat.press("5")
        await seat.sees("in all")
        await seat.press("escape")
        await seat.sees("Enter open")
        now = clock.to_text(clock.now())
        store.move(session.id, Ended(now, now, Completed()), "session_ended", now)
        await seat.press("g", "s")
        await seat.sees("completed")

    seated(visit)


def test_the_line_is_moved_paused_and_left(home: Home, store: Store) -> None:
    for name in ("one", "two", "three"):
        mission = stand(home, name, phases={"research": "running"})
        waiting = a_session(mission_id=mission.id, task=name, step_id="research", status=Queued(AT))
        store.queue.enqueue(waiting, AT, guard)

    def line() -> list[str]:
        return [item.session.task for item in store.line()]

    async def visit(seat: Seat) -> None:
        await seat.press("g", "q")
        await seat.sees("0 of 3 run, 3 of 10 wait", "nothing in line begins")
        await seat.press("J")
        await seat.until(lambda: line() == ["two", "one", "three"])
        await seat.until(lambda: "2 one" in seat.text())
        await seat.press("J")
        await seat.until(lambda: line() == ["two", "three", "one"])
        await seat.press("p")
        await seat.sees("paused: by you")
        assert store.queue.rules().is_paused
        await seat.press("x")
        await seat.sees("stop it?")
        await seat.press("y")
        await seat.until(lambda: line() == ["two", "three"])
        await seat.press("p")
        await seat.until(lambda: not store.queue.rules().is_paused)

    seated(visit, columns=80, rows=24)


def test_a_supervisor_that_is_gone_is_told_and_started(home: Home) -> None:
    stand(home, "search", "research")
    gone = "no supervisor is up, u starts one"
    pids: list[int] = []

    async def visit(seat: Seat) -> None:
        await seat.sees(gone)
        await seat.press("u")
        await seat.sees("the supervisor is up")
        holder = read_holder(home)
        assert holder is not None
        pids.append(holder.pid)
        await seat.until(lambda: gone not in seat.text(), "the banner gone")
        os.kill(holder.pid, signal.SIGKILL)
        await seat.sees(gone)

    try:
        seated(visit)
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_what_cannot_be_read_is_told_and_hides_nothing(home: Home) -> None:
    stand(home, "good", "research")
    damaged = folder_of(home, stand(home, "bad")) / "mission.json"
    damaged.write_text("{")
    plan = stand(home, "strange", "research")
    artifacts = folder_of(home, plan) / "artifacts"
    (artifacts / "research.md").symlink_to("/etc/passwd")
    (artifacts / "data.json").write_text(json.dumps({"a": "[b]"}))

    async def visit(seat: Seat) -> None:
        await seat.sees("Good", "Strange", str(home.missions_active.name), "bad")
        await seat.press("slash")
        await seat.type("strange")
        await seat.press("enter", "enter")
        await seat.sees("[1 Log]")
        await seat.press("2")
        text = await seat.sees("data.json", "research.md", "link")
        assert "root:" not in text
        await seat.press("a")
        await seat.sees("research.md", "link")
        assert seat.top.page is not None

    seated(visit)
