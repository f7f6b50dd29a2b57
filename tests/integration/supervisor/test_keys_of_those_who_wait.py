"""A key that a caller left for a session that waits does not outlive it, whoever took it out of the line."""

from __future__ import annotations

import os
from pathlib import Path

from scopecraft.config.paths import home_of, make_home
from scopecraft.model.queue import QueueRules
from scopecraft.model.session import Ended, Killed, Queued
from scopecraft.sessions.context import Context
from scopecraft.sessions.kept_request import load_caller, save_request
from scopecraft.sessions.request import StartRequest
from tests.support.sessions import AT, a_session
from tests.support.supervisors import running_supervisor
from tests.support.wait import until


def test_a_key_goes_though_whoever_took_its_session_out_was_killed_at_once(clean_environment: Path) -> None:
    make_home(home_of(os.environ))
    context = Context.of(os.environ)
    waiting = a_session(status=Queued(AT))
    folder = context.folder(waiting.id).path
    save_request(folder, StartRequest("fix", "do", Path("/")), {"ANTHROPIC_API_KEY": "sk-ant-0123456789"})
    context.store.queue.change_rules(lambda _: QueueRules(is_paused=True), AT, {})
    with running_supervisor():
        context.store.queue.enqueue(waiting, AT, lambda *_: None)
        assert load_caller(folder)
        # all that a killed `sc queue remove` has done
        context.store.move(waiting.id, Ended(None, AT, Killed("sc queue remove")), "session_ended", AT)
        until(lambda: not (folder / "caller.json").exists())
    assert (folder / "request.json").exists()
