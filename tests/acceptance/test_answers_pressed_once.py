"""What `sc answer` presses, with an agent that says late that it goes on, and one that misses the first key."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.support.command_line import sc
from tests.support.wait import until

pytestmark = pytest.mark.tmux

# Asks as Claude Code does; misses as many keys as its first argument says, and tells `LATE` seconds after the answer.
AGENT = """
import datetime, json, os, pathlib, select, sys, termios, time, tty
LATE, missed = 3, int(sys.argv[1])
hooks = pathlib.Path(sys.argv[sys.argv.index("--settings") + 1]).parent / "hooks.jsonl"
def tell(event, **payload):
    at = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    with hooks.open("a") as lines:
        lines.write(json.dumps({"at": at, "event": event, "payload": payload}) + "\\n")
tty.setraw(0)
print("Do you want to proceed?", flush=True)
tell("PermissionRequest", tool_name="Bash", tool_input={"command": "make"})
keys = os.read(0, 1)
while len(keys) <= missed:
    keys += os.read(0, 1)
print("It runs.", flush=True)
until = time.monotonic() + LATE
while (left := until - time.monotonic()) > 0:
    if select.select([0], [], [], left)[0]:
        keys += os.read(0, 1)
pathlib.Path("keys").write_bytes(keys)
tell("PostToolUse", tool_name="Bash")
time.sleep(600)
"""


@pytest.mark.parametrize(("missed", "pressed"), [(0, b"1"), (1, b"11")])
def test_an_answer_is_pressed_again_only_while_the_screen_stays_as_it_was(
    workplace: Path, tmp_path: Path, missed: int, pressed: bytes
) -> None:
    (tmp_path / "agent.py").write_text(AGENT)
    argv = [sys.executable, str(tmp_path / "agent.py"), str(missed)]
    settings = Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"
    settings.write_text(f"[agents.claude]\nhost_command = {json.dumps(argv)}\n")
    assert sc("dispatch", "fix", "-m", "go", cwd=workplace).code == 0

    def row() -> dict[str, str]:
        found: dict[str, str] = json.loads(sc("ls", "--json", cwd=workplace).out)[0]
        return found

    until(lambda: row()["state"] == "waiting", every=0.1)
    said = sc("answer", "fix", "allow", cwd=workplace)
    assert said.code == 0, said.err
    assert (Path(row()["worktree"]) / "keys").read_bytes() == pressed
