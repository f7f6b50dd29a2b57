from __future__ import annotations

import pytest

from scopecraft import errors
from scopecraft.cli.status import queue_text
from scopecraft.supervisor import wire
from scopecraft.supervisor.background import background_environment


def test_every_error_of_ours_comes_back_as_it_was() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    for kind in kinds:
        back = wire.error_of(wire.error_message(kind("it went wrong", "sc up"))["error"])
        assert (type(back), back.message, back.hint) == (kind, "it went wrong", "sc up")


@pytest.mark.parametrize("kind", ["SystemExit", "annotations", "__name__", None])
def test_a_name_that_is_no_error_of_ours_raises_nothing_else(kind: str | None) -> None:
    assert type(wire.error_of({"kind": kind, "message": "m"})) is errors.SupervisorFailed


def test_a_request_survives_the_wire_whatever_its_text() -> None:
    body = {"text": "a\nb\u2028c\ud800", "number": 1}
    line = wire.request_line("run", body)
    assert line.count(b"\n") == 1
    assert wire.parse_request(line) == ("run", body)


def test_the_background_keeps_what_agents_need_and_nothing_of_a_terminal() -> None:
    kept = {"PATH": "/bin", "HOME": "/h", "OPENAI_API_KEY": "k", "SSH_AUTH_SOCK": "/s", "GIT_SSH_COMMAND": "ssh -i k"}
    lost = {"TMUX": "x", "TMUX_PANE": "%1", "GIT_DIR": "d", "GIT_INDEX_FILE": "i", "TERM": "xterm", "COLUMNS": "80"}
    assert background_environment(kept | lost) == kept


def test_the_state_of_the_queue_is_one_line() -> None:
    queue = {"running": 2, "max_running": 3, "waiting": 1, "is_paused": False, "parked_until": None}
    queue |= {"paused_because": "", "parked_because": ""}
    assert queue_text(queue) == "2 of at most 3 running, 1 waiting"
    assert queue_text(queue | {"is_paused": True}).endswith("; paused by a person")
    assert queue_text(queue | {"is_paused": True, "paused_because": "a\x1b[2Jb"}).endswith("; paused: a\\x1b[2Jb")
    parked = {"parked_until": "2026-03-01T12:00:00.000Z", "parked_because": "5 hours are used up"}
    assert queue_text(queue | parked).endswith("; parked until 2026-03-01T12:00:00.000Z: 5 hours are used up")
