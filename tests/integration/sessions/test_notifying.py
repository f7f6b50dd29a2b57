"""Notifications: the person's own command, once for each event, whatever happens to it or to us."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scopecraft.config.paths import Home
from scopecraft.model.event import Event
from scopecraft.model.launch import WindowLaunch
from scopecraft.model.session import Failed, Running
from scopecraft.sessions.context import Context
from scopecraft.sessions.notifying import Notifier
from scopecraft.sessions.tmux_server import tmux_executor
from scopecraft.state.store import Store
from scopecraft.supervisor.contexts import Contexts
from tests.support.command_line import environment, sc
from tests.support.sessions import AT, CONTAINER, a_session, ended
from tests.support.tmux import terminal, tmux
from tests.support.wait import until

STEPPER = """
import os
from scopecraft.config.paths import home_of
from scopecraft.sessions.notifying import Notifier
from scopecraft.supervisor.contexts import Contexts
notifier = Notifier(Contexts(home_of(os.environ), os.environ).fresh)
while notifier.step():
    pass
"""


@pytest.fixture
def home() -> Home:
    assert sc("init").code == 0
    return Home(Path(os.environ["SCOPECRAFT_HOME"]).resolve())


def configure(home: Home, *command: str, **more: str) -> None:
    lines = [f"command = {json.dumps(command)}", *(f"{name} = {value}" for name, value in more.items())]
    home.settings_file.write_text("[notify]\n" + "\n".join(lines) + "\n")


def notifier(home: Home, limit_seconds: float = 10.0) -> Notifier:
    return Notifier(Contexts(home, os.environ).fresh, limit_seconds=limit_seconds)


def alert(home: Home, *texts: str) -> None:
    with Store.open(home.root) as store:
        store.append(*(Event(0, AT, "alert_raised", data={"code": "x", "text": text}) for text in texts))


def steps(told: Notifier) -> int:
    count = 0
    while told.step():
        count += 1
    return count


def test_the_command_is_run_once_for_each_event_with_the_event_on_its_input(home: Home, tmp_path: Path) -> None:
    script = 'printf "%s|%s|%s|%s|%s\\n" "$@" >>"$OUT"; cat >>"$OUT"'
    configure(
        home, "sh", "-c", f"OUT={tmp_path}/out; {script}", "sh", "{title}", "{text}", "{event}", "{task}", "{session}"
    )
    alert(home, "before it was asked for: nobody is flooded")
    told = notifier(home)
    assert steps(told) == 0
    with Store.open(home.root) as store:
        session = store.create(a_session(), AT)
        outcome = ended(Failed("it said $(date) {task}"))
        store.move(session.id, outcome, "session_ended", AT, data={"outcome": "failed"})
    assert steps(told) == 1
    assert steps(told) == steps(notifier(home)) == 0
    line, document = (tmp_path / "out").read_text().splitlines()
    said = "failed: it said $(date) {task}"
    assert line == f"fix-login failed|{said}|session_ended|fix-login|{session.id}"
    event = json.loads(document)
    assert (event["kind"], event["task"], event["title"], event["text"]) == (
        "session_ended", "fix-login", "fix-login failed", said,
    )  # fmt: skip


def test_what_happened_while_it_was_off_is_not_told_later(home: Home, tmp_path: Path) -> None:
    configure(home, "sh", "-c", f"echo x >>{tmp_path}/out")
    told = notifier(home)
    assert steps(told) == 0
    home.settings_file.write_text("")
    alert(home, "unheard")
    assert steps(told) == 0
    configure(home, "sh", "-c", f"echo x >>{tmp_path}/out")
    assert steps(told) == 0
    alert(home, "heard")
    assert steps(told) == 1


def test_a_killed_supervisor_tells_nothing_twice(home: Home, tmp_path: Path) -> None:
    configure(home, "sh", "-c", f'cat >/dev/null; echo "$1" >>{tmp_path}/out; exec sleep 0.1', "sh", "{text}")
    assert steps(notifier(home)) == 0
    texts = [str(number) for number in range(12)]
    alert(home, *texts)
    for _ in range(4):
        stepper = subprocess.Popen([sys.executable, "-c", STEPPER], env=environment())
        before = told(tmp_path)
        until(lambda before=before: len(told(tmp_path)) > len(before), 20)  # type: ignore[misc]
        stepper.kill()
        stepper.wait()
    assert subprocess.run([sys.executable, "-c", STEPPER], env=environment(), timeout=60).returncode == 0
    heard = told(tmp_path)
    assert len(heard) == len(set(heard))
    assert [text for text in texts if f"alert: {text}" in heard] == [line.removeprefix("alert: ") for line in heard]
    assert len(heard) >= len(texts) - 4, "only what was under way at the kill may be lost"


def told(folder: Path) -> list[str]:
    file = folder / "out"
    return file.read_text().splitlines() if file.exists() else []


def test_a_command_that_hangs_is_ended_with_its_children_and_told_of_once(home: Home, tmp_path: Path) -> None:
    configure(home, "sh", "-c", f"echo $$ >>{tmp_path}/pids; sleep 600 & echo $! >>{tmp_path}/pids; wait")
    hanging = notifier(home, limit_seconds=0.5)
    assert steps(hanging) == 0
    alert(home, "one", "two")
    assert steps(hanging) == 2
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 4
    until(lambda: not [pid for pid in pids if is_alive(pid)], 10)
    with Store.open(home.root) as store:
        failures = [event.data for event in store.events() if event.data.get("code") == "notify_failed"]
    assert [failure["text"] for failure in failures] == ["the command that notifies you, sh, did not end within 0.5 s"]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_failure_is_told_again_only_after_it_has_worked(home: Home, tmp_path: Path) -> None:
    configure(home, "sh", "-c", f"cat >/dev/null; test -e {tmp_path}/works")
    told = notifier(home)
    assert steps(told) == 0

    def failures() -> int:
        with Store.open(home.root) as store:
            return sum(event.data.get("code") == "notify_failed" for event in store.events())

    for works, expected in ((False, 1), (False, 1), (True, 1), (False, 2)):
        (tmp_path / "works").touch() if works else (tmp_path / "works").unlink(missing_ok=True)
        alert(home, "again")
        assert steps(told) == 1
        assert failures() == expected
    configure(home, "/no/such/program")
    alert(home, "again")
    assert steps(told) == 1
    assert failures() == 2


@pytest.mark.tmux
@pytest.mark.parametrize("has_window", [True, False])
def test_the_bell_rings_at_who_looks_at_the_homes_tmux_server(home: Home, tmp_path: Path, has_window: bool) -> None:
    home.settings_file.write_text("[notify]\nbell = 'on'\n")
    context = Context.of(os.environ)
    tmux_server = tmux_executor(context)
    talker = WindowLaunch("r-1", "job", ("sh", "-c", "echo ready; exec sleep 600"), {}, (), "/", tmp_path / "launch")
    window = tmux_server.start(talker)
    try:
        with context.store as store, terminal(tmux_server.attach_command(window, inside_tmux=None)) as person:
            until(lambda: b"ready" in person.screen)
            session = store.create(a_session(), AT)
            store.move(session.id, Running(AT, window if has_window else CONTAINER), "session_started", AT)
            assert steps(notifier(home)) == 0
            store.append(Event(0, AT, "alert_raised", session.mission_id, session.id, {"code": "x", "text": "look"}))
            assert b"\a" not in person.screen
            assert steps(notifier(home)) == 1
            until(lambda: b"\a" in person.screen)
    finally:
        tmux(tmux_server.socket, "kill-server")


def test_a_large_backlog_is_told_in_one_word(home: Home, tmp_path: Path) -> None:
    configure(home, "sh", "-c", f'cat >/dev/null; echo "$1: $2" >>{tmp_path}/out', "sh", "{title}", "{text}")
    assert steps(notifier(home)) == 0
    alert(home, *(str(number) for number in range(60)))
    assert steps(notifier(home)) == 1
    assert told(tmp_path) == ["60 things happened: 60 alerts"]
