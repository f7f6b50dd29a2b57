"""The real Claude Code in a container, in a window: it asks, is answered, and its commits come to the branch."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from scopecraft.config.paths import Home
from tests.support.command_line import sc
from tests.support.scripted_claude import KEY, container_settings
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image, pytest.mark.tmux, pytest.mark.claude]


@pytest.fixture
def shop(workplace: Path, claude_image: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings = Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"
    settings.write_text(container_settings(claude_image))
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    return workplace


def row(shop: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sc("ls", "--json", cwd=shop).out)[0]
    return found


def asks(shop: Path, words: str) -> None:
    def is_asked() -> bool:
        found = row(shop)
        return found["state"] == "waiting" and words in found["detail"]

    until(is_asked, 60, every=0.2, what=f"to be asked about {words!r}")


def test_it_asks_for_each_permission_and_its_commits_come_back_when_it_ends(shop: Path, engine: DockerClient) -> None:
    opened = sc("dispatch", "greet", "--container", "-m", "PLAY:work please", cwd=shop)
    assert opened.code == 0, opened.err
    for words in ("permission: Write", "permission: Bash: python3 greeting.py", "permission: Bash: git add"):
        asks(shop, words)
        answered = sc("answer", "greet", "allow", cwd=shop)
        assert answered.code == 0, answered.err
    until(lambda: row(shop)["state"] == "idle", 60, every=0.2, what="the turn to end")
    sent = sc("send", "greet", "well done", cwd=shop)
    assert "delivered" in sent.out + sent.err, sent
    session = row(shop)
    assert (session["mode"], session["is_contained"]) == ("dispatch", True)

    home = Home(Path(os.environ["SCOPECRAFT_HOME"]).resolve())
    (container,) = engine.containers.list(filters={"label": f"scopecraft.home={home.label}"})
    assert KEY not in json.dumps(container.attrs)
    arguments = [file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline") if _is_readable(file)]
    assert not [each for each in arguments if KEY.encode() in each]
    until(lambda: row(shop)["state"] == "idle", 60, every=0.2)

    stopped = sc("stop", "greet", cwd=shop)
    assert stopped.code == 0, stopped.err
    assert row(shop)["status"]["outcome"]["kind"] == "killed"
    log = ["git", "log", "--format=%s", "main..feature/greet"]
    assert subprocess.run(log, cwd=shop, check=True, capture_output=True, text=True).stdout == "Add greeting\n"
    # it was told politely: it has written down that its conversation ended
    hooks = (home.sessions / session["id"] / "hooks" / "hooks.jsonl").read_text()
    assert '"event":"SessionEnd"' in hooks


def _is_readable(file: Path) -> bool:
    try:
        file.read_bytes()
    except OSError:
        return False
    return True
