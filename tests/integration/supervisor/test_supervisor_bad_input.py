"""Settings that are damaged while it is up, requests that make no sense: the supervisor stays, and says what it is."""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from scopecraft.config.paths import home_of, make_home
from scopecraft.errors import SupervisorFailed
from scopecraft.model.queue import QueueRules
from scopecraft.model.session import Queued
from scopecraft.sessions.context import Context
from tests.support.sessions import AT, a_session
from tests.support.supervisors import Supervisor, running_supervisor
from tests.support.wait import until


def waits_because(supervisor: Supervisor) -> str:
    supervisor.ask("wake")
    return str(supervisor.ask("health")["loop"]["waits_because"])


def test_settings_that_are_damaged_meanwhile_end_neither_the_supervisor_nor_what_waits(clean_environment: Path) -> None:
    home = home_of(os.environ)
    make_home(home)
    context = Context.of(os.environ)
    waiting = a_session(status=Queued(AT))
    context.store.queue.change_rules(lambda _: QueueRules(is_paused=True), AT, {})
    context.store.queue.enqueue(waiting, AT, lambda *_: None)
    with running_supervisor() as supervisor:
        until(lambda: "paused" in waits_because(supervisor))
        home.settings_file.write_text("[queue\n")
        until(lambda: home.settings_file.name in waits_because(supervisor))
        home.settings_file.write_text("")
        until(lambda: "paused" in waits_because(supervisor))
        assert context.store.line()[0].session.id == waiting.id


BODIES: list[dict[str, Any]] = [
    {},
    {"environ": 5, "request": {}},
    {"environ": {"KEY": 5}, "request": {}},
    {"environ": {}, "request": [], "requests": 5},
    {"environ": {}, "request": {"version": 99}, "requests": [{"version": 99}]},
]


def test_a_request_that_cannot_be_read_is_refused_by_one_sentence_and_leaves_no_trace(clean_environment: Path) -> None:
    make_home(home_of(os.environ))
    with running_supervisor() as supervisor:
        for name, body in product(("run", "enqueue", "dispatch"), BODIES):
            with pytest.raises(SupervisorFailed, match="cannot read the request") as refused:
                supervisor.ask(name, body)
            assert "sc down" in refused.value.hint
        assert "Traceback" not in supervisor.said.read_text()
    assert Context.of(os.environ).store.sessions() == []
