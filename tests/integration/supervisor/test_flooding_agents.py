"""Streams of agents that mean harm: the journal does not fill up, the queue is no toy of theirs, no key is told."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scopecraft.agents.base import dialect_of_record
from scopecraft.config.paths import home_of, make_home
from scopecraft.model.session import Session, Starting
from scopecraft.sessions.context import Context
from scopecraft.sessions.kept_request import save_request
from scopecraft.sessions.request import StartRequest
from scopecraft.streams.activity import ActivityFold
from scopecraft.supervisor.alerting import MOST_ALERTS, TOO_MANY
from scopecraft.supervisor.contexts import Contexts
from scopecraft.supervisor.hub import Hub
from scopecraft.supervisor.limits import LimitKeeper
from scopecraft.supervisor.monitor import LOOKED_ENOUGH, MOST_CONVERSATIONS, Monitor
from scopecraft.supervisor.parking import MOST_PARKS
from scopecraft.supervisor.watched import Watched
from tests.support.sessions import AT, a_session, running
from tests.support.wait import until

KEY = "sk-ant-0123456789-of-the-caller"


class Flood:
    """A session that runs, followed by a monitor; what its agent writes is up to the test."""

    def __init__(self) -> None:
        make_home(home_of(os.environ))
        self.context = Context.of(os.environ)
        self.session: Session = a_session()
        folder = self.context.folder(self.session.id)
        folder.make()
        save_request(folder.path, StartRequest("fix", "do", Path("/")), {"ANTHROPIC_API_KEY": KEY})
        self.stream = folder.stream
        self.context.store.create(self.session, AT)
        self.context.store.move(self.session.id, running(), "session_started", AT)
        contexts = Contexts(self.context.home, os.environ)
        self.monitor = Monitor(contexts, Hub(), LimitKeeper(contexts), look_seconds=0.5)

    def say(self, *records: dict[str, Any]) -> None:
        with self.stream.open("ab") as file:
            file.writelines(json.dumps(record).encode() + b"\n" for record in records)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.context.store.events(session_id=self.session.id)]

    def is_heard(self, word: str) -> bool:
        return word in json.dumps(self.monitor.activities())


@pytest.fixture
def flood(clean_environment: Path) -> Iterator[Flood]:
    flood = Flood()
    flood.monitor.start()
    yield flood
    flood.monitor.leave()


def bash(command: str) -> dict[str, Any]:
    block = {"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": command}}
    return {"type": "assistant", "message": {"id": "m", "role": "assistant", "content": [block]}}


def said(text: str) -> dict[str, Any]:
    return {
        "type": "assistant",
        "message": {"id": "m", "role": "assistant", "content": [{"type": "text", "text": text}]},
    }


def test_no_stream_causes_any_number_of_alerts(flood: Flood) -> None:
    flood.say(*(bash(f"rm -rf / --no-preserve-root # {number}") for number in range(3 * MOST_ALERTS)), said("over"))
    until(lambda: flood.is_heard("over"))
    alerts = flood.context.store.alerts_of(flood.session.id)
    assert len(alerts) == MOST_ALERTS + 1
    assert alerts[-1] == TOO_MANY


def test_commands_that_take_long_to_look_at_do_not_hold_up_the_others_for_ever(flood: Flood) -> None:
    flood.say(*(bash("nc \t-a " * 250 + str(number)) for number in range(1000)), said("over"))
    until(lambda: flood.is_heard("over"), 20)
    assert LOOKED_ENOUGH in flood.context.store.alerts_of(flood.session.id)


def test_the_silence_of_a_start_that_takes_its_time_is_no_stall(flood: Flood) -> None:
    context, session = flood.context, replace(flood.session, status=Starting(AT))
    keeper = LimitKeeper(Contexts(context.home, os.environ))
    watched = Watched(session, ActivityFold(dialect_of_record("claude").entries))
    begun = watched.followed_at
    keeper.judge(context, watched, begun + 100_000)
    watched.is_now(replace(session, status=running()), begun + 100_001)
    keeper.judge(context, watched, begun + 100_001)
    assert context.store.alerts_of(session.id) == []
    keeper.judge(context, watched, begun + 200_000)
    assert "limit_stall_reached" in [alert.code for alert in context.store.alerts_of(session.id)]


def test_nor_any_number_of_conversations(flood: Flood) -> None:
    for number in range(3 * MOST_CONVERSATIONS):
        flood.say({"type": "system", "subtype": "init", "session_id": f"conversation-{number}"})
    flood.say(said("over"))
    until(lambda: flood.is_heard("over"))
    known = flood.context.store.get(flood.session.id)
    assert known is not None
    assert known.conversation_id == f"conversation-{MOST_CONVERSATIONS - 1}"


def test_a_stream_parks_the_queue_so_many_times_and_then_is_not_believed(flood: Flood) -> None:
    def parked_until(number: int) -> str | None:
        limit = {"status": "rejected", "rateLimitType": "five_hour", "resetsAt": int(time.time()) + 3600 + 60 * number}
        before = flood.context.store.queue.rules().parked_until
        flood.say({"type": "rate_limit_event", "rate_limit_info": limit})
        if number < MOST_PARKS:
            until(lambda: flood.context.store.queue.rules().parked_until != before)
        return flood.context.store.queue.rules().parked_until

    last = [parked_until(number) for number in range(MOST_PARKS)][-1]
    parked_until(MOST_PARKS)
    until(lambda: flood.is_heard(f'"offset": {flood.stream.stat().st_size},'))
    flood.say(bash("ls"))
    until(lambda: flood.is_heard("Bash: ls"))  # so that what came before it has had its effect
    assert flood.context.store.queue.rules().parked_until == last


def test_a_key_that_the_agent_says_is_told_nowhere(flood: Flood) -> None:
    flood.say(bash("rm -rf / " + "x" * 170 + KEY), said(f"my key is {KEY}"))
    until(lambda: flood.is_heard("my key is [secret ANTHROPIC_API_KEY]"))
    (alert,) = flood.context.store.alerts_of(flood.session.id)
    assert "sk-ant" not in alert.text
    assert not flood.is_heard("sk-ant")
