"""`sc queue` and its commands, as a person and a program use them; no supervisor starts anything meanwhile."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scopecraft.errors import Refused
from scopecraft.model import clock
from scopecraft.model.queue import QueueRules
from scopecraft.sessions.context import Context
from scopecraft.sessions.continuing import Otherwise, retry_request
from scopecraft.sessions.kept_request import request_dict
from scopecraft.sessions.request import StartRequest
from scopecraft.state.store import Store
from scopecraft.supervisor.contexts import Contexts
from scopecraft.supervisor.requests import Requests
from tests.support.command_line import Said, on_a_terminal, sc
from tests.support.missions import Desk, make_desk
from tests.support.screen import Screen
from tests.support.screen import screen as a_screen
from tests.support.supervisors import running_supervisor
from tests.support.wait import until


@pytest.fixture
def desk(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test")
    return make_desk(clean_environment)


@pytest.fixture
def screen(clean_environment: Path, desk: Desk) -> Iterator[Screen]:
    with a_screen(clean_environment, desk.folder) as screen:
        yield screen


def added(desk: Desk, *tasks: str) -> list[str]:
    """The ids of their sessions."""
    return desk.done("queue", "add", *tasks, "-m", "do it").out.split()


def shown(desk: Desk) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(desk.done("queue", "--json").out)
    return found


def order(desk: Desk) -> str:
    return " ".join(row["task"] for row in shown(desk)["waiting"])


def refused(said: Said, code: int) -> str:
    errors = [line for line in said.err.splitlines() if line.startswith("error: ")]
    assert (said.code, len(errors)) == (code, 1), said.err
    assert "Traceback" not in said.err
    assert "hint: " in said.err
    return said.err


def test_whoever_waits_for_its_turn_hears_that_nobody_is_there_to_start_it(desk: Desk, screen: Screen) -> None:
    desk.done("queue", "pause")
    added(desk, "search")
    with running_supervisor() as supervisor:
        screen.type("sc attach search")
        screen.until("place 1 in the queue")
        assert "no supervisor" not in screen.text()
        supervisor.kill()
        screen.until("no supervisor is up to start it: sc up")


def test_tasks_stand_in_line_with_their_places(desk: Desk) -> None:
    said = desk.done("queue", "add", "search", "cart", "-m", "write tests")
    assert [line.split(" has ")[0] for line in said.err.splitlines()[:2]] == ["search", "cart"]
    assert "cart has place 2 in the queue" in said.err
    assert "no supervisor is up to start what waits: sc up" in said.err
    assert re.fullmatch(r"(r-[0-9a-f]{16}\n){2}", said.out)
    found = shown(desk)
    assert [(row["place"], row["task"], row["state"], row["id"]) for row in found["waiting"]] == [
        (1, "search", "queued", said.out.split()[0]),
        (2, "cart", "queued", said.out.split()[1]),
    ]
    assert found["counts"] == {"running": 0, "waiting": 2, "waiting_new": 2}
    assert found["limits"] == {"running": 3, "waiting": 10}
    assert (found["paused"], found["parked_until"], found["stop_on_failure"]) == (False, None, False)
    assert (found["running"], found["supervisor"]) == ([], False)
    table = desk.done("queue").out
    assert table.startswith("0 of 3 run, 2 of 10 wait\n")
    assert [line.split()[:3] for line in table.splitlines()[3:]] == [["1", "search", "queued"], ["2", "cart", "queued"]]


def test_what_stands_behind_the_dashes_goes_to_the_agent(desk: Desk) -> None:
    (session,) = desk.done("queue", "add", "count", "--agent", "plain", "--", "wc", "-l", "--", "x").out.split()
    request = json.loads((desk.home.sessions / session / "request.json").read_text())
    assert request["arguments"] == ["wc", "-l", "--", "x"]


def test_the_same_prompt_from_a_pipe_goes_to_all(desk: Desk) -> None:
    said = sc("queue", "add", "a-task", "b-task", "--json", cwd=desk.folder, stdin=b"from a pipe")
    rows = json.loads(said.out)
    assert [(row["task"], row["place"]) for row in rows] == [("a-task", 1), ("b-task", 2)]
    for row in rows:
        assert json.loads((desk.home.sessions / row["id"] / "request.json").read_text())["prompt"] == "from a pipe"


def test_a_full_queue_names_its_limits_and_says_how_many_were_added(desk: Desk) -> None:
    desk.done("queue", "limit", "--waiting", "2")
    said = desk.sc("queue", "add", "one", "two", "three", "-m", "x")
    assert "the queue is full: 0 of 3 run, 2 of 2 wait; 2 of 3 were added" in refused(said, 3)
    assert len(said.out.split()) == 2
    assert order(desk) == "one two"
    assert "0 of 3 run, 2 of 2 wait\n" in refused(desk.sc("queue", "add", "three", "-m", "x"), 3)


def test_many_at_once_come_from_a_file(desk: Desk) -> None:
    file = desk.folder / "tasks.txt"
    file.write_text(
        '# of today\nsearch: find it: all\n{"task": "count", "agent": "plain", "arguments": ["ls"]}\ncart\n'
    )
    said = desk.done("queue", "add", "--from", "tasks.txt", "-m", "as ever", "--timeout", "5m", "--json")
    rows = json.loads(said.out)
    assert [(row["task"], row["agent"]) for row in rows] == [
        ("search", "claude"),
        ("count", "plain"),
        ("cart", "claude"),
    ]
    requests = [json.loads((desk.home.sessions / row["id"] / "request.json").read_text()) for row in rows]
    assert [each["prompt"] for each in requests] == ["find it: all", "as ever", "as ever"]
    assert [each["timeout_seconds"] for each in requests] == [300, 300, 300]


WRONG_LINES = [
    ('{"task": "x"', 2, "line 2: no JSON"),
    ('{"task": "x", "shell": true}', 2, "line 2: 'shell' says nothing"),
    ('{"task": "x", "prompt": "y", "agent": "nobody"}', 2, "line 2: no agent is called 'nobody'"),
    ('{"task": "x", "prompt": "y", "base": "nowhere"}', 3, "line 2: there is no commit 'nowhere'"),
    ('{"task": "x", "prompt": "y", "timeout": "soon"}', 2, "line 2: 'soon' is no length of time"),
    ('{"task": "x", "prompt": "y", "pr": 7, "branch": "z"}', 2, "line 2: --branch and --pr cannot be given"),
    ('{"prompt": "y"}', 2, "line 2: missing argument 'TASK'"),
    ("x", 2, "line 2: the prompt is empty"),
    ("a/b: y", 2, "line 2: a task name holds no '/'"),
    ("fine: once more", 2, "line 2: fine is named twice"),
    ("there: y", 3, "line 2: there waits in the queue already"),
]
WRONG_WORDS = [
    (("queue", "add"), "missing argument 'TASK'"),
    (("queue", "add", "x", "--from", "y", "-m", "z"), "not from both"),
    (("queue", "add", "x", "y", "--pr", "7", "-m", "z"), "are for one task"),
    (("queue", "add", "--from", "nowhere"), "nowhere cannot be read"),
    (("queue", "add", "x"), "the prompt is empty"),
    (("queue", "limit", "--running", "0"), "--running 0 makes no sense"),
    (("queue", "limit", "--waiting", "-1"), "--waiting -1 makes no sense"),
    (("queue", "limit", "--waiting", "x"), "'x' is not a valid integer"),
    (("queue", "stop-on-failure", "maybe"), "'maybe' is not one of"),
    (("queue", "--watch", "--json"), "--watch draws"),
    (("queue", "clear"), "nobody is here to answer"),
    (("queue", "move", "there", "2"), "there is no place 2 in a queue of 1"),
]


def test_a_wrong_line_is_named_and_none_is_added(desk: Desk) -> None:
    added(desk, "there")
    for line, code, says in WRONG_LINES:
        said = sc("queue", "add", "--from", "-", cwd=desk.folder, stdin=f"fine: do it\n{line}\n".encode())
        assert says in refused(said, code)
        assert said.out == ""
    assert order(desk) == "there"


def test_wrong_usage_changes_nothing(desk: Desk) -> None:
    added(desk, "there")
    for words, says in WRONG_WORDS:
        assert says in refused(desk.sc(*words), 2)
    assert order(desk) == "there"
    assert shown(desk)["limits"] == {"running": 3, "waiting": 10}


def test_the_line_is_changed_by_name(desk: Desk) -> None:
    added(desk, "one", "two", "three")
    assert "three has place 1 in the queue\n" in desk.done("queue", "move", "three", "1").err
    assert "three has place 1 in the queue already" in desk.done("queue", "move", "three", "1").err
    assert order(desk) == "three one two"
    assert "one does not wait any more" in desk.done("queue", "remove", "one").err
    assert "one does not wait in the queue" in desk.done("queue", "remove", "one").err
    assert "no session or task is called 'nobody'" in refused(desk.sc("queue", "remove", "two", "nobody"), 3)
    assert order(desk) == "three two"
    assert "does not wait in the queue" in refused(desk.sc("queue", "move", "one", "1"), 3)
    assert "taken out of the queue: 2" in desk.done("queue", "clear", "--yes").err
    assert "nothing waits in the queue" in desk.done("queue", "clear", "--yes").err
    assert shown(desk)["waiting"] == []


def test_clearing_asks_with_the_count_and_the_names(desk: Desk, screen: Screen) -> None:
    added(desk, "one", "two")
    screen.type("sc queue clear")
    asked = screen.until(r"take all of it out of the queue\? \[y/N\]")
    assert "2 wait: one, two" in asked
    screen.type("n")
    screen.until("nothing was taken out")
    assert order(desk) == "one two"


def test_rules_hold_at_once_and_after_a_restart(desk: Desk) -> None:
    assert "the queue is paused" in desk.done("queue", "pause").err
    assert "was paused already" in desk.done("queue", "pause").err
    assert "pauses when a session fails" in desk.done("queue", "stop-on-failure", "on").err
    assert "pauses already when a session fails" in desk.done("queue", "stop-on-failure", "on").err
    assert desk.done("queue", "limit", "--running", "5", "--waiting", "20").out == "0 of 5 run, 0 of 20 wait\n"
    assert json.loads(desk.done("queue", "limit", "--json").out) == {"running": 5, "waiting": 20}
    found = shown(desk)
    assert (found["paused"], found["paused_because"], found["stop_on_failure"]) == (True, None, True)
    said = desk.done("queue").out
    assert "paused: by you; go on with: sc queue resume\nit pauses when a session fails\n" in said
    assert "the queue is paused" in desk.done("queue", "add", "one", "-m", "x").err
    assert "the queue goes on" in desk.done("queue", "resume").err
    assert "the queue was not paused" in desk.done("queue", "resume").err
    assert "goes on when a session fails" in desk.done("queue", "stop-on-failure", "off").err


def test_a_queue_that_waits_for_a_providers_limit_says_until_when_and_resumes_by_hand(desk: Desk) -> None:
    at = clock.now().timestamp() + 2 * 3600 + 30
    moment = clock.to_text(clock.now().fromtimestamp(at).astimezone())
    parked = QueueRules(parked_until=moment, parked_because="claude: the limit of this plan is used up")
    with Store.open(desk.home.root) as store:
        store.queue.change_rules(lambda _: parked, moment, {})
    said = desk.done("queue").out
    assert re.search(r"parked until .*\d\d:\d\d \(in 2h00m\): claude: the limit of this plan is used up", said)
    assert shown(desk)["parked_until"] == moment
    assert "the queue does not wait until " in desk.done("queue", "resume").err
    assert shown(desk)["parked_until"] is None


def test_a_task_that_waits_is_told_of_by_every_command(desk: Desk) -> None:
    first, second = added(desk, "one", "fix-login")
    told = desk.done("show", "fix-login").out
    assert second in told
    for says in ("queued: 2nd in line", "2 of 2", "1 before it", "do it"):
        assert says in told
    assert desk.done("show", first[-8:]).out.startswith(first)
    (row,) = json.loads(desk.done("show", "fix-login", "--json").out)["sessions"]
    assert (row["state"], row["place"]) == ("queued", 2)
    assert "fix-login waits in the queue: nothing is written yet" in refused(desk.sc("logs", "fix-login"), 3)
    for words in (
        ("path", "fix-login"),
        ("diff", "fix-login"),
        ("rm", "fix-login", "--yes"),
        ("exec", "fix-login", "ls"),
    ):
        assert "fix-login waits in the queue: its branch and its worktree are made" in refused(desk.sc(*words), 3)
    for words in (("takeover", "fix-login"), ("handback", "fix-login")):
        assert f"take it out: sc queue remove {second}" in refused(desk.sc(*words), 3)
    listed = desk.done("ls").out
    assert "2nd in line" in listed
    assert desk.done("stop", "fix-login").err == f"{second} (fix-login): stopped by sc stop\n"
    assert order(desk) == "one"


def test_what_was_taken_out_by_mistake_can_be_asked_for_again(desk: Desk) -> None:
    (removed,) = added(desk, "fix-login")
    desk.done("queue", "clear", "--yes")
    context = Context.of(os.environ)
    session = context.store.get(removed)
    assert session is not None
    again = retry_request(context, session, Otherwise(model="opus"))
    assert (again.task, again.prompt, again.model, again.continues) == ("fix-login", "do it", "opus", None)


def test_options_of_the_queue_itself_are_not_lost_before_its_commands(desk: Desk) -> None:
    assert "see: sc queue add --help" in refused(desk.sc("queue", "--json", "add", "x", "-m", "do it"), 2)
    assert shown(desk)["waiting"] == []


class GaveUp:
    """A command that was told that nobody answers."""

    is_gone = True

    def tell(self, kind: str, data: Any) -> None:
        """Nobody hears it."""


def test_nothing_is_put_in_line_for_a_command_that_gave_up(desk: Desk) -> None:
    answers = Requests(Contexts(desk.home, os.environ), 1, threading.Event()).handlers()
    request = request_dict(StartRequest("late", "do it", desk.folder))
    with pytest.raises(Refused, match="gone away"):
        answers["enqueue"](GaveUp(), {"requests": [request], "environ": dict(os.environ)})
    assert shown(desk)["waiting"] == []


def test_tab_offers_what_waits(desk: Desk) -> None:
    added(desk, "one", "two")

    def tab(*words: str) -> list[str]:
        said = sc(str(len(words)), "sc", *words, _SC_COMPLETE="bash")
        return [line.split("\t")[1] for line in said.out.splitlines()]

    assert tab("queue", "remove", "") == ["one", "two"]
    assert tab("queue", "remove", "one", "") == ["two"]
    assert tab("queue", "move", "t") == ["two"]
    assert "one" in tab("stop", "")
    assert {"add", "remove", "stop-on-failure"} <= set(tab("queue", ""))
    assert tab("queue", "stop-on-failure", "") == ["on", "off"]


def test_the_screen_follows_the_line(desk: Desk, screen: Screen) -> None:
    added(desk, "one")
    screen.type("sc queue --watch")
    screen.until("0 of 3 run, 1 of 10 wait")
    added(desk, "two")
    screen.until("0 of 3 run, 2 of 10 wait")
    screen.press("q")
    screen.until(r"^\$ *$")
    assert "0 of 3 run, 2 of 10 wait" not in screen.text(), "the terminal is as it was"
    assert "0 of 3 run" in on_a_terminal("queue", cwd=desk.folder)


def test_with_a_supervisor_nobody_is_told_to_start_one(desk: Desk) -> None:
    desk.done("queue", "pause")
    with running_supervisor():
        assert "sc up" not in desk.done("queue", "add", "one", "-m", "x").err
        found = shown(desk)
        assert (found["supervisor"], len(found["waiting"])) == (True, 1)
        assert "sc up" not in desk.done("queue").err


@pytest.mark.engine
@pytest.mark.usefixtures("agent_image")
def test_what_waits_begins_by_itself_in_its_order(desk: Desk) -> None:
    desk.done("queue", "limit", "--running", "1")
    with running_supervisor():
        ids = desk.done("queue", "add", "one", "two", "three", "--agent", "plain", "--", "true").out.split()

        def ended() -> list[dict[str, Any]]:
            rows: list[dict[str, Any]] = json.loads(desk.done("ls", "--all", "--json").out)
            return rows if all(row["outcome"] == "completed" for row in rows) else []

        rows = until(ended, 60, every=0.5)
    assert {row["id"] for row in rows} == set(ids)
    with Store.open(desk.home.root) as store:
        begun = [event.session_id for event in store.events() if event.kind == "session_starting"]
    assert begun == ids
