"""With a supervisor up a person is told by their own command, and sees what agents do without asking each."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support.command_line import sc
from tests.support.screen import screen
from tests.support.supervisors import running_supervisor
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.tmux]


def test_a_person_sees_what_an_agent_does_and_is_told_once_when_it_ends(
    workplace: Path, clean_environment: Path, agent_image: str
) -> None:
    heard = clean_environment / "heard"
    command = ["sh", "-c", f'cat >/dev/null; echo "$1" >>{heard}', "sh", "{title}"]
    settings = Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"
    settings.write_text(f"[notify]\ncommand = {json.dumps(command)}\nbell = 'on'\n")
    script = "echo counting the lines; while [ ! -e done ]; do sleep 0.1; done; exit 3"
    with running_supervisor() as first, screen(clean_environment, workplace, columns=120) as person:
        said = sc("run", "job", "-d", "--agent", "plain", "--", "sh", "-c", script, cwd=workplace)
        assert said.code == 0, said.err
        person.type("sc watch; echo code=$?")
        person.until(r"^job +running +\d+s +counting the lines$")
        worktree = Path(sc("path", "job", cwd=workplace).out.strip())
        (worktree / "done").touch()
        until(heard.exists, 30, what="the person to be told")
        person.until("nothing runs, and nothing waits")
        person.press("q")
        person.until("^code=0$")
        first.kill()
    with running_supervisor() as second:
        second.ask("wake")
        sc("run", "other", "-d", "--agent", "plain", "--", "true", cwd=workplace)
        until(lambda: "other completed" in heard.read_text(), 30)
    assert heard.read_text().splitlines() == ["job failed", "other completed"]
