"""Settings that are damaged while the supervisor is up: what waits goes on waiting, and the supervisor stays."""

from __future__ import annotations

import os
from pathlib import Path

from scopecraft.config.paths import home_of, make_home
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
