"""What a Codex left behind, or has open, is read with care: anybody may have written it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from scopecraft.agents.codex_process import open_conversation
from scopecraft.agents.codex_window import NOT_BEGUN, turn_started, window_state
from scopecraft.model.window import WindowView
from tests.support.wait import until

ID = "01a1fe2d-b7d0-7f62-bdd3-697db7aa7c84"
AT = "2026-11-21T08:00:0%d.000Z"
HOLD = (
    "import sys, time; files = [open(name, 'a') for name in sys.argv[1:]]; print('open', flush=True); time.sleep(600)"
)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    for name in ("thread-writer-locks", "sessions/2026/11/21", "hooks"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def lock(own: Path) -> Path:
    return own / "thread-writer-locks" / f"{ID}.lock"


def rollout(own: Path) -> Path:
    return own / "sessions" / "2026" / "11" / "21" / f"rollout-2026-11-21T08-00-00-{ID}.jsonl"


@contextmanager
def holding(*files: Path, within: tuple[str, ...] = ()) -> Iterator[int]:
    """The pid of a process that has the files open, or of the one around it."""
    argv = [*within, sys.executable, "-c", HOLD, *map(str, files)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, start_new_session=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"open\n"
            yield process.pid
        finally:
            os.killpg(process.pid, 9)


def view(own: Path, pid: int = 0, age: float = 0.0) -> WindowView:
    return WindowView(own / "hooks", "", "/", AT % 0, config_folder=own, pane_pid=pid, age_seconds=age)


def told(kind: str, second: int, **payload: object) -> bytes:
    line = {"timestamp": AT % second, "type": "event_msg", "payload": {"type": kind, **payload}}
    return orjson.dumps(line) + b"\n"


def hook(own: Path, event: str, second: int, transcript: str) -> None:
    payload = {"session_id": ID, "transcript_path": transcript, "prompt": "x"}
    with (own / "hooks" / "hooks.jsonl").open("ab") as file:
        file.write(orjson.dumps({"at": AT % second, "event": event, "payload": payload}) + b"\n")


def test_before_its_first_prompt_the_open_lock_names_the_conversation(own: Path) -> None:
    with holding(lock(own)) as pid:
        state = window_state(view(own, pid))
    assert (state.kind, state.reason, state.conversation_id) == ("idle", "idle", ID)


def test_a_script_around_the_program_is_looked_through(own: Path) -> None:
    with holding(lock(own), rollout(own), within=("/bin/sh", "-c", '"$@"; true', "sh")) as pid:
        found = open_conversation(pid)
    assert found is not None
    assert (found.conversation_id, found.record) == (ID, rollout(own))


def test_a_process_that_has_no_conversation_open_has_not_begun(own: Path) -> None:
    with holding(own / "state_5.sqlite", own / "thread-writer-locks" / ".coordination.lock") as pid:
        assert window_state(view(own, pid, age=2)).kind == "starting"
        waiting = window_state(view(own, pid, age=60))
    assert (waiting.kind, waiting.reason, waiting.detail) == ("waiting", "question", NOT_BEGUN)
    assert open_conversation(2**22 + 1) is None


def test_without_hooks_the_record_tells_of_turns(own: Path) -> None:
    rollout(own).write_bytes(told("task_started", 1))
    with holding(lock(own), rollout(own)) as pid:
        working = window_state(view(own, pid))
        assert (working.kind, working.since) == ("working", AT % 1)
        assert turn_started(view(own, pid), AT % 1)
        assert not turn_started(view(own, pid), AT % 2)
        with rollout(own).open("ab") as file:
            file.write(told("token_count", 2) + told("task_complete", 3, error={"message": "no answer"}))
        over = window_state(view(own, pid))
    assert (over.kind, over.since, over.detail) == ("idle", AT % 3, "no answer")


def test_the_record_ends_a_turn_that_no_hook_ended_and_an_older_end_does_not(own: Path) -> None:
    rollout(own).write_bytes(told("task_complete", 2))
    hook(own, "UserPromptSubmit", 3, str(rollout(own)))
    assert window_state(view(own)).kind == "working"
    with rollout(own).open("ab") as file:
        file.write(told("task_started", 3) + told("turn_aborted", 4))
    assert window_state(view(own)).kind == "idle"


@pytest.mark.parametrize(
    "transcript", ["", "/", "../../../../../etc/passwd", "/a/../../../../b.jsonl", "sessions/none.jsonl", "\0" * 5]
)
def test_a_transcript_that_is_nonsense_says_nothing(own: Path, transcript: str) -> None:
    hook(own, "UserPromptSubmit", 3, transcript.replace("\0", "?"))
    assert window_state(view(own)).kind == "working"


@pytest.mark.parametrize("content", [b"\xff" * 70_000, b'{"type":"event_msg"', b'"event_msg"\n', b"[]\n" * 9])
def test_a_damaged_record_says_nothing(own: Path, content: bytes) -> None:
    rollout(own).write_bytes(content)
    with holding(lock(own), rollout(own)) as pid:
        assert window_state(view(own, pid)).kind == "idle"
    hook(own, "UserPromptSubmit", 3, str(rollout(own)))
    assert window_state(view(own)).kind == "working"


def test_a_look_takes_no_time(own: Path) -> None:
    rollout(own).write_bytes(told("token_count", 2, pad="p" * 900) * 5000 + told("task_started", 3))
    with holding(lock(own), rollout(own)) as pid:
        until(lambda: window_state(view(own, pid)).kind == "working")
        times = []
        for _ in range(50):
            begin = time.perf_counter()
            window_state(view(own, pid))
            times.append(time.perf_counter() - begin)
    assert min(times) < 0.002
