"""The hook script, run by a real shell: one line an event, whole, quick and silent, whatever the agent hands it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest

from scopecraft.agents.claude_dispatch import read_dispatch_state, turn_started
from scopecraft.agents.claude_hook_lines import parse
from scopecraft.agents.claude_hooks import hook_files
from scopecraft.agents.file_tail import last_lines
from scopecraft.model.window import WindowView

ID = "11111111-1111-4111-8111-111111111111"
SHELLS = [shell for shell in ("dash", "bash", "busybox") if shutil.which(shell)]


def view(hooks: Path, **changes: Any) -> WindowView:
    """A window whose hooks and whose configuration are in the same folder."""
    of_all: dict[str, Any] = {
        "conversation_id": ID,
        "cwd": "/",
        "created_at": "2026-11-21T08:00:00.000Z",
        "pane_pid": 7,
    }
    return WindowView(hooks, **(of_all | {"config_folder": hooks} | changes))


@pytest.fixture
def hooks(tmp_path: Path) -> Path:
    folder = tmp_path / "a session's hooks"
    folder.mkdir()
    for name, content in hook_files(str(folder)).items():
        (folder / name).write_bytes(content)
    return folder


def fire(hooks: Path, event: str, payload: bytes, shell: str = "sh") -> subprocess.CompletedProcess[bytes]:
    command = [shell, *(["sh"] if shell == "busybox" else []), str(hooks / "hook.sh"), event]
    return subprocess.run(command, input=payload, capture_output=True, timeout=20)


def payload(**fields: Any) -> bytes:
    return orjson.dumps({"session_id": ID, "cwd": "/wt", **fields})


@pytest.mark.parametrize("shell", SHELLS)
def test_an_event_becomes_one_line(hooks: Path, shell: str) -> None:
    asked = {"command": "printf 'a\\tb\\n' \"$HOME\" `date` 🙂"}
    done = fire(hooks, "PermissionRequest", payload(tool_name="Bash", tool_input=asked), shell)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    [line] = (hooks / "hooks.jsonl").read_bytes().splitlines()
    told = orjson.loads(line)
    assert told["event"] == "PermissionRequest"
    assert told["payload"] == {"session_id": ID, "cwd": "/wt", "tool_name": "Bash", "tool_input": asked}
    assert parse(line) is not None


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("content", ["x" * 5_000_000, '"\\\n' * 100_000, "二" * 100_000], ids=["5 MB", "quotes", "CJK"])
def test_of_a_long_payload_the_beginning_is_kept(hooks: Path, shell: str, content: str) -> None:
    written = {"file_path": "/wt/a.txt", "content": content}
    done = fire(hooks, "PermissionRequest", payload(tool_name="Write", tool_input=written), shell)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    [line] = (hooks / "hooks.jsonl").read_bytes().splitlines()
    assert len(line) < 4096  # appended at once, so that lines of parallel hooks do not mix
    told = parse(line)
    assert told is not None
    assert (told.conversation_id, told.tool, told.detail) == (ID, "Write", "/wt/a.txt")


def test_a_payload_over_several_lines_is_one_line(hooks: Path) -> None:
    fire(hooks, "Stop", b'{\n "session_id": "x",\n "background_tasks": []\n}\n')
    [line] = (hooks / "hooks.jsonl").read_bytes().splitlines()
    assert orjson.loads(line)["payload"]["session_id"] == "x"


def test_many_hooks_at_once_write_whole_lines(hooks: Path) -> None:
    command = ["sh", str(hooks / "hook.sh"), "PostToolUse"]
    running = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(40)]
    for number, process in enumerate(running):
        process.communicate(payload(tool_name="Read", tool_input={"file_path": f"{number}" * 600}))
    lines = (hooks / "hooks.jsonl").read_bytes().splitlines()
    assert len(lines) == 40
    assert all(parse(line) is not None for line in lines)


def test_the_agent_is_never_blocked_by_a_disk_that_takes_nothing(hooks: Path) -> None:
    (hooks / "hooks.jsonl").symlink_to("/dev/full")
    done = fire(hooks, "PreToolUse", payload())
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_what_the_hooks_wrote_is_the_persons_alone(hooks: Path) -> None:
    fire(hooks, "Stop", payload())
    assert (hooks / "hooks.jsonl").stat().st_mode & 0o777 == 0o600


def test_the_end_of_a_long_file_is_enough(hooks: Path) -> None:
    file = hooks / "hooks.jsonl"
    old = b'{"at":"2026-11-21T08:00:01.000Z","event":"Stop","payload":{"session_id":"x","pad":"%s"}}\n' % (b"p" * 900)
    ask = b'{"at":"2026-11-21T08:00:02.000Z","event":"PermissionRequest","payload":{"tool_name":"Bash"}}\n'
    file.write_bytes(old * 20_000 + ask + b'{"at":"2026-11-21T08:00:03')
    assert len(last_lines(file)) < 100
    assert last_lines(file)[-1] == ask[:-1]
    state = read_dispatch_state(view(hooks))
    assert (state.kind, state.reason) == ("waiting", "permission")


def test_a_window_that_does_not_begin_may_be_asking_something(hooks: Path) -> None:
    young = read_dispatch_state(view(hooks, age_seconds=2))
    old = read_dispatch_state(view(hooks, age_seconds=60))
    assert young.kind == "starting"
    assert (old.kind, old.reason) == ("waiting", "question")
    assert "log in or to trust the folder" in old.detail


def test_the_registry_of_another_process_says_nothing(hooks: Path) -> None:
    sessions = hooks / "sessions"
    sessions.mkdir()
    entry = {"pid": 7, "sessionId": ID, "procStart": "500", "status": "busy", "statusUpdatedAt": 1795251084571}
    (sessions / "7.json").write_bytes(orjson.dumps(entry))
    assert read_dispatch_state(view(hooks, pane_started=500)).kind == "working"
    assert read_dispatch_state(view(hooks, pane_started=900)).kind == "starting"
    assert read_dispatch_state(view(hooks, pane_alive=False, pane_started=500)).kind == "starting"
    # in a container the pid is another one, and the conversation tells
    assert read_dispatch_state(view(hooks, pane_pid=4711, pane_started=900)).kind == "working"
    assert read_dispatch_state(view(hooks, conversation_id="other", pane_pid=4711, pane_started=900)).kind == "starting"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid":"7"}', b"\xff" * 100])
def test_a_damaged_registry_says_nothing(hooks: Path, content: bytes) -> None:
    (hooks / "sessions").mkdir()
    (hooks / "sessions" / "7.json").write_bytes(content)
    assert read_dispatch_state(view(hooks)).kind == "starting"


def test_a_prompt_counts_from_its_time_on_and_a_background_task_does_not(hooks: Path) -> None:
    submitted = (
        b'{"at":"2026-11-21T08:00:0%d.000Z","event":"UserPromptSubmit","payload":{"session_id":"x","prompt":"%s"}}\n'
    )
    (hooks / "hooks.jsonl").write_bytes(submitted % (3, b"go on") + submitted % (5, b"<task-notification> over"))
    assert turn_started(view(hooks), "2026-11-21T08:00:03.000Z")
    assert not turn_started(view(hooks), "2026-11-21T08:00:04.000Z")
    assert not turn_started(view(hooks / "nothing"), "2026-11-21T08:00:00.000Z")
