"""What reaches the agent of a window, byte for byte, and what shows to others."""

from __future__ import annotations

import dataclasses
import os
import stat
from pathlib import Path

import pytest

from scopecraft.errors import BadInput
from scopecraft.executors.tmux import TmuxExecutor
from scopecraft.executors.window_launcher import ARGUMENT_BYTES, write_launcher
from tests.integration.executors.contract import ended
from tests.support.tmux import MakeWindow, python, server_pid, tmux
from tests.support.wait import until

pytestmark = pytest.mark.tmux


def test_arguments_and_variables_arrive_byte_for_byte(
    executor: TmuxExecutor, make_launch: MakeWindow, shared: Path
) -> None:
    every_byte = bytes(range(1, 256))
    prompt = os.fsdecode(b"-n it's $(id) \\ 100% \n" + every_byte + "日本語 🚀".encode()) + "x" * 100_000
    code = "import os,sys; open('got','wb').write(os.fsencode(sys.argv[1]) + b'|' + os.environb[b'BIG'])"
    launch = make_launch([*python(code + "; os.rename('got','ready')"), prompt])
    executor.start(dataclasses.replace(launch, env={**launch.env, "BIG": prompt}))
    until((shared / "ready").exists)
    assert (shared / "ready").read_bytes() == os.fsencode(prompt) + b"|" + os.fsencode(prompt)


def test_a_prompt_longer_than_the_machine_takes_is_refused(executor: TmuxExecutor, make_launch: MakeWindow) -> None:
    longest = make_launch(["/bin/sh", "-c", "exit 5", "x" * (ARGUMENT_BYTES - 1)])
    handle = executor.start(longest)
    assert until(lambda: ended(executor, handle)).exit_code == 5
    with pytest.raises(BadInput, match="bytes"):
        executor.start(make_launch(["/bin/sh", "-c", "exit 5", "x" * ARGUMENT_BYTES]))


def test_an_environment_of_100_kilobytes_arrives(executor: TmuxExecutor, make_launch: MakeWindow, shared: Path) -> None:
    launch = make_launch(["/bin/sh", "-c", "env | grep -c ^VARIABLE_ > count; mv count done"])
    many = {f"VARIABLE_{n}": "v" * 1000 for n in range(100)}
    executor.start(dataclasses.replace(launch, env={**launch.env, **many}))
    until((shared / "done").exists)
    assert (shared / "done").read_text() == "100\n"


def test_the_agent_gets_our_environment_and_nothing_of_the_callers(
    executor: TmuxExecutor, make_launch: MakeWindow, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLER_SECRET", "hunter2")
    launch = make_launch(["/bin/sh", "-c", "env > all; mv all done"], unset=("LANG", "XDG_DATA_HOME"))
    given = {"GIVEN": "yes", "TERM": "dumb", "TMUX": "/tmp/other,1,0", "BASH_FUNC_f%%": "() { :; }", "UID": "0"}
    monkeypatch.setenv("XDG_DATA_HOME", "/nowhere")
    executor.start(dataclasses.replace(launch, env={**launch.env, **given}))
    until((shared / "done").exists)
    names = dict(line.partition("=")[::2] for line in (shared / "done").read_text().splitlines())
    assert names["GIVEN"] == "yes"
    assert names["TERM"] == "tmux-256color"
    for name in ("CALLER_SECRET", "TMUX", "TMUX_PANE", "XDG_DATA_HOME", "LANG", "BASH_FUNC_f%%"):
        assert name not in names


def test_no_secret_shows_anywhere_once_the_agent_runs(
    executor: TmuxExecutor, make_launch: MakeWindow, socket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "sk-test-0123456789"
    monkeypatch.setenv("ANTHROPIC_API_KEY", secret)  # of the first caller, who starts the server
    launch = make_launch(["sleep", "600"])
    launch = dataclasses.replace(launch, env={**launch.env, "ANTHROPIC_API_KEY": secret})
    handle = executor.start(launch)
    environ = Path(f"/proc/{handle.pane_pid}/environ")
    until(lambda: b"\0ANTHROPIC_API_KEY=" + secret.encode() in b"\0" + environ.read_bytes())
    assert not (launch.folder / "window.env").exists()
    written = [path.read_text() for path in launch.folder.parent.rglob("*") if path.is_file()]
    shown = [
        tmux(socket, "show-environment", "-g"),
        tmux(socket, "show-environment", "-t", "scopecraft"),
        tmux(socket, "list-panes", "-a", "-F", "#{pane_start_command} #{pane_current_command} #{pane_title}"),
        Path(f"/proc/{server_pid(socket)}/environ").read_text(),
        *(path.read_bytes().decode(errors="replace") for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()),
    ]
    assert not [text for text in written + shown if secret in text]


def test_the_launcher_is_private_while_it_waits(make_launch: MakeWindow) -> None:
    script = write_launcher(make_launch(["true"]))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (script.parent, *script.parent.iterdir())}
    assert modes == {"launch": 0o700, "window.sh": 0o700, "window.env": 0o600}
