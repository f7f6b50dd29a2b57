"""What the supervisor makes of what agents write while they work: alerts, limits, a queue that parks and goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scopecraft.model import clock
from scopecraft.model.queue import QueueRules
from scopecraft.sessions.context import Context
from tests.support.command_line import sc
from tests.support.supervisors import Supervisor, running_supervisor
from tests.support.wait import until

pytestmark = [pytest.mark.engine]


def line_of(record: dict[str, Any]) -> str:
    return json.dumps(record, separators=(",", ":"))


def assistant(**block: Any) -> str:
    return line_of({"type": "assistant", "message": {"id": "m1", "role": "assistant", "content": [block]}})


def bash(command: str) -> str:
    return assistant(type="tool_use", id="t1", name="Bash", input={"command": command})


def result(cost: float = 0.01, **more: Any) -> str:
    fields = {"subtype": "success", "is_error": False, "num_turns": 1, "total_cost_usd": cost, "result": "done"}
    return line_of({"type": "result", **fields, **more})


# An agent that speaks as Claude Code does: what it prints is in its prompt, each line one. It hears
# an interrupt as that does, and ends when its stdin ends.
TALKER = """
read -r first
printf '%s\\n' "$first" | sed -n 's/.*PLAY(\\(.*\\))PLAY.*/\\1/p' | sed 's/\\\\"/"/g; s/\\\\\\\\/\\\\/g' | tr '~' '\\n' |
while IFS= read -r line; do printf '%s\\n' "$line"; done
while read -r line; do
    case $line in
    *interrupt*) printf '%s\\n' '{"type":"control_response","response":{"subtype":"success","request_id":"x"}}' ;;
    esac
    case $line in
    *interrupt*) printf '%s\\n' '{"type":"result","subtype":"error_during_execution","is_error":true,"terminal_reason":"aborted_streaming","num_turns":1}' ;;
    esac
done
"""  # noqa: E501


@pytest.fixture
def shop(workplace: Path) -> Path:
    settings = f"""
[agents.talker]
dialect = "claude"
command = ["sh", "-c", '''{TALKER}''', "talker"]
"""
    settings_file().write_text(settings)
    return workplace


@pytest.fixture
def supervisor(shop: Path) -> Iterator[Supervisor]:
    with running_supervisor() as running:
        yield running


def settings_file() -> Path:
    return Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"


def with_settings(text: str) -> None:
    settings_file().write_text(settings_file().read_text() + text)


def play(task: str, *lines: str, cwd: Path, options: tuple[str, ...] = ()) -> None:
    said = sc("run", "-d", task, *options, "--agent", "talker", "-m", f"PLAY({'~'.join(lines)})PLAY", cwd=cwd)
    assert said.code == 0, said.err


def states() -> dict[str, Any]:
    return {row["task"]: row for row in json.loads(sc("ls", "--all", "--json").out)}


def alerts_of(task: str) -> list[str]:
    session = states()[task]["id"]
    with Context.of(os.environ).store as store:
        return [alert.code for alert in store.alerts_of(session)]


def rules() -> QueueRules:
    with Context.of(os.environ).store as store:
        return store.queue.rules()


def test_what_is_dangerous_raises_an_alert_at_once_and_once(supervisor: Supervisor, shop: Path) -> None:
    with_settings('[alerts]\ndangerous = ["secret-word"]\n')
    play("work", bash("git push --force origin main"), bash("echo secret-word"), bash("ls -l"), cwd=shop)
    until(lambda: len(alerts_of("work")) == 2, 30)
    supervisor.kill()
    with running_supervisor() as again:
        until(lambda: again.ask("activities") != {}, 10)
        until(lambda: next(iter(again.ask("activities").values()))["tool_calls"] == 3, 10)
        assert len(alerts_of("work")) == 2
        assert "danger_own_rule" in alerts_of("work")


def test_what_it_does_is_known_while_it_does_it(supervisor: Supervisor, shop: Path) -> None:
    wrote = assistant(type="tool_use", id="t2", name="Write", input={"file_path": "a.py", "content": "x"})
    play("work", bash("make test"), wrote, assistant(type="text", text="I wrote it"), cwd=shop)
    until(lambda: any(each["last_message"] for each in supervisor.ask("activities").values()), 30)
    [seen] = supervisor.ask("activities").values()
    assert seen["last_message"] == "I wrote it"
    assert seen["tools"] == ["Bash", "Write"] and seen["files"] == ["a.py"]


def test_a_used_up_quota_parks_the_queue_until_it_is_reset(supervisor: Supervisor, shop: Path) -> None:
    reset = clock.now() + timedelta(seconds=8)
    info = {"status": "rejected", "resetsAt": int(reset.timestamp()), "rateLimitType": "five_hour"}
    play("work", line_of({"type": "rate_limit_event", "rate_limit_info": info}), cwd=shop)
    until(lambda: rules().parked_until is not None, 30)
    assert rules().parked_until == clock.to_text(reset.replace(microsecond=0))
    said = sc("run", "-d", "next", "--agent", "plain", "--", "true", cwd=shop)
    assert said.code == 0 and "the queue waits until" in said.err
    until(lambda: states()["next"]["state"] == "ended", 60)
    with Context.of(os.environ).store as store:
        [begun] = [event.at for event in store.events() if event.kind == "session_starting"]
    assert clock.from_text(begun) >= reset.replace(microsecond=0)
    assert rules().parked_until is None
    supervisor.ask("wake")


def test_at_its_limit_a_session_waits_for_a_person_with_its_conversation(supervisor: Supervisor, shop: Path) -> None:
    with_settings("[limits]\ncost = 1.0\n")
    play("work", bash("make"), result(cost=0.9), cwd=shop)
    until(lambda: "limit_cost_near" in alerts_of("work"), 30)
    until(lambda: states()["work"]["state"] == "ended", 60)
    play("more", bash("make"), assistant(type="text", text="and on"), cwd=shop)
    with_settings("time = 1\n")
    until(lambda: states()["more"]["state"] == "waiting", 30)
    assert "limit: it has worked for" in states()["more"]["detail"]
    assert {"limit_time_near", "limit_time_reached"} >= set(alerts_of("more")) >= {"limit_time_reached"}
    supervisor.ask("wake")


def test_a_limit_may_end_the_session_with_its_reason(supervisor: Supervisor, shop: Path) -> None:
    with_settings('[limits]\ntime = 1\non_limit = "stop"\n')
    play("work", bash("make"), cwd=shop)
    until(lambda: states()["work"]["state"] == "ended", 60)
    assert states()["work"]["outcome"] == "killed"
    assert "stopped by its limit: it has worked for" in sc("show", "work").out
    supervisor.ask("wake")


def test_a_limit_that_is_said_for_one_session_holds_for_it_alone(supervisor: Supervisor, shop: Path) -> None:
    play("work", bash("make"), cwd=shop)
    play("short", bash("make"), cwd=shop, options=("--set", "limits.time=1", "--set", "limits.on_limit=stop"))
    until(lambda: states()["short"]["state"] == "ended", 60)
    assert states()["short"]["outcome"] == "killed"
    assert (states()["work"]["state"], alerts_of("work")) == ("running", [])
    supervisor.ask("wake")


def test_silence_is_told_as_a_stall_but_not_while_a_tool_works(supervisor: Supervisor, shop: Path) -> None:
    play("busy", bash("make"), cwd=shop)
    until(lambda: any(each["is_tool_open"] for each in supervisor.ask("activities").values()), 30)
    with_settings("[limits]\nstall_after = 1\n")
    play("silent", assistant(type="text", text="thinking"), cwd=shop)
    until(lambda: "limit_stall_reached" in alerts_of("silent"), 30)
    assert alerts_of("busy") == []
